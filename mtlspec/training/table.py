"""Tables: named columns of cells, each cell with a place that an error can name."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtlspec.errors import DataError
from mtlspec.spec.signature import Sizes
from mtlspec.spec.value import nearest
from mtlspec.tensors import Array

Positions = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Table:
    """Columns of equal length from one source; a cell is a text, a number, a truth value or None."""

    source: str
    """The file name, or what else an error calls it."""
    columns: Mapping[str, list[Any] | Array]
    """Cells, or an array whose first axis counts the rows."""
    missing_values: tuple[str, ...] = ()
    """Texts that stand for an empty cell."""
    lines: tuple[int, ...] | None = None
    """The line of the file at which each row ends, counted from 1; None where there is no file."""

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), []))

    def place(self, row: int) -> str:
        """Return `file:line`, or the number of the row counted from 0."""
        return f"{self.source}, row {row}" if self.lines is None else f"{self.source}:{self.lines[row]}"

    def column(self, name: str) -> Column:
        """Return the column called `name`.

        Raises:
            DataError: there is none.
        """
        if name not in self.columns:
            known = ", ".join(self.columns)
            raise DataError(f"{self.source}: no column {name!r}{nearest(name, self.columns)}; it has {known}")
        return self._by_name[name]

    @cached_property
    def _by_name(self) -> dict[str, Column]:
        from mtlspec.training.array_column import ArrayColumn

        return {
            name: ArrayColumn(self, name, cells) if isinstance(cells, np.ndarray) else Column(self, name, cells)
            for name, cells in self.columns.items()
        }

    def matching(self, patterns: Iterable[str]) -> tuple[str, ...]:
        """Return the columns that the patterns name; one with `*` adds, in table order, those not named before.

        Raises:
            DataError: a pattern matches no column.
        """
        found: list[str] = []
        for pattern in patterns:
            if pattern in self.columns or "*" not in pattern:
                found.append(self.column(pattern).name)
                continue
            form = re.compile(".*".join(re.escape(part) for part in pattern.split("*")), re.DOTALL)
            names = [name for name in self.columns if form.fullmatch(name)]
            if not names:
                raise DataError(f"{self.source}: no column matches {pattern!r}; it has {', '.join(self.columns)}")
            found.extend(name for name in names if name not in found)
        return tuple(found)


@dataclass(frozen=True, eq=False)
class Column:
    """One column of a table."""

    table: Table
    name: str
    cells: Any
    """A list, or an array."""

    @property
    def shape(self) -> Sizes:
        """The shape of what a row holds; `()` is one cell."""
        return ()

    @property
    def width(self) -> int:
        """How many numbers a row holds."""
        return math.prod(self.shape)

    @cached_property
    def missing(self) -> NDArray[np.bool_]:
        """Which cells are empty."""
        texts = set(self.table.missing_values)
        flags = (c is None or (c in texts if isinstance(c, str) else c != c) for c in self.cells)
        return np.fromiter(flags, dtype=np.bool_, count=len(self.cells))

    def place(self, row: int) -> str:
        """Return where the cell at `row` is."""
        return f"{self.table.place(row)}: column {self.name!r}"

    def texts(self, rows: Positions) -> list[str | None]:
        """Return the cells at `rows` as text, None where one is empty; 3.0 is the text 3."""
        return [None if cell is None else _text(cell) for cell in self.at(rows)]

    def at(self, rows: Positions) -> list[Any]:
        """Return the cells at `rows` as they are, None where one is empty."""
        missing = self.missing[rows].tolist()
        return [None if gone else self.cells[row] for row, gone in zip(rows.tolist(), missing, strict=True)]

    def numbers(self, rows: Positions) -> NDArray[np.float64]:
        """Return the cells at `rows` as numbers, NaN where one is empty.

        Raises:
            DataError: a cell holds no finite number.
        """
        missing = self.missing[rows]
        cells = [math.nan if cell is None else cell for cell in self.at(rows)]
        try:
            numbers = np.array(cells, dtype=np.float64)
        except (TypeError, ValueError):
            numbers = np.empty(0)
        if any(isinstance(cell, str) and "_" in cell for cell in cells):  # Python reads 1_000 as 1000
            numbers = np.empty(0)
        if numbers.shape != missing.shape or not (np.isfinite(numbers) | missing).all():
            return np.array([math.nan if self.missing[row] else self._number(int(row)) for row in rows])
        return numbers

    def _number(self, row: int) -> float:
        cell = self.cells[row]
        try:
            number = float("text" if isinstance(cell, str) and "_" in cell else cell)
        except (TypeError, ValueError):
            hint = "add it to `missing_values:` if it stands for an empty cell, or choose another `encode:`"
            raise DataError(f"{self.place(row)}: expected a number, found {cell!r}; {hint}") from None
        if not np.isfinite(number):
            raise DataError(f"{self.place(row)}: expected a finite number, found {cell!r}")
        return number


def _text(cell: object) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)
