"""Groups: rows of a table that are the items of one example."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtlspec.errors import DataError
from mtlspec.spec.data import Per
from mtlspec.spec.split import ColumnNames
from mtlspec.tensors import Array
from mtlspec.training.table import Positions, Table
from mtlspec.training.times import times


@dataclass(frozen=True, eq=False)
class Groups:
    """Groups in the order of their first rows; `rows` has those of the first, then those of the second, and so on."""

    table: Table
    columns: ColumnNames
    rows: Positions
    sizes: Positions

    def __len__(self) -> int:
        return len(self.sizes)

    @property
    def longest(self) -> int:
        """How many items the largest group has."""
        return int(self.sizes.max())

    @property
    def starts(self) -> Positions:
        """Where the rows of each group begin."""
        return np.cumsum(self.sizes) - self.sizes

    @property
    def members(self) -> Positions:
        """The group of each of `rows`."""
        return np.repeat(np.arange(len(self)), self.sizes)

    def subset(self, positions: Positions) -> Groups:
        """Return some of the groups."""
        chosen = np.isin(self.members, positions)
        return Groups(self.table, self.columns, self.rows[chosen], self.sizes[np.sort(positions)])

    def padded(self, values: Array, *, items: int, what: str, fill: float = 0) -> Array:
        """Return `values` of `rows` as (N, items, ...), `fill` where a group has fewer.

        Raises:
            DataError: a group has more.
        """
        if self.longest > items:
            first = self.starts[int(self.sizes.argmax())]
            found = f"{self.longest} rows in the group that begins at {self.table.place(int(self.rows[first]))}"
            hint = f"set the first number of its shape to {self.longest}"
            raise DataError(f"{what}: expected at most {items} items, found {found}; {hint}")
        whole = np.full((len(self), items, *values.shape[1:]), fill, dtype=values.dtype)
        whole[self.members, np.arange(len(self.rows)) - np.repeat(self.starts, self.sizes)] = values
        return whole

    def items_of(self, padded: Array) -> Array:
        """Return what stands in (N, items, ...) for each of `rows`: the reverse of `padded`."""
        taken: Array = padded[self.members, np.arange(len(self.rows)) - np.repeat(self.starts, self.sizes)]
        return taken

    def of_rows(self, values: Array, per: Per) -> Array:
        """Return for each of `rows` what stands in (N, items, ...) at its item, or in (N, ...) for its group."""
        return values[self.members] if per == "group" else self.items_of(values)

    def agreed(self, values: Array, *, what: str) -> Array:
        """Return the one value (N, ...) that all rows of a group have.

        Raises:
            DataError: two rows of a group differ.
        """
        first = values[self.starts]
        same = (values == first[self.members]) | (_nan(values) & _nan(first)[self.members])
        apart = np.flatnonzero(~same.reshape(len(values), -1).all(axis=1))
        if apart.size:
            place = self.table.place(int(self.rows[apart[0]]))
            raise DataError(f"{what}, {place}: expected what the group's other rows have, found another value")
        return first


def groups_of(table: Table, rows: Positions, *, by: ColumnNames, order_by: str | None = None) -> Groups:
    """Return the groups of `rows`, by what they hold in the columns `by`.

    Raises:
        DataError: a column is missing, or a cell in it is empty or no time.
    """
    known: dict[tuple[str, ...], int] = {}
    names = group_names(table, rows, by)
    members = np.fromiter((known.setdefault(name, len(known)) for name in names), dtype=np.int64, count=len(rows))
    keys = np.arange(len(rows)) if order_by is None else times(table.column(order_by), rows)
    order = np.lexsort((np.arange(len(rows)), keys, members))
    return Groups(table, by, rows[order], np.bincount(members))


def group_names(table: Table, rows: Positions, by: ColumnNames) -> Sequence[tuple[str, ...]]:
    """Return for each of `rows` the texts in the columns `by`.

    Raises:
        DataError: a cell is empty.
    """
    texts = []
    for name in (by,) if isinstance(by, str) else by:
        column = table.column(name)
        found = column.texts(rows)
        if None in found:
            raise DataError(f"{column.place(int(rows[found.index(None)]))}: expected a group, found an empty cell")
        texts.append([text or "" for text in found])
    return list(zip(*texts, strict=True))


def _nan(values: Array) -> NDArray[np.bool_]:
    return np.isnan(values) if values.dtype.kind == "f" else np.zeros(values.shape, dtype=np.bool_)
