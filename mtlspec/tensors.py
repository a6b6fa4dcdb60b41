"""Tensors: arrays by key path with the arithmetic of a tangent vector: parameters, gradients, statistics."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Arrays = Mapping[str, Array]


@dataclass(frozen=True, eq=False)
class Rows:
    """The gradient of a table, row by row as the batch met them: ids (n), values (n, units), of `count` rows.

    An id may occur several times; whether its values are summed is a law of the embedding.
    """

    ids: Array
    values: Array
    count: int

    def dense(self) -> Array:
        """Return the gradient of the whole table, values of equal ids summed."""
        total = np.zeros((self.count, *self.values.shape[1:]), dtype=self.values.dtype)
        np.add.at(total, self.ids, self.values)
        return total


class Tensors(Mapping[str, Any]):
    """A value: arrays (or, in gradients, `Rows`) by key path, that cannot be written to."""

    def __init__(self, entries: Mapping[str, Array | Rows] | Iterable[tuple[str, Array | Rows]] = ()) -> None:
        self._entries = {path: _frozen(entry) for path, entry in dict(entries).items()}

    def __getitem__(self, path: str) -> Any:
        return self._entries[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        shapes = (f"{path}: {getattr(entry, 'shape', 'rows')}" for path, entry in self.items())
        return f"Tensors({', '.join(shapes)})"

    def scaled(self, *, by: float) -> Tensors:
        """Return every entry times `by`."""
        return Tensors({path: _scaled(entry, by) for path, entry in self.items()})

    def __add__(self, other: Mapping[str, Array]) -> Tensors:
        return Tensors({path: dense(entry) + dense(other[path]) for path, entry in self._matching(other)})

    def __sub__(self, other: Mapping[str, Array]) -> Tensors:
        return Tensors({path: dense(entry) - dense(other[path]) for path, entry in self._matching(other)})

    def _matching(self, other: Mapping[str, Array]) -> Iterable[tuple[str, Any]]:
        if self.keys() != other.keys():
            apart = ", ".join(sorted(self.keys() ^ other.keys()))
            raise KeyError(f"expected the same key paths on both sides; only on one: {apart}")
        return self.items()


def dense(entry: Array | Rows) -> Array:
    """Return an entry as one array."""
    return entry.dense() if isinstance(entry, Rows) else entry


def _scaled(entry: Array | Rows, by: float) -> Array | Rows:
    return Rows(entry.ids, entry.values * by, entry.count) if isinstance(entry, Rows) else entry * by


def frozen(array: Array) -> Array:
    """Return a view of `array` that cannot be written to."""
    view = np.asarray(array).view()
    view.flags.writeable = False
    return view


def _frozen(entry: Array | Rows) -> Array | Rows:
    if isinstance(entry, Rows):
        return Rows(frozen(entry.ids), frozen(entry.values), entry.count)
    return frozen(entry)
