"""Encoders, fitted: what turns the cells of a table into inputs and targets; a value that is saved with the model."""

from __future__ import annotations

import zlib
from typing import cast

import numpy as np

from mtlspec.batch import Dataset
from mtlspec.errors import DataError
from mtlspec.graph import Graph, lower
from mtlspec.spec import Spec
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
from mtlspec.spec.split import ColumnNames
from mtlspec.spec.value import Value, nearest
from mtlspec.tensors import Array
from mtlspec.training.array_column import ArrayColumn
from mtlspec.training.dataset import checked_inputs, dataset
from mtlspec.training.groups import Groups, groups_of
from mtlspec.training.labels import label_form
from mtlspec.training.shaping import Shaping
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


class Encoders(Value):
    """All encoders of a model; those of synthetic data are none."""

    missing_values: tuple[str, ...] = ("",)
    """Texts that stand for an empty cell."""
    inputs: tuple[InputEncoder, ...] = ()
    targets: tuple[TargetEncoder, ...] = ()
    group_by: ColumnNames | None = None
    """Columns whose rows are one example where they hold the same."""
    order_by: str | None = None

    def kept(self, table: Table) -> Positions:
        """Return the rows of `table` that no missing rule leaves out."""
        rows = np.arange(len(table), dtype=np.int64)
        for encoder in self.inputs:
            rows = rows[encoder.keeps(table, rows)]
        if not len(rows):
            raise DataError(f"{table.source}: every row has an empty cell in a column with `missing: drop`")
        return rows

    def groups(self, table: Table, rows: Positions) -> Groups | None:
        """Return the groups of `rows`; None where each row is an example.

        Raises:
            DataError: a column is missing, or a cell in it is empty.
        """
        if self.group_by is None:
            return None
        return groups_of(table, rows, by=self.group_by, order_by=self.order_by)

    def inputs_of(self, table: Table, *, rows: Positions, spec: Spec | Graph) -> dict[str, Array]:
        """Return the inputs that `rows` of a table make; its targets may be missing.

        Raises:
            DataError: a column is missing, or a cell does not fit.
        """
        graph = lower(spec) if isinstance(spec, Spec) else spec
        shaping = Shaping(table, rows, self.groups(table, rows))
        return checked_inputs(graph, self._inputs(shaping, graph), where=shaping.place)

    def dataset_of(self, table: Table, *, rows: Positions, spec: Spec | Graph) -> Dataset:
        """Return the examples that `rows` of a table make.

        A task none of whose columns the table has is without labels, as long as another task has some.

        Raises:
            DataError: a column is missing, or a cell does not fit.
        """
        graph = lower(spec) if isinstance(spec, Spec) else spec
        shaping = Shaping(table, rows, self.groups(table, rows))
        given = [encoder for encoder in self.targets if any(name in table.columns for name in encoder.columns)]
        if not given:
            table.column(self.targets[0].columns[0])
        items = next((shapes[:1] for shapes in (part.shape for part in graph.inputs) if shapes), ())
        forms = {head.task: (label_form(head.loss), head.units) for head in graph.heads}
        targets: dict[str, Array] = {}
        for task, (form, units) in forms.items():
            targets[task] = np.full(len(shaping) if form == "classes" else (len(shaping), units), np.nan)
        for encoder in given:
            labels = shaping.labels(encoder.name, encoder.array(table, shaping.rows), encoder.per, items)
            targets[encoder.name] = labels[..., 0] if forms[encoder.name][0] == "classes" else labels
        return dataset(
            graph,
            inputs=self._inputs(shaping, graph),
            targets=targets,
            weights={e.name: shaping.marks(e.name, e.weight, e.per, items) for e in given if e.weight is not None},
            present={e.name: shaping.marks(e.name, e.present, e.per, items) for e in given if e.present is not None},
            where=shaping.place,
        )

    def _inputs(self, shaping: Shaping, graph: Graph) -> dict[str, Array]:
        shapes = {part.name: part.shape for part in graph.inputs}
        found = {e.name: (e.array(shaping.table, shaping.rows), e.per) for e in self.inputs}
        return {name: shaping.inputs(name, *one, shapes[name]) for name, one in found.items()}
