"""Datasets: arrays by name, checked against the spec and brought to one form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from mtlspec.batch import Dataset
from mtlspec.class_weights import class_weights_told
from mtlspec.errors import DataError
from mtlspec.graph import Graph, Head, lower
from mtlspec.mapped_array import MappedArray
from mtlspec.spec import Spec
from mtlspec.spec.model import Input
from mtlspec.spec.value import nearest
from mtlspec.tensors import Array
from mtlspec.training.arrays import Where, at_position, example, finite, numbers, shaped, whole
from mtlspec.training.labels import Labels, labels
from mtlspec.weighing import Weighing, of_positions, weighing

Columns = Mapping[str, Any]
"""Arrays, or what NumPy makes arrays of, by name."""


def dataset(
    spec: Spec | Graph,
    *,
    inputs: Columns,
    targets: Columns,
    weights: Columns | None = None,
    present: Columns | None = None,
    where: Where = example,
) -> Dataset:
    """Return the examples of these arrays, ready for training.

    A label is absent where its target is NaN (all of its numbers, if it has several) or the loss's `ignored_class`, or
    where `present` is false. Where a head has positions, each of them has a label of its own. The weights of examples
    (by task, 1 where left out) are multiplied by the loss's class weights, where those apply to examples.

    Args:
        spec: The spec or graph whose inputs and tasks are meant.
        inputs: By input name; (N, *shape).
        targets: By task; class indices (N, *positions), else numbers (N, *positions, units).
        weights: By task; (N,) or (N, *positions), at least 0.
        present: By task; (N,) or (N, *positions), true where the label counts.
        where: How an error names the place of an example.

    Raises:
        DataError: something is missing, unknown, misshapen or out of range.
    """
    graph = lower(spec) if isinstance(spec, Spec) else spec
    _expect_names("task", "targets", targets, graph.tasks, "; give NaN for labels that are absent")
    for label, given in (("weights", weights), ("present", present)):
        _refuse_unknown("task", label, given or {}, graph.tasks)
    read = checked_inputs(graph, inputs, where=where)
    size = len(next(iter(read.values())))
    found: dict[str, tuple[Labels, Weighing]] = {}
    for head in graph.heads:
        mask = None if present is None or head.task not in present else _mask(present[head.task], head, where)
        own = labels(head, targets[head.task], mask, where)
        _expect_length(f"task {head.task!r}", len(own.values), size)
        sample = None if weights is None or head.task not in weights else weights[head.task]
        weight = _sample_weights(sample, head, own.present, where)
        found[head.task] = own, weighing(head, own.values, own.present, weight)
    return _dataset(graph, read, found)


def _dataset(graph: Graph, inputs: dict[str, Array], found: Mapping[str, tuple[Labels, Weighing]]) -> Dataset:
    return Dataset(
        inputs=inputs,
        targets={task: own.values for task, (own, _) in found.items()},
        weights={task: weighed.weights for task, (_, weighed) in found.items()},
        present={task: own.present for task, (own, _) in found.items()},
        dividing_weights={task: weighed.dividing for task, (_, weighed) in found.items()},
        class_weights={head.task: class_weights_told(head.loss) for head in graph.heads},
        counted={task: weighed.counted for task, (_, weighed) in found.items() if weighed.counted is not None},
    )


def checked_inputs(graph: Graph, inputs: Columns, *, where: Where = example) -> dict[str, Array]:
    """Return the inputs of `graph`, float64 or int64 (N, *shape).

    Raises:
        DataError: an input is missing, unknown, empty, misshapen, not finite, or an id out of range.
    """
    _expect_names("input", "inputs", inputs, [part.name for part in graph.inputs])
    read = {part.name: _input(graph, part, inputs[part.name], where) for part in graph.inputs}
    size = len(next(iter(read.values())))
    for name, array in read.items():
        _expect_length(f"input {name!r}", len(array), size)
    if not size:
        raise DataError("expected at least one example, found none")
    return read


def expect_dataset_of(graph: Graph, data: Dataset) -> None:
    """Raise unless `data` has the inputs and tasks of `graph`, and its class weights.

    Raises:
        DataError: it was made for another spec.
    """
    _expect_names("input", "the data", data.inputs, [part.name for part in graph.inputs])
    _expect_names("task", "the data", data.targets, graph.tasks)
    for head in graph.heads:
        wanted, made = class_weights_told(head.loss), data.class_weights.get(head.task)
        if made not in (None, wanted):
            hint = "make the dataset again from the spec that it is used with"
            raise DataError(f"task {head.task!r}: the data was made with class weights {made}, not {wanted}; {hint}")


def _input(graph: Graph, part: Input, value: object, where: Where) -> Array:
    if isinstance(value, MappedArray):
        return _mapped_input(graph, part, value, where)
    what = f"input {part.name!r}"
    array = finite(shaped(numbers(value, what), part.shape, what), what, where)
    if part.dtype == "float":
        return array.astype(np.float64)
    ids = whole(array, what, where)
    rows = graph.table_rows.get(part.name)
    limit = np.iinfo(np.int64).max if rows is None else rows
    wrong = np.argwhere((ids < 0) | (ids >= limit))
    if wrong.size:
        found, place = int(ids[tuple(wrong[0])]), where(int(wrong[0][0]))
        expected = "an id of at least 0" if rows is None else f"an id from 0 to {rows - 1}, a row of its embedding"
        raise DataError(f"{what}, {place}: expected {expected}, found {found}")
    return ids


def _mapped_input(graph: Graph, part: Input, value: MappedArray, where: Where) -> Array:
    """Check what lies in a file part by part; it stays there, and is indexed as an array is."""
    for at in value.parts():

        def place(position: int, start: int = at.start) -> str:
            return where(start + position)

        _input(graph, part, value[at], place)
    return cast("Array", value.of("int64" if part.dtype == "integer" else "float64"))


def _expect_names(what: str, label: str, given: Columns, expected: Iterable[str], hint: str = "") -> None:
    names = tuple(expected)
    _refuse_unknown(what, label, given, names)
    absent = [name for name in names if name not in given]
    if absent:
        raise DataError(f"{label}: nothing for {what} {', '.join(map(repr, absent))}{hint}")


def _refuse_unknown(what: str, label: str, given: Columns, names: Iterable[str]) -> None:
    known = tuple(names)
    for name in given:
        if name not in known:
            raise DataError(f"{label}: unknown {what} {name!r}{nearest(name, known)}; known: {', '.join(known)}")


def _expect_length(what: str, found: int, size: int) -> None:
    if found != size:
        raise DataError(f"{what}: expected {size} examples, as in the first input, found {found}")


def _mask(value: object, head: Head, where: Where) -> NDArray[np.bool_]:
    what = f"`present` of task {head.task!r}"
    array = _of_labels(value, head, what)
    wrong = np.argwhere((array != 0) & (array != 1))
    if len(wrong):
        found = array[tuple(wrong[0])]
        raise DataError(f"{what}, {where(int(wrong[0][0]))}{at_position(wrong[0])}: expected 1 or 0, found {found:g}")
    return array.astype(np.bool_)


def _of_labels(value: object, head: Head, what: str) -> Array:
    """Return a number for each example, or for each position of each."""
    array = numbers(value, what)
    return shaped(array, () if array.ndim <= 1 or not head.positions else head.positions, what)


def _sample_weights(value: object, head: Head, present: NDArray[np.bool_], where: Where) -> NDArray[np.float64]:
    """Return the weight of each label, 0 where it is absent, whatever is given there."""
    if value is None:
        return np.where(present, 1.0, 0.0)
    what = f"`weights` of task {head.task!r}"
    array = _of_labels(value, head, what).astype(np.float64)
    _expect_length(what, len(array), len(present))
    array = np.where(present, of_positions(array, present.shape), 0.0)
    wrong = np.argwhere(~(np.isfinite(array) & (array >= 0)))
    if len(wrong):
        number, place = array[tuple(wrong[0])], f"{where(int(wrong[0][0]))}{at_position(wrong[0])}"
        found = "found none" if np.isnan(number) else f"found {number:g}"
        raise DataError(f"{what}, {place}: expected a finite number of at least 0, {found}")
    return array
