"""Wiring: which layer reads which, in what order and of what shape; every mistake in it, with its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pydantic_core import InitErrorDetails

from mtlspec.spec.activations import Activation, Linear
from mtlspec.spec.layer import CHAIN_START, Branched, Chained, Dtype, own_misfit
from mtlspec.spec.layers import ActivationLayer, Layer, Normalization
from mtlspec.spec.metric import WeighableMetric, form_of, kinds_of
from mtlspec.spec.model import Block, Merge, Task
from mtlspec.spec.reuse import Reuse, named_in, owners, read_by
from mtlspec.spec.signature import ParameterRule, Shape, ShapeError, Signature, channels, written
from mtlspec.spec.value import Location, nearest, problem

if TYPE_CHECKING:
    from mtlspec.spec.spec import Spec


@dataclass(frozen=True)
class Wire:
    """A tensor: the key path of the node that makes it, its shape and its dtype."""

    path: str
    shape: Shape
    dtype: Dtype = "float"
    from_data: bool = False
    """Whether it is an input or a merge of inputs, without a layer between."""


@dataclass(frozen=True)
class Step:
    """One node: a layer or a merge at a key path, its sources and what it makes."""

    path: str
    operation: Layer | Merge
    sources: tuple[str, ...]
    signature: Signature
    reuses: str | None = None
    """The key path of the node whose parameters it has, all but those of its own."""


@dataclass
class Wiring:
    """The nodes of a spec in an order in which they can be computed, and the problems found on the way."""

    spec: Spec
    steps: list[Step] = field(default_factory=list)
    outputs: dict[str, Wire] = field(default_factory=dict)
    problems: list[InitErrorDetails] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._wires: dict[str, Wire | None] = {
            i.name: Wire(i.name, i.shape, i.dtype, from_data=True) for i in self.spec.inputs
        }
        self._reuse: Reuse | None = None
        for index in self._blocks_in_order():
            block = self.spec.blocks[index]
            source = self._merged(block, self._block_sources(index), ("blocks", index), block.name)
            owner, place = owners(self.spec).get(block.name), ("blocks", index, "reuses" if block.reuses else "layers")
            self._reuse = None if owner is None else Reuse(block, owner)
            layers = block.layers if owner is None else owner.layers
            self._wires[block.name] = self._chain(layers, source, block.name, place)
        self._reuse = None
        for index, task in enumerate(self.spec.tasks):
            source = self._merged(task, self._task_sources(index), ("tasks", index), f"tasks.{task.name}")
            output = self._chain(task.head, source, f"tasks.{task.name}.head", ("tasks", index, "head"))
            if output is not None:
                self.outputs[task.name] = output
                self._check_head(task, output, index)
            self._check_metrics(task, output, index)

    def _block_sources(self, index: int) -> tuple[str, ...]:
        block, spec = self.spec.blocks[index], self.spec
        if block.inputs:
            return block.inputs
        if index:
            return (spec.blocks[index - 1].name,)
        if len(spec.inputs) == 1:
            return (spec.inputs[0].name,)
        message = f"say which of {', '.join(i.name for i in spec.inputs)} it reads: the spec has several inputs"
        self.problems.append(problem(message, ("blocks", index, "inputs")))
        return ()

    def _task_sources(self, index: int) -> tuple[str, ...]:
        task, spec = self.spec.tasks[index], self.spec
        if task.inputs:
            return task.inputs
        if spec.blocks:
            return (spec.blocks[-1].name,)
        if len(spec.inputs) == 1:
            return (spec.inputs[0].name,)
        message = f"say which of {', '.join(i.name for i in spec.inputs)} it reads: the spec has no blocks"
        self.problems.append(problem(message, ("tasks", index, "inputs")))
        return ()

    def _blocks_in_order(self) -> Iterator[int]:
        """Yield block indices so that every block comes after those it reads; report cycles and unknown names."""
        spec = self.spec
        names = {block.name: index for index, block in enumerate(spec.blocks)}
        known = [*(i.name for i in spec.inputs), *names]
        reads: dict[int, set[int]] = {}
        for index, block in enumerate(spec.blocks):
            self._check_names(block, known, ("blocks", index))
            self._check_reuse(block, names, ("blocks", index))
            sources = block.inputs or ((spec.blocks[index - 1].name,) if index else ())
            reads[index] = {names[name] for name in (*sources, *read_by(block, spec)) if name in names}
        for index, task in enumerate(spec.tasks):
            self._check_names(task, known, ("tasks", index))
        waiting = dict(reads)
        while waiting:
            ready = [index for index, needs in waiting.items() if not needs & waiting.keys()]
            if not ready:
                cycle = ", ".join(spec.blocks[index].name for index in waiting)
                if len(names) < len(spec.blocks):
                    return  # a name stands twice, which is reported as such
                first = next(iter(waiting))
                message = f"blocks read each other in a cycle: {cycle}; take one of these inputs out"
                self.problems.append(problem(message, ("blocks", first, "inputs"), spec.blocks[first].inputs))
                return
            yield ready[0]
            del waiting[ready[0]]

    def _check_reuse(self, block: Block, blocks: Iterable[str], place: Location) -> None:
        owner = owners(self.spec).get(block.name)
        if block.reuses is None:
            return
        if owner is not None:
            named = set(named_in(owner.layers))
            for index, exchange in enumerate(block.exchanges):
                if exchange.name not in named:
                    message = f"no layer of {owner.name!r} reads {exchange.name!r}{nearest(exchange.name, named)}"
                    self.problems.append(problem(message, (*place, "exchanges", index, "name"), exchange.name))
            return
        known = block.reuses in blocks
        hint = "it reuses another itself; reuse that one" if known else f"no such block{nearest(block.reuses, blocks)}"
        self.problems.append(problem(f"cannot reuse {block.reuses!r}: {hint}", (*place, "reuses"), block.reuses))

    def _check_names(self, part: Block | Task, known: list[str], place: Location) -> None:
        for position, name in enumerate(part.inputs):
            if name not in known:
                tasks = {task.name for task in self.spec.tasks}
                hint = "; a task cannot be read" if name in tasks else nearest(name, known)
                self.problems.append(
                    problem(f"unknown input or block {name!r}{hint}", (*place, "inputs", position), name)
                )

    def _merged(self, part: Block | Task, names: tuple[str, ...], place: Location, path: str) -> Wire | None:
        wires = [self._wires.get(name) for name in names]
        if not wires or any(wire is None for wire in wires):
            return None
        sources = [wire for wire in wires if wire is not None]
        if len(sources) == 1:
            return sources[0]
        shape = self._merged_shape(part.merge, sources, place)
        if shape is None:
            return None
        self.steps.append(Step(f"{path}.merge", part.merge, tuple(w.path for w in sources), Signature(shape)))
        return Wire(f"{path}.merge", shape, from_data=all(w.from_data for w in sources))

    def _merged_shape(self, merge: Merge, wires: list[Wire], place: Location) -> Shape | None:
        shapes = ", ".join(f"{wire.path} {written(wire.shape)}" for wire in wires)
        integers = [wire.path for wire in wires if wire.dtype == "integer"]
        message = ""
        if integers:
            message = f"cannot merge the integer input {integers[0]!r}; give it a block with an embedding first"
        elif merge == "concatenate":
            if any(not w.shape or w.shape[:-1] != wires[0].shape[:-1] for w in wires):
                message = f"concatenate needs equal shapes up to the last axis, found {shapes}"
        elif any(w.shape != wires[0].shape for w in wires):
            message = f"{merge} needs equal shapes, found {shapes}"
        elif merge == "subtract" and len(wires) != 2:
            message = f"subtract takes exactly two, the first minus the second, found {shapes}"
        if message:
            self.problems.append(problem(message, (*place, "inputs")))
            return None
        if merge == "concatenate":
            return (*wires[0].shape[:-1], sum(channels(wire.shape) for wire in wires))
        return wires[0].shape

    def _chain(
        self, layers: tuple[Layer, ...], wire: Wire | None, path: str, place: Location, *, listed: bool = True
    ) -> Wire | None:
        """Return what comes out of `layers`; `listed`: the document has them as a list at `place`."""
        for index, layer in enumerate(layers):
            if wire is None:
                return None
            at = (*place, index) if listed and not self._reuse else place
            wire = self._layer(layer, wire, f"{path}[{index}]", at)
        return wire

    def _layer(self, layer: Layer, wire: Wire, path: str, place: Location) -> Wire | None:
        if isinstance(layer, Branched):
            return self._branched(layer, wire, path, place)
        if isinstance(layer, Chained):
            return self._parts(layer, wire, path, place)
        others = self._named(layer, place)
        if others is None:
            return None
        message = self._misfit(layer, wire, others)
        signature = Signature(())
        if not message:
            try:
                signature = layer.signature_with(wire.shape, *(other.shape for other in others))
            except ShapeError as error:
                message = f"{layer.kind} does not fit: {error}"
            misfits = ((rule.leaf, rule.initializer.misfit(rule.shape)) for rule in signature.parameters)
            message = message or next((f"the {leaf}: {misfit}" for leaf, misfit in misfits if misfit), "")
            message = message or own_misfit(layer, signature)
        reuses = None
        if not message and self._reuse:
            reuses = self._reuse.owner_of(path, signature)
            message = self._reuse.misfit(path, signature, {step.path: step.signature for step in self.steps})
        if message:
            self.problems.append(problem(message, place))
            return None
        self.steps.append(Step(path, layer, (wire.path, *(other.path for other in others)), signature, reuses))
        out = Wire(path, signature.shape)
        function = getattr(layer, "activation", None)
        if isinstance(function, Activation) and not isinstance(function, Linear):
            return self._activation(function, out)
        return out

    def _parts(self, layer: Chained, wire: Wire, path: str, place: Location) -> Wire | None:
        end: Wire | None = wire
        for leaf, part in layer.parts:
            if end is None:
                break
            self._wires[CHAIN_START] = wire  # for each part, since one may be a chain itself
            end = self._layer(part, end, f"{path}.{leaf}", place)
            self._wires.pop(CHAIN_START, None)
        return end

    def _named(self, layer: Layer, place: Location) -> list[Wire] | None:
        """Return the wires that a layer names; None where one is unknown or broken."""
        names = layer.also if self._reuse is None else tuple(map(self._reuse.exchanged, layer.also))
        found: list[Wire] = []
        for name in names:
            if name not in self._wires:
                known = nearest(name, self._wires)
                self.problems.append(
                    problem(f"{layer.kind} reads an unknown input or block {name!r}{known}", place, name)
                )
                return None
            wire = self._wires[name]
            if wire is None:
                return None
            found.append(wire)
        return found

    def _misfit(self, layer: Layer, wire: Wire, others: list[Wire]) -> str:
        """Return what is wrong with the values that a layer reads, or an empty string."""
        if layer.reads != wire.dtype:
            hint = "an embedding reads integers" if wire.dtype == "integer" else "declare the input `dtype: integer`"
            return f"{layer.kind} reads {layer.reads} values, found {wire.dtype} from {wire.path!r}; {hint}"
        for name, other in zip(layer.also, others, strict=True):
            wanted = "integer" if name in layer.also_integer else "float"
            if other.dtype != wanted:
                return f"{layer.kind} reads {wanted} values of {name!r}, found {other.dtype}"
        if isinstance(layer, Normalization) and not wire.from_data:
            return "a normalization adapts to data: place it first in a block or head that reads inputs"
        if isinstance(layer, Normalization) and self._reuse:
            return "a normalization adapts to the data of one input, and cannot be reused; place it before the block"
        return ""

    def _activation(self, function: Activation, wire: Wire) -> Wire:
        path = f"{wire.path}.activation"
        self.steps.append(Step(path, ActivationLayer(function=function), (wire.path,), Signature(wire.shape)))
        return Wire(path, wire.shape)

    def _branched(self, layer: Branched, wire: Wire, path: str, place: Location) -> Wire | None:
        ends = []
        for name, chain in layer.branches:
            listed = not self._reuse and name in type(layer).model_fields
            at = (*place, name) if listed else place
            ends.append((name, self._chain(chain, wire, f"{path}.{name}", at, listed=listed)))
        found = [end for _, end in ends if end is not None]
        if len(found) < len(ends):
            return None
        merge = layer.joined_by
        fits = merge == "concatenate" or all(end.shape == found[0].shape for end in found)
        if not fits or any(end.dtype != "float" for end in found):
            told = ", ".join(f"{written(end.shape)} for {name}" for (name, _), end in zip(ends, found, strict=True))
            verb = "adds equal shapes" if merge == "add" else f"joins its branches by {merge}"
            self.problems.append(problem(f"a {layer.kind} {verb}, found {told}; {layer.hint}", place))
            return None
        shape = self._merged_shape(merge, found, place)
        if shape is None:
            return None
        self.steps.append(Step(path, merge, tuple(end.path for end in found), Signature(shape)))
        return Wire(path, shape)

    def _check_head(self, task: Task, output: Wire, index: int) -> None:
        message = ""
        if output.dtype != "float":
            message = f"the head makes integers; task {task.name!r} needs a layer such as an embedding or dense"
        elif not output.shape:
            message = f"{task.loss.kind} needs a head of shape (units,), found (); end it with a dense layer"
        elif task.loss.scope == "example" and len(output.shape) == 1:
            message = (
                f"{task.loss.kind} is a loss of all positions of an example: it needs a head of shape "
                f"(*positions, units), such as (steps, units) or (height, width, units), found {output.shape}"
            )
        else:
            message = task.loss.misfit(channels(output.shape))
        if message:
            self.problems.append(problem(message, ("tasks", index, "head")))

    def _check_metrics(self, task: Task, output: Wire | None, index: int) -> None:
        form = form_of(task.loss)
        for position, metric in enumerate(task.metrics):
            message = metric.misfit(form, output.shape) if output is not None and output.shape else ""
            if form not in metric.of:
                message = f"{metric.kind} does not fit {task.loss.kind}; use {', '.join(kinds_of(form))}"
            elif isinstance(metric, WeighableMetric) and metric.of_probabilities and task.loss.link == "none":
                message = message or f"{metric.kind} reads probabilities, and {task.loss.kind} makes margins; use auc"
            if message:
                self.problems.append(problem(message, ("tasks", index, "metrics", position), metric.kind))


def rules(wiring: Wiring) -> Iterator[tuple[Step, ParameterRule]]:
    """Yield every parameter with the step that owns it."""
    for step in wiring.steps:
        for rule in step.signature.parameters:
            if step.reuses is None or rule.own:
                yield step, rule
