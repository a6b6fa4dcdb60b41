"""Shaping: values of the rows of a table as arrays of examples, whether an example is a row or a group of rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mtlspec.spec.data import Per
from mtlspec.spec.signature import Shape, known
from mtlspec.tensors import Array
from mtlspec.training.groups import Groups
from mtlspec.training.table import Positions, Table


@dataclass(frozen=True, eq=False)
class Shaping:
    """Rows of a table, and the groups that they make; without groups each row is an example."""

    table: Table
    chosen: Positions
    groups: Groups | None

    def __len__(self) -> int:
        return len(self.chosen) if self.groups is None else len(self.groups)

    @property
    def rows(self) -> Positions:
        """The rows in the order in which values of them are to be given."""
        return self.chosen if self.groups is None else self.groups.rows

    def place(self, position: int) -> str:
        """Return where an example is: its row, or the first of its group."""
        return self.table.place(int(self.rows[position if self.groups is None else self.groups.starts[position]]))

    def inputs(self, name: str, values: Array, per: Per, shape: Shape) -> Array:
        """Return `values` (rows, numbers) as (N, *shape), 0 where a group has no more items."""
        if self.groups is None:
            return shaped(values, shape)
        if per == "group":
            agreed = self.groups.agreed(np.asarray(values), what=f"input {name!r}")
            return shaped(agreed, shape)
        items = self._items(shape)
        padded = self.groups.padded(np.asarray(values), items=items, what=f"input {name!r}")
        return shaped(padded, (items, *shape[1:]))

    def labels(self, task: str, values: Array, per: Per, positions: Shape, *, fill: float = np.nan) -> Array:
        """Return `values` (rows, ...) as (N, ...) or (N, items, ...), NaN (an absent label) where there is no item."""
        if self.groups is None:
            return values
        if per == "group":
            return self.groups.agreed(values, what=f"task {task!r}")
        return self.groups.padded(values, items=self._items(positions), what=f"task {task!r}", fill=fill)

    def absent(self, shape: Shape) -> Array:
        """Return labels (N, *shape), of which none is there."""
        return np.full((len(self), *(self._items((size,)) or 1 for size in shape)), np.nan)

    def marks(self, task: str, column: str, per: Per, positions: Shape) -> Array:
        """Return the numbers in a column that says which labels count, and how much; 0 where there is no item."""
        return self.labels(task, self.table.column(column).numbers(self.rows), per, positions, fill=0.0)

    def _items(self, shape: Shape) -> int:
        longest = 0 if self.groups is None else self.groups.longest
        return shape[0] or longest


def shaped(values: Array, shape: Shape) -> Array:
    """Return `values` (N, ...) as (N, *shape); where the data chooses a length, they have that shape already."""
    return values if None in shape else values.reshape(len(values), *known(shape))
