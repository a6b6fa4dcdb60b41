"""The graph: what a spec means, spelled out. A versioned value that a backend compiles."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Literal

from pydantic import Field

from mtlspec.spec.constraints import Constraint
from mtlspec.spec.decay import Decay
from mtlspec.spec.groups import Average
from mtlspec.spec.initializers import Initializer
from mtlspec.spec.layers import Layer, Table
from mtlspec.spec.losses import Loss, Target
from mtlspec.spec.model import Input, Merge, Metric
from mtlspec.spec.optimizers import Clipping, Optimizer
from mtlspec.spec.signature import Penalty, Role, Shape, Sizes
from mtlspec.spec.slots import SlotRule, like_parameter
from mtlspec.spec.training import Training
from mtlspec.spec.value import Value


class Node(Value):
    """One operation: a layer, or a merge of several sources."""

    path: str
    """The key path, such as `trunk[0]`, `trunk[0].activation`, `trunk.merge` or `tasks.mass.head[0]`."""
    layer: Layer | None = None
    merge: Merge | None = None
    """Exactly one of `layer` and `merge` is given; the activation of a dense or conv2d layer is a node of its own."""
    sources: tuple[str, ...]
    """Key paths of nodes, or names of inputs; for a layer the tensor before it, then those that it names."""
    shape: Shape
    """Of one example of the output."""
    tasks: tuple[str, ...]
    """The tasks that it serves."""
    reuses: str | None = None
    """The key path of the node whose parameters it uses, all but the dropout steps; None where they are its own."""


class Parameter(Value):
    """One array of the model."""

    path: str
    """The key path, such as `trunk[0].kernel`."""
    node: str
    """The key path of the node that owns it."""
    leaf: str
    """The last part of the path: kernel, bias, table, scale, offset, running_mean, step, ..."""
    shape: Sizes
    role: Role
    dtype: Literal["float", "integer"]
    initializer: Initializer
    fan_in: int
    fan_out: int
    penalty: Penalty
    tasks: tuple[str, ...]
    """The tasks that it serves."""
    zero_row: int | None = None
    """The row that begins at 0, whatever the initializer draws."""
    by_row: bool = False
    """Whether its gradient is given row by row (`Rows`), since its embedding's laws tell rows apart."""
    constraint: Constraint | None = None


class Head(Value):
    """The end of one task: its logits, loss and weight."""

    task: str
    output: str
    """The key path of the node (or name of the input) that gives the logits."""
    units: int
    loss: Loss
    weight: float
    metrics: tuple[Metric, ...] = ()
    positions: Shape = ()
    """The axes before the units, such as (steps,) or (height, width): logits are (B, *positions, units)."""

    @property
    def target(self) -> Target:
        """What the target of one position is."""
        return self.loss.target(self.units)

    @property
    def targets_are_classes(self) -> bool:
        """Whether a target is the index of a class, in place of numbers."""
        return self.target.is_class

    @property
    def target_shape(self) -> Shape:
        """The shape of the targets of one example: one class, or some numbers, at each position."""
        return (*self.positions, *self.target.shape)

    @property
    def predicted_shape(self) -> Shape:
        """The shape of the linked predictions of one example."""
        return (*self.positions, self.loss.predictions(self.units))


class Numbers(Value):
    """What is different from parameter to parameter in a phase."""

    rate_factor: float = 1.0
    decay: float = 0.0
    """The rate of the phase's decay."""


class Phase(Value):
    """One optimizer with the parameters that it moves, for some tasks."""

    name: str
    tasks: tuple[str, ...]
    parameters: tuple[str, ...]
    """Key paths of trainable parameters."""
    optimizer: Optimizer
    clipping: Clipping | None = None
    decay: Decay | None = None
    """Its law; the rates are in `numbers`."""
    numbers: tuple[Numbers, ...] = ()
    """Of each parameter, in order; none: the plain ones for all."""
    average: Average | None = None
    batches: int = 1
    """How many gradients an update takes the mean of."""

    def slots(self, shape: Sizes) -> tuple[SlotRule, ...]:
        """Return all that is kept for a parameter of `shape`: by the optimizer, its average, its accumulated gradient.

        Before its first update an average means nothing.
        """
        around = (*(("average",) if self.average else ()), *(("accumulated",) if self.batches > 1 else ()))
        return (*self.optimizer.slots(shape), *like_parameter(shape, *around))

    @cached_property
    def numbers_of(self) -> dict[str, Numbers]:
        """The numbers of each parameter, by key path."""
        numbers = self.numbers or (Numbers(),) * len(self.parameters)
        return dict(zip(self.parameters, numbers, strict=True))


class Graph(Value):
    """Nodes in an order in which they can be computed, every parameter named, every law explicit."""

    graph: Literal[1] = 1
    """The version of the format."""
    inputs: tuple[Input, ...]
    nodes: tuple[Node, ...]
    parameters: tuple[Parameter, ...]
    heads: tuple[Head, ...]
    phases: Annotated[tuple[Phase, ...], Field(min_length=1)]
    gradient: Literal["summed", "own"] = "summed"
    """Whether a phase follows the gradient of the weighted sum of all losses, or of its own tasks' losses."""
    forward: Literal["once", "after_each_update"] = "once"
    """Whether a batch goes forward once, or again after the update of each phase."""
    seed: int = 0
    training: Training = Training()
    """Epochs, batches and schedule, for the trainer; a backend reads `phases`."""
    model_digest: str = ""
    """The digest of the spec's model part."""

    @cached_property
    def tasks(self) -> tuple[str, ...]:
        """The names of the tasks, in order."""
        return tuple(head.task for head in self.heads)

    @cached_property
    def by_path(self) -> dict[str, Parameter]:
        """Parameters by key path, in order."""
        return {parameter.path: parameter for parameter in self.parameters}

    @cached_property
    def trainable(self) -> tuple[str, ...]:
        """Key paths of the trainable parameters."""
        return tuple(p.path for p in self.parameters if p.role == "trainable")

    @cached_property
    def penalized(self) -> tuple[Parameter, ...]:
        """Trainable parameters with a penalty."""
        return tuple(p for p in self.parameters if p.role == "trainable" and p.penalty.active)

    @cached_property
    def table_rows(self) -> dict[str, int]:
        """By integer input, below which number its ids have to be: the rows of the smallest embedding that reads it."""
        rows: dict[str, int] = {}
        for node in self.nodes:
            if isinstance(node.layer, Table):
                source = node.sources[0]
                rows[source] = min(node.layer.rows, rows.get(source, node.layer.rows))
        return rows

    def node(self, path: str) -> Node:
        """Return the node at `path`.

        Raises:
            KeyError: there is none.
        """
        return self._nodes[path]

    @cached_property
    def _nodes(self) -> dict[str, Node]:
        return {node.path: node for node in self.nodes}

    def embedding(self, parameter: Parameter) -> Table:
        """Return the layer that owns a `by_row` parameter."""
        layer = self.node(parameter.node).layer
        if not isinstance(layer, Table):
            raise TypeError(f"{parameter.path} belongs to no embedding")
        return layer

    def to_json(self) -> str:
        """Return the graph as JSON, every field and law explicit."""
        import json

        from mtlspec.spec.content import document_of

        return json.dumps(document_of(self, explicit=True), indent=1)

    @classmethod
    def from_json(cls, text: str) -> Graph:
        """Return the graph that `to_json` wrote.

        Raises:
            ValidationError: it is not such a graph.
        """
        import json

        return cls.model_validate(json.loads(text))
