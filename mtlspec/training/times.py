"""Times: cells that follow one another, dates or numbers."""

from __future__ import annotations

import math
from datetime import date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtlspec.errors import DataError
from mtlspec.spec.split import TimeUnit
from mtlspec.training.table import Column, Positions

Times = NDArray[np.float64] | NDArray[np.datetime64]

CODES: dict[TimeUnit, str] = {"moment": "us", "hour": "h", "day": "D", "month": "M", "year": "Y"}
"""NumPy's names of the units; a time of a coarser unit is the beginning of the span it lies in."""


def times(column: Column, rows: Positions, *, unit: TimeUnit = "moment") -> Times:
    """Return the numbers at `rows`, if all cells there are numbers, otherwise the dates or times, down to `unit`.

    A time of day counts as it is written, whatever its offset from UTC.

    Raises:
        DataError: a cell is empty or no time, or a number is given with a unit other than `moment`.
    """
    cells = column.at(rows)
    if None in cells:
        raise DataError(f"{column.place(int(rows[cells.index(None)]))}: expected a time, found an empty cell")
    numbers = np.fromiter(map(_number, cells), dtype=np.float64, count=len(cells))
    if np.isfinite(numbers).all():
        if unit != "moment":
            found = f"{column.place(int(rows[0]))}: expected a date or time, found the number {cells[0]}"
            raise DataError(f"{found}; leave `unit:` out for numbers")
        return numbers
    moments = [_moment(cell) for cell in cells]
    if None in moments:
        wrong = moments.index(None)
        expected = "expected a time as 2013-01-31 or 2013-01-31T09:30:00Z, or a number"
        raise DataError(f"{column.place(int(rows[wrong]))}: {expected}, found {cells[wrong]!r}")
    return np.array(moments, dtype="datetime64[us]").astype(f"datetime64[{CODES[unit]}]")


def _number(cell: Any) -> float:
    try:
        return float(cell)
    except (TypeError, ValueError):
        return math.nan


def _moment(cell: Any) -> datetime | None:
    if isinstance(cell, date) and not isinstance(cell, datetime):
        return datetime(cell.year, cell.month, cell.day)
    try:
        found = cell if isinstance(cell, datetime) else datetime.fromisoformat(cell)
    except (TypeError, ValueError):
        return None
    return found.replace(tzinfo=None)
