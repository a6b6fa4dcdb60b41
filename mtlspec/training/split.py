"""Splits: which examples are held out from training; drawn from the seed, or read from a column."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mtlspec.errors import DataError
from mtlspec.randomness import permutation
from mtlspec.spec.split import Split, SplitByColumn, SplitByFraction, SplitByGroup, SplitByTime
from mtlspec.spec.value import nearest
from mtlspec.training.groups import Groups, group_names
from mtlspec.training.table import Positions as Positions
from mtlspec.training.table import Table
from mtlspec.training.times import times


class Parts(NamedTuple):
    """Positions of the examples for training, and of those held out; both in the order of the data."""

    training: Positions
    held_out: Positions


def split(
    by: Split | None,
    *,
    size: int,
    seed: int,
    table: Table | None = None,
    rows: Positions | None = None,
    groups: Groups | None = None,
) -> Parts:
    """Return the parts of `size` examples; `rows` says in which rows of `table` they stand, `groups` which rows.

    Raises:
        DataError: a part would be empty, the split needs a column that is not there, or it would part a group.
    """
    positions = np.arange(size, dtype=np.int64)
    if by is None:
        return Parts(positions, positions[:0])
    if isinstance(by, SplitByFraction):
        held_out = _chosen(by.held_out, size, seed, "examples")
    elif table is None or (rows is None and groups is None):
        raise DataError(f"data.split: {by.kind} needs a column, and synthetic data has none; use `kind: fraction`")
    elif groups is not None:
        held_out = _whole_groups(_held_out_rows(by, table, groups.rows, seed), groups)
    else:
        held_out = _held_out_rows(by, table, positions if rows is None else rows, seed)
    return Parts(positions[~held_out], positions[held_out])


def _held_out_rows(by: Split, table: Table, rows: Positions, seed: int) -> NDArray[np.bool_]:
    if isinstance(by, SplitByColumn):
        return _by_column(by, table, rows)
    if isinstance(by, SplitByGroup):
        return _by_group(by, table, rows, seed)
    if isinstance(by, SplitByTime):
        return _by_time(by, table, rows)
    raise NotImplementedError(f"split {by.kind!r} has no rule")


def _whole_groups(held_out: NDArray[np.bool_], groups: Groups) -> NDArray[np.bool_]:
    """Return which groups are held out, where it is known which of their rows are."""
    first = held_out[groups.starts]
    apart = np.flatnonzero(held_out != first[groups.members])
    if apart.size:
        place = groups.table.place(int(groups.rows[apart[0]]))
        told = groups.columns if isinstance(groups.columns, str) else ", ".join(groups.columns)
        hint = f"split by {told}, or by something that a group has once"
        raise DataError(f"data.split: {place}: a group of {told} would stand in both parts; {hint}")
    return first


def _chosen(share: float, size: int, seed: int, what: str) -> NDArray[np.bool_]:
    """Return which of `size` things are held out; at least one is, and one is not."""
    chosen = np.zeros(size, dtype=np.bool_)
    chosen[permutation(seed, "split", size)[: _count(share, size, what)]] = True
    return chosen


def _count(share: float, size: int, what: str) -> int:
    if size < 2:
        raise DataError(f"data.split: expected at least 2 {what} to split, found {size}")
    return min(max(round(size * share), 1), size - 1)


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
    names = group_names(table, rows, by.column)
    groups = {name: index for index, name in enumerate(sorted(set(names)))}
    member = np.fromiter((groups[name] for name in names), dtype=np.int64, count=len(names))
    return _chosen(by.held_out, len(groups), seed, "groups")[member]


def _by_time(by: SplitByTime, table: Table, rows: Positions) -> NDArray[np.bool_]:
    found = times(table.column(by.column), rows, unit=by.unit)
    distinct = np.unique(found)
    what = "different times" if by.unit == "moment" else f"different {by.unit}s"
    first = distinct[-_count(by.held_out, len(distinct), what)]
    return np.asarray(found >= first)
