"""Encoders of columns, fitted: what turns the cells of a table into one input, or into the labels of one task."""

from __future__ import annotations

import zlib
from typing import cast

import numpy as np

from mtlspec.errors import DataError
from mtlspec.spec.data import (
    Above,
    Empty,
    Encoder,
    HashBuckets,
    Missing,
    MissingIsDropped,
    MissingIsError,
    MissingIsImputed,
    Numeric,
    Per,
)
from mtlspec.spec.value import Value, nearest
from mtlspec.tensors import Array
from mtlspec.training.array_column import ArrayColumn
from mtlspec.training.table import Column, Positions, Table

MISSING, UNKNOWN, FIRST = 0, 1, 2
"""Ids of an input's vocabulary: of an empty cell, of a value that training did not have, of the first value."""


class InputEncoder(Value):
    """How the cells of some columns become one input."""

    name: str
    columns: tuple[str, ...]
    encode: Encoder
    missing: Missing
    fills: tuple[float, ...] = ()
    """What an empty cell of each numeric column is filled with, where the rule is to impute."""
    vocabulary: tuple[str, ...] = ()
    """The sorted values that the training part has in these columns."""
    per: Per = "item"

    def array(self, table: Table, rows: Positions) -> Array:
        """Return one row of numbers for each of `rows`.

        Raises:
            DataError: a cell is empty and may not be, or holds no number.
        """
        columns = [table.column(name) for name in self.columns]
        if isinstance(self.encode, Numeric):
            mapped = self._mapped(columns, rows, self.encode.scale)
            return self._numeric(columns, rows, self.encode.scale) if mapped is None else mapped
        return np.stack([self._ids(column, rows) for column in columns], axis=1)

    def keeps(self, table: Table, rows: Positions) -> Array:
        """Return which of `rows` have no empty cell that leaves the example out."""
        kept = np.ones(len(rows), dtype=np.bool_)
        if isinstance(self.missing, MissingIsDropped) and isinstance(self.encode, Numeric):
            for name in self.columns:
                kept &= ~table.column(name).missing[rows]
        return kept

    def _mapped(self, columns: list[Column], rows: Positions, scale: float) -> Array | None:
        """Return the one array that lies in a file, unread; None where there is no such, or it has gaps to fill."""
        only = columns[0]
        if len(columns) > 1 or not isinstance(only, ArrayColumn) or isinstance(self.missing, MissingIsImputed):
            return None
        return cast("Array | None", only.mapped(rows, scale=scale))  # it is indexed as an array is

    def _numeric(self, columns: list[Column], rows: Positions, scale: float) -> Array:
        numbers = np.concatenate([column.numbers(rows).reshape(len(rows), -1) for column in columns], axis=1)
        empty = np.isnan(numbers)
        if isinstance(self.missing, MissingIsImputed):
            fills = np.repeat(self.fills, [column.width for column in columns])
            numbers = np.where(empty, fills, numbers)
        elif isinstance(self.missing, MissingIsError) and empty.any():
            row, index = np.argwhere(empty)[0]
            column = [column for column in columns for _ in range(column.width)][index]
            hint = "set `missing: drop` or `missing: impute`"
            raise DataError(f"{column.place(int(rows[row]))}: expected a number, found an empty cell; {hint}")
        numbers = numbers * scale
        if isinstance(self.missing, MissingIsImputed) and self.missing.indicator:
            return np.concatenate([numbers, empty], axis=1)
        return numbers.reshape(len(rows), *columns[0].shape) if len(columns) == 1 else numbers

    def _ids(self, column: Column, rows: Positions) -> Array:
        texts = column.texts(rows)
        if isinstance(self.encode, HashBuckets):
            buckets = self.encode.buckets
            ids = (MISSING if text is None else 1 + zlib.crc32(text.encode()) % buckets for text in texts)
        else:
            known = {text: index for index, text in enumerate(self.vocabulary, start=FIRST)}
            ids = (MISSING if text is None else known.get(text, UNKNOWN) for text in texts)
        return np.fromiter(ids, dtype=np.int64, count=len(texts))


class TargetEncoder(Value):
    """How the cells of some columns become the labels of one task."""

    name: str
    columns: tuple[str, ...]
    encode: Encoder
    present: str | None = None
    weight: str | None = None
    vocabulary: tuple[str, ...] = ()
    """The sorted values that the training part has in these columns; a class is an index into it."""
    per: Per = "item"

    def array(self, table: Table, rows: Positions) -> Array:
        """Return one row of labels for each of `rows`, NaN where a cell is empty.

        Raises:
            DataError: a cell holds no number, or a label that training did not have.
        """
        columns = [table.column(name) for name in self.columns]
        if isinstance(self.encode, Numeric):
            scale = self.encode.scale
            return np.concatenate([column.numbers(rows).reshape(len(rows), -1) * scale for column in columns], axis=1)
        if isinstance(self.encode, Above):
            return np.stack([_above(column.numbers(rows), self.encode.limit) for column in columns], axis=1)
        if isinstance(self.encode, Empty):
            return np.stack([column.missing[rows].astype(np.float64) for column in columns], axis=1)
        return np.stack([self._classes(column, rows) for column in columns], axis=1)

    def _classes(self, column: Column, rows: Positions) -> Array:
        known = {text: index for index, text in enumerate(self.vocabulary)}
        classes = np.full(len(rows), np.nan)
        for index, text in enumerate(column.texts(rows)):
            if text is not None:
                if text not in known:
                    has = f"{nearest(text, known)}; training has {', '.join(self.vocabulary[:10])}"
                    raise DataError(f"{column.place(int(rows[index]))}: unknown label {text!r}{has}")
                classes[index] = known[text]
        return classes


def _above(numbers: Array, limit: float) -> Array:
    return np.where(np.isnan(numbers), np.nan, (numbers > limit).astype(np.float64))
