"""Arrays that stay in their file: what is taken of them is read, all else is not."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from mtlspec.tensors import Array

ROWS_PER_PART = 4096
"""How many rows are read at once where all of them are looked at."""


class MappedArray:
    """Some rows of an array in a file, times `scale`; those that are taken become numbers of `dtype`."""

    def __init__(
        self, source: Array, rows: Array, *, scale: float, shape: tuple[int, ...], dtype: DTypeLike = np.float64
    ) -> None:
        self.source, self.rows, self.scale = source, rows, scale
        self.shape = (len(rows), *shape)
        self.dtype: np.dtype[Any] = np.dtype(dtype)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """How many numbers there are."""
        return prod(self.shape)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, rows: Any) -> Array:
        positions = self.rows[rows]
        taken = self.source[positions]
        scaled = taken if self.scale == 1 else np.multiply(taken, self.scale, dtype=np.float64)
        return np.asarray(scaled, dtype=self.dtype).reshape(*np.shape(positions), *self.shape[1:])

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> Array:
        whole = np.empty(self.shape, dtype=self.dtype if dtype is None else dtype)
        for part in self.parts():
            whole[part] = self[part]
        return whole

    def reshape(self, *shape: int) -> MappedArray:
        """Return the same numbers in examples of another shape; `shape` begins with the number of examples."""
        if shape[0] != len(self) or prod(shape) != self.size:
            raise ValueError(f"cannot reshape {self.shape} into {shape}")
        return MappedArray(self.source, self.rows, scale=self.scale, shape=shape[1:], dtype=self.dtype)

    def of(self, dtype: DTypeLike) -> MappedArray:
        """Return the same rows as numbers of another dtype."""
        return MappedArray(self.source, self.rows, scale=self.scale, shape=self.shape[1:], dtype=dtype)

    def parts(self) -> Iterator[slice]:
        """Yield slices that together are all rows, each small enough to be read at once."""
        return slices(len(self))

    def min(self) -> Any:
        """Return the smallest number."""
        return min(self[part].min() for part in self.parts())

    def max(self) -> Any:
        """Return the largest number."""
        return max(self[part].max() for part in self.parts())


def slices(count: int) -> Iterator[slice]:
    """Yield slices of at most `ROWS_PER_PART` that together are `count` rows."""
    for start in range(0, count, ROWS_PER_PART):
        yield slice(start, min(start + ROWS_PER_PART, count))
