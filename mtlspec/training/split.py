"""Splits: which examples are held out from training; drawn from the seed, or read from a column."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mtlspec.errors import DataError
from mtlspec.randomness import permutation
from mtlspec.spec.data import Split, SplitByColumn, SplitByFraction, SplitByGroup
from mtlspec.spec.value import nearest
from mtlspec.training.table import Table

Positions = NDArray[np.int64]


class Parts(NamedTuple):
    """Positions of the examples for training, and of those held out; both in the order of the data."""

    training: Positions
    held_out: Positions


def split(
    by: Split | None, *, size: int, seed: int, table: Table | None = None, rows: Positions | None = None
) -> Parts:
    """Return the parts of `size` examples; `rows` says in which rows of `table` they stand.

    Raises:
        DataError: a part would be empty, or the split needs a column that is not there.
    """
    positions = np.arange(size, dtype=np.int64)
    if by is None:
        return Parts(positions, positions[:0])
    if isinstance(by, SplitByFraction):
        held_out = _chosen(by.held_out, size, seed, "examples")
    elif table is None or rows is None:
        raise DataError(f"data.split: {by.kind} needs a column, and synthetic data has none; use `kind: fraction`")
    elif isinstance(by, SplitByColumn):
        held_out = _by_column(by, table, rows)
    elif isinstance(by, SplitByGroup):
        held_out = _by_group(by, table, rows, seed)
    else:
        raise NotImplementedError(f"split {by.kind!r} has no rule")
    return Parts(positions[~held_out], positions[held_out])


def _chosen(share: float, size: int, seed: int, what: str) -> NDArray[np.bool_]:
    """Return which of `size` things are held out; at least one is, and one is not."""
    if size < 2:
        raise DataError(f"data.split: expected at least 2 {what} to split, found {size}")
    count = min(max(round(size * share), 1), size - 1)
    chosen = np.zeros(size, dtype=np.bool_)
    chosen[permutation(seed, "split", size)[:count]] = True
    return chosen


def _by_column(by: SplitByColumn, table: Table, rows: Positions) -> NDArray[np.bool_]:
    column = table.column(by.column)
    texts = column.texts(rows)
    values = sorted({text for text in texts if text is not None})
    for value in by.held_out:
        if value not in values:
            known = ", ".join(values[:10])
            near = nearest(value, values)
            raise DataError(f"{table.source}: column {by.column!r}: no cell holds {value!r}{near}; it has {known}")
    held_out = np.fromiter((text in by.held_out for text in texts), dtype=np.bool_, count=len(texts))
    if held_out.all():
        raise DataError(f"{table.source}: column {by.column!r}: every example is held out; none is left for training")
    return held_out


def _by_group(by: SplitByGroup, table: Table, rows: Positions, seed: int) -> NDArray[np.bool_]:
    column = table.column(by.column)
    texts = column.texts(rows)
    for row, text in zip(rows, texts, strict=True):
        if text is None:
            raise DataError(f"{column.place(int(row))}: expected a group, found an empty cell")
    groups, member = np.unique(np.asarray(texts, dtype=np.str_), return_inverse=True)
    return _chosen(by.held_out, len(groups), seed, "groups")[member]
