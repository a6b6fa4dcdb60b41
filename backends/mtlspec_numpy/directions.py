"""Directions: the gradient of one parameter as clipping and optimizers see it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
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

    @property
    def square(self) -> Array:
        """What a second moment averages, and a norm adds up."""
        return self.sum * self.sum if self.separate_square is None else self.separate_square

    def scaled(self, *, by: float) -> Direction:
        """Return this direction times `by`."""
        separate = None if self.separate_square is None else self.separate_square * (by * by)
        return Direction(self.sum * by, separate, self.touched)

    def moved(self, new: Array, old: Array) -> Array:
        """Return `new`, with the rows of `old` where they are skipped."""
        return new if self.touched is None else np.where(self.touched, new, old)


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
    squares = Rows(rows.ids, rows.values * rows.values, rows.count)
    separate = squares.dense() if laws.repeated_ids == "separate" else None
    return Direction(rows.dense(), separate, _touched(rows) if laws.untouched_rows == "skip" else None)


def _touched(rows: Rows) -> Array:
    touched = np.zeros((rows.count, 1), dtype=np.bool_)
    touched[rows.ids] = True
    return touched
