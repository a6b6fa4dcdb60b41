"""Directions: the gradient of one parameter as clipping and optimizers see it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mtlspec.graph import Graph
from mtlspec.tensors import Array, Rows


@dataclass(frozen=True, eq=False)
class Direction:
    """The gradient of a parameter, its square, and which rows may move."""

    sum: Array
    separate_square: Array | None = None
    """Σ value² over the occurrences of each row, where repeated ids stay separate; by default sum²."""
    touched: Array | None = None
    """Which rows have an id in the batch (rows, 1), where untouched ones are skipped; None: all move."""
    occurrences: Rows | None = None
    """What `separate_square` is made of."""
    at: Any = None
    """The parameter for which the gradient was taken, before any decay."""

    @property
    def square(self) -> Array:
        """What a second moment averages, and a norm adds up."""
        return self.sum * self.sum if self.separate_square is None else self.separate_square

    def scaled(self, *, by: float) -> Direction:
        """Return this direction times `by`."""
        separate = None if self.separate_square is None else self.separate_square * (by * by)
        occurrences = self.occurrences
        if occurrences is not None:
            occurrences = Rows(occurrences.ids, occurrences.values * by, occurrences.count)
        return replace(self, sum=self.sum * by, separate_square=separate, occurrences=occurrences)

    def bounded(self, *, by: float) -> Direction:
        """Return this direction with each element, of separate occurrences each of theirs, from -by to by."""
        if self.occurrences is None:
            return replace(self, sum=np.clip(self.sum, -by, by))
        held = self.occurrences
        bounded = Rows(held.ids, np.clip(held.values, -by, by), held.count)
        return replace(self, sum=bounded.dense(), separate_square=_squares(bounded), occurrences=bounded)

    def moved(self, new: Array, old: Array) -> Array:
        """Return `new`, with the rows of `old` where they are skipped."""
        if self.touched is None or np.shape(new) != np.shape(self.sum):
            return new
        return np.where(self.touched, new, old)


def directions(
    graph: Graph, paths: Iterable[str], along: Mapping[str, Any], dtype: np.dtype[Any]
) -> dict[str, Direction]:
    """Return the direction of each parameter in `paths`, by the laws of its embedding where it is a table.

    A dense gradient of a `by_row` table, such as a sum of two, counts as one that touches every row once.
    """
    return {path: _direction(graph, path, along, dtype) for path in paths}


def _direction(graph: Graph, path: str, along: Mapping[str, Any], dtype: np.dtype[Any]) -> Direction:
    parameter, gradient = graph.by_path[path], along[path]
    if not isinstance(gradient, Rows):
        return Direction(np.asarray(gradient, dtype=dtype))
    rows = Rows(gradient.ids, np.asarray(gradient.values, dtype=dtype), parameter.shape[0])
    if not parameter.by_row:
        return Direction(rows.dense())
    laws = graph.embedding(parameter)
    touched = _touched(rows) if laws.untouched_rows == "skip" else None
    if laws.repeated_ids == "separate":
        return Direction(rows.dense(), _squares(rows), touched, rows)
    return Direction(rows.dense(), None, touched)


def _squares(rows: Rows) -> Array:
    return Rows(rows.ids, rows.values * rows.values, rows.count).dense()


def _touched(rows: Rows) -> Array:
    touched = np.zeros((rows.count, 1), dtype=np.bool_)
    touched[rows.ids] = True
    return touched
