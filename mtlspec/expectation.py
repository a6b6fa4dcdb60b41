"""Expectations: what every program asks of examples, gradients and state; checked on the host, before anything changes.

Nothing here copies an array, and what is read of one is its shape and, of ids and classes, the smallest and largest.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, cast

import numpy as np

from mtlspec.backend import Gradients, ProgramState, Slot, TaskWeights
from mtlspec.batch import Batch, Dataset
from mtlspec.errors import DataError
from mtlspec.graph import Graph
from mtlspec.mapped_array import MappedArray
from mtlspec.spec.signature import Shape, Sizes, fits
from mtlspec.spec.slots import SlotRule
from mtlspec.tensors import Array, Arrays, Rows

INTEGERS = "biu"
"""Kinds of NumPy dtypes that hold whole numbers."""
NUMBERS = INTEGERS + "f"


def expect_inputs(graph: Graph, inputs: Arrays) -> int:
    """Return the number of examples that `inputs` hold; names beside those of `graph` do not count.

    Raises:
        DataError: an input is absent or misshapen, has no numbers, or an id is no row of its embedding.
    """
    _expect_names("input", "inputs", inputs, [part.name for part in graph.inputs])
    size: int | None = None
    for part in graph.inputs:
        what = f"input {part.name!r}"
        array = _expect_array(what, inputs[part.name], part.shape, size, whole=part.dtype == "integer")
        size = len(array)
        if part.name in graph.table_rows:
            _expect_range(what, array, graph.table_rows[part.name], "an id", ", a row of its embedding")
    return size or 0


def expect_examples(graph: Graph, examples: Batch | Dataset) -> None:
    """Raise unless inputs, targets and weights are those of `graph`, all of one length.

    Raises:
        DataError: something is absent, misshapen or of another kind, or an id or class is out of range.
    """
    size = expect_inputs(graph, examples.inputs)
    for label, arrays in (("targets", examples.targets), ("weights", examples.weights)):
        _expect_names("task", label, arrays, graph.tasks)
    for head in graph.heads:
        what, classes = f"task {head.task!r}", head.targets_are_classes
        targets = _expect_array(f"{what}, targets", examples.targets[head.task], head.target_shape, size, whole=classes)
        if classes:
            _expect_range(f"{what}, targets", targets, head.target.size, "a class")
        _expect_array(f"{what}, weights", examples.weights[head.task], head.positions, size)


def expect_batch(graph: Graph, batch: Batch) -> None:
    """Raise unless `batch` fits `graph`.

    Raises:
        DataError: its examples do not, or a denominator is absent or no number above 0.
    """
    expect_examples(graph, batch)
    _expect_names("task", "denominators", batch.denominators, graph.tasks)
    for task in graph.tasks:
        found = float(batch.denominators[task])
        if not (math.isfinite(found) and found > 0):
            raise DataError(f"task {task!r}, denominator: expected a finite number above 0, found {found:g}")


def expect_task_weights(graph: Graph, weights: TaskWeights) -> None:
    """Raise unless every task has a weight, and nothing else has one.

    Raises:
        ValueError: a task has none, or a name is no task.
    """
    for found, wanted, what in ((weights, graph.tasks, "absent"), (graph.tasks, weights, "unknown")):
        apart = [task for task in wanted if task not in found]
        if apart:
            raise ValueError(f"expected a weight for each of the tasks {', '.join(graph.tasks)}; {what}: {apart[0]}")


def expect_parameters(graph: Graph, values: Mapping[str, Any]) -> None:
    """Raise unless every entry is of a parameter of `graph`, and has its shape.

    Raises:
        ValueError: a key path is unknown, or a shape is another.
    """
    for path, value in values.items():
        parameter = graph.by_path.get(path)
        if parameter is None:
            raise ValueError(f"no parameter {path!r}; the model has {', '.join(graph.by_path)}")
        if np.shape(value) != parameter.shape:
            raise ValueError(f"expected shape {parameter.shape} for {path}, found {np.shape(value)}")


def expect_update(graph: Graph, *, along: Gradients, statistics: Mapping[str, Any], phase: int) -> None:
    """Raise unless `phase` exists, its parameters have gradients of their shapes, and the statistics fit.

    Raises:
        ValueError: something is absent, unknown or misshapen.
    """
    if not 0 <= phase < len(graph.phases):
        raise ValueError(f"expected a phase from 0 to {len(graph.phases) - 1}, found {phase}")
    for path in graph.phases[phase].parameters:
        if path not in along:
            raise ValueError(f"expected a gradient for {path}; give zeros where nothing reaches it")
        _expect_gradient(path, along[path], graph.by_path[path].shape)
    expect_parameters(graph, statistics)
    others = [path for path in statistics if graph.by_path[path].role != "statistic"]
    if others:
        raise ValueError(f"{others[0]} is no statistic, but {graph.by_path[others[0]].role}; set it by `parameters`")


def slot_rules(graph: Graph) -> dict[Slot, SlotRule]:
    """Return shape and initial value of every slot that the phases of `graph` keep."""
    return {
        Slot(index, rule.name, path): rule
        for index, phase in enumerate(graph.phases)
        for path in phase.parameters
        for rule in phase.slots(graph.by_path[path].shape)
    }


def slot_shapes(graph: Graph) -> dict[Slot, Sizes]:
    """Return the shape of every slot that the phases of `graph` keep."""
    return {slot: rule.shape for slot, rule in slot_rules(graph).items()}


def initial_state(graph: Graph) -> ProgramState:
    """Return the state before the first update, in float64."""
    slots = {slot: np.full(rule.shape, rule.initial) for slot, rule in slot_rules(graph).items()}
    return ProgramState(slots, (0,) * len(graph.phases))


def expect_state(graph: Graph, state: ProgramState) -> None:
    """Raise unless `state` has the slots and phases of the optimizers of `graph`.

    Raises:
        ValueError: it is of other optimizers, or a slot is misshapen.
    """
    shapes = slot_shapes(graph)
    if state.slots.keys() != shapes.keys() or len(state.steps) != len(graph.phases):
        wants, has = _kinds(shapes, len(graph.phases)), _kinds(state.slots, len(state.steps))
        if wants == has:
            has = f"others in {', '.join(map(str, sorted(state.slots.keys() ^ shapes.keys())[:3]))}"
        raise ValueError(f"expected {wants}, found {has}")
    for slot, shape in shapes.items():
        found = np.shape(state.slots[slot])
        if found != shape:
            raise ValueError(f"expected shape {shape} for {slot.name} of {slot.path}, found {found}")
    if any(step != int(step) or step < 0 for step in state.steps):
        raise ValueError(f"expected numbers of updates from 0, found {', '.join(map(str, state.steps))}")


def _kinds(slots: Mapping[Slot, Any], phases: int) -> str:
    names = sorted({(slot.phase, slot.name) for slot in slots})
    told = ", ".join(f"{name} of phase {phase}" for phase, name in names) or "no slots"
    return f"{phases} phases with {told}"


def _expect_names(what: str, label: str, given: Mapping[str, Any], expected: list[str] | tuple[str, ...]) -> None:
    absent = [name for name in expected if name not in given]
    if absent:
        known = ", ".join(map(repr, given)) or "nothing"
        raise DataError(f"{label}: expected {what} {', '.join(map(repr, absent))}, found {known}")


def _expect_array(what: str, value: Any, shape: Shape, size: int | None, *, whole: bool = False) -> Array:
    array: Any = value if isinstance(value, MappedArray) else np.asarray(value)
    if array.ndim == 0 or not fits(array.shape[1:], shape):
        expected = ", ".join(["B", *("any" if n is None else str(n) for n in shape)]) + ("," if not shape else "")
        raise DataError(f"{what}: expected the shape ({expected}), found {array.shape}")
    if size is not None and len(array) != size:
        raise DataError(f"{what}: expected {size} examples, as in the first input, found {len(array)}")
    if array.dtype.kind not in (INTEGERS if whole else NUMBERS):
        raise DataError(f"{what}: expected {'integers' if whole else 'numbers'}, found {array.dtype}")
    return cast("Array", array)


def _expect_range(what: str, array: Array, count: int, noun: str, hint: str = "") -> None:
    if array.size and not ((least := array.min()) >= 0 and (most := array.max()) < count):
        found = least if least < 0 else most
        raise DataError(f"{what}: expected {noun} from 0 to {count - 1}{hint}, found {found}")


def _expect_gradient(path: str, entry: Array | Rows, shape: Sizes) -> None:
    if not isinstance(entry, Rows):
        if np.shape(entry) != shape:
            raise ValueError(f"expected a gradient of shape {shape} for {path}, found {np.shape(entry)}")
        return
    ids, values = np.shape(entry.ids), np.shape(entry.values)
    if len(ids) != 1 or values != (*ids, *shape[1:]) or entry.count != shape[0]:
        expected = f"{shape[0]} rows with ids (n,) and values {('n', *shape[1:])}".replace("'", "")
        raise ValueError(f"expected {expected} for {path}, found {entry.count} rows with ids {ids} and values {values}")
    if ids[0] and not (entry.ids.min() >= 0 and entry.ids.max() < shape[0]):
        span = f"{entry.ids.min()} to {entry.ids.max()}"
        raise ValueError(f"expected ids from 0 to {shape[0] - 1} for {path}, found {span}")
