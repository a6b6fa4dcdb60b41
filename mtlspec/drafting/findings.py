"""Findings: what the columns of a table hold."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from mtlspec.errors import DataError
from mtlspec.spec.signature import Shape
from mtlspec.training.array_column import ArrayColumn
from mtlspec.training.table import Column, Table
from mtlspec.training.times import times

Content = Literal["numbers", "texts", "times", "arrays", "nothing"]

FEW = 12
"""Up to how many distinct whole numbers are taken for names of things and not for amounts."""
EXAMPLES = 5
"""How many values a comment lists."""


@dataclass(frozen=True)
class Finding:
    """What one column holds."""

    column: str
    content: Content
    rows: int
    missing: int
    """How many cells are empty."""
    values: tuple[str, ...] = ()
    """The distinct values as texts, sorted as a vocabulary is; of arrays none."""
    whole: bool = False
    """Whether all numbers are whole."""
    spread: float = 0.0
    """The standard deviation of the numbers, or a tenth of the root of their mean square, if that is more."""
    low: str = ""
    high: str = ""
    shape: Shape = ()
    """Of one row."""

    @property
    def distinct(self) -> int:
        """How many distinct values there are."""
        return len(self.values)

    @property
    def names_rows(self) -> bool:
        """Whether nearly every row has a value of its own, as an identifier has: texts, or whole numbers in a row."""
        if self.content == "texts":
            return self.distinct > FEW and self.distinct > (self.rows - self.missing) / 2
        counted = self.whole and self.distinct == self.rows > FEW
        return counted and float(self.high) - float(self.low) == self.rows - 1

    @property
    def is_lookup(self) -> bool:
        """Whether the values are taken for names of things."""
        return self.content == "texts" or (self.content == "numbers" and self.whole and 2 < self.distinct <= FEW)

    def told(self) -> str:
        """Return in words what was found."""
        gaps = f", {_share(self.missing / self.rows)} missing" if self.missing else ""
        match self.content:
            case "nothing":
                return "every cell is empty"
            case "arrays":
                return f"{list(self.shape)} in each row, {self.low} to {self.high}{gaps}"
            case "texts":
                return f"{_values(self.values)}{gaps}"
            case "numbers" if self.distinct <= EXAMPLES:
                return f"{_values(self.values)}{gaps}"
        return f"{self.low} to {self.high}, {self.distinct} distinct{gaps}"


def findings(table: Table) -> list[Finding]:
    """Return what each column of `table` holds, in order."""
    return [_finding(table.column(name), len(table)) for name in table.columns]


def _finding(column: Column, rows: int) -> Finding:
    missing = int(column.missing.sum())
    if missing == rows:
        return Finding(column.name, "nothing", rows, missing)
    there = np.flatnonzero(~column.missing)
    if isinstance(column, ArrayColumn) and column.cells.ndim > 1:
        low, high = (_number(float(of(column.cells, axis=None))) for of in (np.fmin.reduce, np.fmax.reduce))
        shape = tuple(column.cells.shape[1:])
        return Finding(column.name, "arrays", rows, missing, low=low, high=high, shape=shape)
    try:
        numbers: Any = column.numbers(there)
    except DataError:
        return _of_texts(column, there, rows, missing)
    names = dict(zip(column.texts(there), numbers.tolist(), strict=True))
    values = tuple(sorted((text for text in names if text is not None), key=lambda text: (names[text], text)))
    whole = bool((numbers == np.rint(numbers)).all())
    spread = max(float(numbers.std()), 0.1 * float(np.sqrt(np.mean(np.square(numbers)))))
    low, high = (_number(of(numbers).item()) for of in (np.min, np.max))
    return Finding(column.name, "numbers", rows, missing, values, whole, spread, low, high)


def _of_texts(column: Column, there: Any, rows: int, missing: int) -> Finding:
    values = tuple(sorted({text for text in column.texts(there) if text is not None}))
    try:
        found = times(column, there)
    except DataError:
        return Finding(column.name, "texts", rows, missing, values)
    low, high = (str(of(found)).removesuffix(".000000") for of in (np.min, np.max))
    return Finding(column.name, "times", rows, missing, values, low=low, high=high)


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.6g}"


def _share(share: float) -> str:
    return f"{100 * share:.2g} %" if share < 0.995 else f"{math.floor(1000 * share) / 10} %"


def _values(values: tuple[str, ...]) -> str:
    listed = ", ".join(_printable(value) for value in values[:EXAMPLES])
    if len(values) == 1:
        return f"one value, {listed}"
    return f"{len(values)} values: {listed}" + (", ..." if len(values) > EXAMPLES else "")


def _printable(value: str) -> str:
    """Return a text that may stand in a comment."""
    shown = value if value.isprintable() and value == value.strip() and value else ascii(value)
    return shown if len(shown) <= 24 else f"{shown[:21]}..."
