"""Columns that are arrays: a row may have many numbers, and the array may lie in a file."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtlspec.errors import DataError
from mtlspec.mapped_array import MappedArray, slices
from mtlspec.spec.signature import Sizes
from mtlspec.tensors import Array
from mtlspec.training.table import Column, Positions


class ArrayColumn(Column):
    """A column whose cells are the rows of an array; NaN, and a text that stands for it, is an empty cell."""

    @property
    def shape(self) -> Sizes:
        return tuple(self.cells.shape[1:])

    @cached_property
    def missing(self) -> NDArray[np.bool_]:
        found = np.zeros(len(self.cells), dtype=np.bool_)
        if self.cells.dtype.kind in "fMUS":
            for at in slices(len(found)):  # a mapped array is never in memory as a whole
                part = self.cells[at]
                found[at] = self._empty(part).reshape(len(part), -1).any(axis=1)
        return found

    def _empty(self, part: Array) -> NDArray[np.bool_]:
        if part.dtype.kind in "US":
            return np.isin(part.astype(np.str_), self.table.missing_values)
        return np.isnat(part) if part.dtype.kind == "M" else np.isnan(part)

    def at(self, rows: Positions) -> list[Any]:
        if self.cells.ndim != 1:
            shape = ", ".join(map(str, self.cells.shape))
            hint = "only `encode: numeric` reads an array of several axes"
            raise DataError(f"{self._what}: expected one value in each row, found the shape ({shape}); {hint}")
        taken = self.cells[rows]
        if taken.dtype.kind == "M":
            taken = taken.astype("datetime64[us]")  # finer ones become integers, not times
        elif taken.dtype.kind == "S":
            taken = taken.astype(np.str_)
        return [None if gone else cell for cell, gone in zip(taken.tolist(), self.missing[rows].tolist(), strict=True)]

    def numbers(self, rows: Positions) -> NDArray[np.float64]:
        if self.cells.dtype.kind not in "biuf":
            return super().numbers(rows)
        found = np.asarray(self.cells[rows], dtype=np.float64)
        infinite = np.isinf(found).reshape(len(found), -1).any(axis=1)
        if infinite.any():
            place = self.place(int(rows[infinite][0]))
            raise DataError(f"{place}: expected a finite number, found an infinite one; leave the example out")
        return found

    def mapped(self, rows: Positions, *, scale: float) -> MappedArray | None:
        """Return the numbers at `rows` without reading them, where they lie in a file; otherwise None."""
        if not isinstance(self.cells, np.memmap) or self.cells.dtype.kind not in "biuf":
            return None
        dtype = np.int64 if self.cells.dtype.kind in "biu" and scale == 1 else np.float64
        return MappedArray(self.cells, rows, scale=scale, shape=self.cells.shape[1:], dtype=dtype)

    @property
    def _what(self) -> str:
        return f"{self.table.source}: column {self.name!r}"
