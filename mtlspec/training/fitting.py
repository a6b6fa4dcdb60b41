"""Fitting encoders: columns found in a table, vocabularies and statistics taken from its training part."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from mtlspec.errors import DataError
from mtlspec.graph import Graph, Head
from mtlspec.spec.data import (
    Above,
    Data,
    Empty,
    HashBuckets,
    InputColumns,
    MissingIsImputed,
    Numeric,
    TargetColumns,
    Vocabulary,
)
from mtlspec.spec.model import Input
from mtlspec.spec.signature import Shape, elements, fits, written
from mtlspec.training.column_encoders import FIRST, InputEncoder, TargetEncoder
from mtlspec.training.encoders import Encoders
from mtlspec.training.table import Column, Positions, Table


def resolved(data: Data, graph: Graph, table: Table) -> Encoders:
    """Return the encoders of `data` with their columns found in `table`, not yet fitted.

    Raises:
        DataError: a column is missing, or the columns do not fill an input or a head.
    """
    inputs = {part.name: part for part in graph.inputs}
    heads = {head.task: head for head in graph.heads}
    return Encoders(
        missing_values=data.missing_values,
        inputs=tuple(
            _input(columns, inputs[columns.name], graph, table, grouped=data.group_by is not None)
            for columns in data.inputs
        ),
        targets=tuple(
            _target(columns, heads[columns.name], table, grouped=data.group_by is not None) for columns in data.targets
        ),
        group_by=data.group_by,
        order_by=data.order_by,
    )


def fitted(encoders: Encoders, graph: Graph, table: Table, rows: Positions) -> Encoders:
    """Return `encoders` with vocabularies and statistics of `rows`, the training part.

    Raises:
        DataError: a vocabulary is too large for its embedding or head, or a column has nothing to take a statistic of.
    """
    heads = {head.task: head for head in graph.heads}
    return Encoders(
        missing_values=encoders.missing_values,
        inputs=tuple(_fitted_input(encoder, graph, table, rows) for encoder in encoders.inputs),
        targets=tuple(_fitted_target(encoder, heads[encoder.name], table, rows) for encoder in encoders.targets),
        group_by=encoders.group_by,
        order_by=encoders.order_by,
    )


def _input(given: InputColumns, part: Input, graph: Graph, table: Table, *, grouped: bool) -> InputEncoder:
    what, names = f"input {part.name!r}", table.matching(given.columns)
    indicator = isinstance(given.missing, MissingIsImputed) and given.missing.indicator
    numeric = isinstance(given.encode, Numeric)
    if isinstance(given.encode, Above | Empty):
        hint = "use `encode: numeric`, with `missing: impute` and its `indicator` for what is empty"
        raise DataError(f"{what}: {given.encode.kind} is for targets only; {hint}")
    if not numeric and part.dtype != "integer":
        raise DataError(f"{what}: {given.encode.kind} makes ids; declare the input `dtype: integer`")
    if indicator and (part.dtype == "integer" or not numeric):
        raise DataError(f"{what}: `indicator` belongs to numeric columns of a float input; leave it out")
    shape = _shape_of_item(part) if grouped and given.per == "item" else part.shape
    width = sum(table.column(name).width for name in names)
    if None in shape:
        if len(names) > 1 or indicator or not fits(table.column(names[0]).shape, shape):
            hint = "give the data as an array"
            raise DataError(f"{what}: columns fill a known shape, found {written(part.shape)}; {hint}")
    elif width * (1 + indicator) != elements(shape):
        raise DataError(f"{what}: {_told_room(part, shape)}, found {_told_width(len(names), width, indicator)}")
    if isinstance(given.encode, HashBuckets):
        buckets = given.encode.buckets
        _expect_rows(part.name, graph, buckets + 1, f"{buckets} buckets and 1 for an empty cell")
    return InputEncoder(name=given.name, columns=names, encode=given.encode, missing=given.missing, per=given.per)


def _shape_of_item(part: Input) -> Shape:
    if not part.shape:
        hint = "begin its shape with how many items there are, or set `per: group`"
        raise DataError(f"input {part.name!r}: rows are grouped, and the shape [] has no axis of items; {hint}")
    return part.shape[1:]


def _told_room(part: Input, shape: Shape) -> str:
    item = "" if shape == part.shape else " for each item"
    return f"the shape {list(part.shape)} holds {_count(elements(shape), 'number')}{item}"


def _told_width(columns: int, width: int, indicator: bool) -> str:
    found = _count(columns, "column")
    if width != columns:
        found += f" of {_count(width, 'number')}"
    if indicator:
        found += f" and {_count(width, 'indicator')}, {2 * width} in all"
    return f"{found}; change `shape:` or `columns:`"


def _target(given: TargetColumns, head: Head, table: Table, *, grouped: bool) -> TargetEncoder:
    what, form, names = f"task {head.task!r}", head.target.form, table.matching(given.columns)
    if isinstance(given.encode, HashBuckets):
        raise DataError(f"{what}: hash_buckets is for inputs only; use `encode: vocabulary`")
    if isinstance(given.encode, Vocabulary) and form not in ("classes", "yes_or_no"):
        hint = "set `targets: integer` in the loss" if form == "probabilities" else "use `encode: numeric`"
        raise DataError(f"{what}: a vocabulary makes class indices, {head.loss.kind} reads {form}; {hint}")
    of_items = grouped and given.per == "item"
    if of_items and not head.positions:
        hint = "set `per: group`, or keep the axis of items up to the end of the head"
        raise DataError(f"{what}: rows are grouped, and its head has one label for a whole group; {hint}")
    sizes = head.target_shape[of_items:]
    if None in sizes:
        hint = "give the data as arrays, or rows that `group_by` makes items of"
        raise DataError(f"{what}: columns fill a known shape, found {written(sizes)}; {hint}")
    wanted = elements(sizes)
    if sum(table.column(name).width for name in names) != wanted:
        reason = "one that holds the class" if form == "classes" else "one for each unit of the head"
        reason += " at each position" if len(sizes) > len(head.target.shape) else ""
        raise DataError(
            f"{what}: expected {_count(wanted, 'column')}, {reason}, found {len(names)}: {', '.join(names)}"
        )
    for name in (given.present, given.weight):
        if name is not None:
            table.column(name)
    return TargetEncoder(
        name=given.name,
        columns=names,
        encode=given.encode,
        present=given.present,
        weight=given.weight,
        per=given.per,
    )


def _fitted_input(encoder: InputEncoder, graph: Graph, table: Table, rows: Positions) -> InputEncoder:
    columns = [table.column(name) for name in encoder.columns]
    if isinstance(encoder.encode, Vocabulary):
        values = _vocabulary(columns, rows)
        found = f"{len(values)} values in the training part, 1 id for an empty and 1 for an unknown cell"
        _expect_rows(encoder.name, graph, len(values) + FIRST, found)
        return encoder.replacing(lambda e: e.vocabulary, by=values)
    if isinstance(encoder.encode, Numeric) and isinstance(encoder.missing, MissingIsImputed):
        fills = tuple(_fill(column, encoder.missing, rows) for column in columns)
        return encoder.replacing(lambda e: e.fills, by=fills)
    return encoder


def _fitted_target(encoder: TargetEncoder, head: Head, table: Table, rows: Positions) -> TargetEncoder:
    if not isinstance(encoder.encode, Vocabulary):
        return encoder
    values = _vocabulary([table.column(name) for name in encoder.columns], rows)
    limit = head.target.size if head.targets_are_classes else 2
    if limit == 2 and len(values) == 1:
        only = f"every label of the training part is {values[0]!r}"
        raise DataError(
            f"task {head.task!r}: {only}; which of the two values it is cannot be told: use numbers 0 and 1"
        )
    if len(values) > limit:
        room = f"{limit} units" if head.targets_are_classes else "labels of 2 values"
        listed = ", ".join(values[:10])
        raise DataError(f"task {head.task!r}: the head has {room}, found {len(values)} values: {listed}")
    return encoder.replacing(lambda e: e.vocabulary, by=values)


def _vocabulary(columns: Iterable[Column], rows: Positions) -> tuple[str, ...]:
    """Return the distinct values, in the order of numbers if all are numbers, otherwise of texts."""
    values = {text for column in columns for text in column.texts(rows) if text is not None}
    numbers = {text: _number(text) for text in values}
    if all(math.isfinite(number) for number in numbers.values()):
        return tuple(sorted(values, key=lambda text: (numbers[text], text)))
    return tuple(sorted(values))


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _fill(column: Column, missing: MissingIsImputed, rows: Positions) -> float:
    if missing.by == "constant":
        return missing.value
    numbers = column.numbers(rows)
    numbers = numbers[~np.isnan(numbers)]
    if not len(numbers):
        source = f"{column.table.source}: column {column.name!r}"
        raise DataError(f"{source}: every cell of the training part is empty; use `by: constant`, or leave it out")
    return float(np.mean(numbers) if missing.by == "mean" else np.median(numbers))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _expect_rows(name: str, graph: Graph, needed: int, reason: str) -> None:
    rows = graph.table_rows.get(name)
    if rows is not None and rows < needed:
        hint = f"set `rows: {needed}`"
        raise DataError(f"input {name!r}: its embedding needs {needed} rows, found {rows} ({reason}); {hint}")
