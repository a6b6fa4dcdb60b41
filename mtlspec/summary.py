"""The summary of a graph: what each node is, how many numbers it has, and whom it serves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import prod

from mtlspec.graph import Graph, Node, Parameter
from mtlspec.spec.kind import Kind
from mtlspec.spec.layers import ActivationLayer
from mtlspec.spec.signature import Shape


@dataclass(frozen=True)
class Row:
    """One node: its key path, what it is, its output shape, its numbers and the tasks that it serves."""

    path: str
    kind: str
    shape: Shape
    trainable: int
    fixed: int
    """Numbers that no optimizer moves: statistics and constants."""
    tasks: tuple[str, ...]


@dataclass(frozen=True)
class Totals:
    """The number of trainable parameters by the tasks that they serve, and of those that no optimizer moves."""

    shared: int
    """Serving two tasks or more."""
    by_task: dict[str, int]
    """Serving this task alone."""
    idle: int
    """Serving none."""
    fixed: int

    @property
    def trainable(self) -> int:
        """All trainable parameters."""
        return self.shared + sum(self.by_task.values()) + self.idle


def rows(graph: Graph) -> list[Row]:
    """Return one row for each node, in order."""
    return [
        Row(
            path=node.path,
            kind=described(node),
            shape=node.shape,
            trainable=numbers(graph, node, trainable=True),
            fixed=numbers(graph, node, trainable=False),
            tasks=node.tasks,
        )
        for node in graph.nodes
    ]


def totals(graph: Graph) -> Totals:
    """Return how many parameters are shared, and how many serve one task alone."""
    trainable = [p for p in graph.parameters if p.role == "trainable"]
    return Totals(
        shared=_numbers(p for p in trainable if len(p.tasks) > 1),
        by_task={task: _numbers(p for p in trainable if p.tasks == (task,)) for task in graph.tasks},
        idle=_numbers(p for p in trainable if not p.tasks),
        fixed=_numbers(p for p in graph.parameters if p.role != "trainable"),
    )


def numbers(graph: Graph, node: Node, *, trainable: bool) -> int:
    """Return how many numbers the parameters of `node` hold that an optimizer moves, or that none does."""
    return _numbers(p for p in graph.parameters if p.node == node.path and (p.role == "trainable") == trainable)


def _numbers(parameters: Iterable[Parameter]) -> int:
    return sum(prod(parameter.shape) for parameter in parameters)


def unused_inputs(graph: Graph) -> tuple[str, ...]:
    """Return the names of the inputs that no task depends on."""
    read = {source for node in graph.nodes if node.tasks for source in node.sources}
    read |= {head.output for head in graph.heads}
    return tuple(part.name for part in graph.inputs if part.name not in read)


def described(node: Node) -> str:
    """Return the kind of a node with the sizes that it cannot do without, such as `dense 64`."""
    if node.layer is None:
        return f"{node.merge}"
    if isinstance(node.layer, ActivationLayer):
        return _with_sizes(node.layer.function)
    return _with_sizes(node.layer)


def _with_sizes(kind: Kind) -> str:
    fields = type(kind).model_fields.items()
    sizes = [_size(getattr(kind, name)) for name, field in fields if field.is_required() and name != "kind"]
    return " ".join([kind.kind, *sizes])


def _size(value: object) -> str:
    return "×".join(map(str, value)) if isinstance(value, tuple) else str(value)


def shape_text(shape: Shape) -> str:
    """Return a shape as `8×8×16`; a scalar as `1`, a size that varies as `?`."""
    return "×".join("?" if size is None else str(size) for size in shape) or "1"
