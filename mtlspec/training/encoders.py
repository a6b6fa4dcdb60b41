"""Encoders, fitted: all that turns a table into examples; a value that is saved with the model."""

from __future__ import annotations

import numpy as np

from mtlspec.batch import Dataset
from mtlspec.errors import DataError
from mtlspec.graph import Graph, lower
from mtlspec.spec import Spec
from mtlspec.spec.split import ColumnNames
from mtlspec.spec.value import Value
from mtlspec.tensors import Array, Arrays
from mtlspec.training.column_encoders import InputEncoder, TargetEncoder
from mtlspec.training.dataset import checked_inputs, dataset
from mtlspec.training.groups import Groups, groups_of
from mtlspec.training.shaping import Shaping, shaped
from mtlspec.training.table import Positions, Table


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
        heads = {head.task: head for head in graph.heads}
        items = {task: head.positions[:1] for task, head in heads.items()}
        targets = {task: shaping.absent(head.target_shape) for task, head in heads.items()}
        for encoder in given:
            task = encoder.name
            labels = shaping.labels(task, encoder.array(table, shaping.rows), encoder.per, items[task])
            one = None in items[task] and heads[task].targets_are_classes
            targets[task] = shaped(labels[..., 0] if one else labels, heads[task].target_shape)

        def marks(encoder: TargetEncoder, column: str) -> Array:
            return shaping.marks(encoder.name, column, encoder.per, items[encoder.name])

        return dataset(
            graph,
            inputs=self._inputs(shaping, graph),
            targets=targets,
            weights={e.name: marks(e, e.weight) for e in given if e.weight is not None},
            present={e.name: marks(e, e.present) for e in given if e.present is not None},
            where=shaping.place,
        )

    def by_row(self, table: Table, *, rows: Positions, predicted: Arrays) -> tuple[Positions, dict[str, Array]]:
        """Return rows and what is predicted for each, from what is predicted for the examples that `rows` make."""
        groups = self.groups(table, rows)
        if groups is None:
            return rows, dict(predicted)
        per = {encoder.name: encoder.per for encoder in self.targets}
        return groups.rows, {task: groups.of_rows(values, per[task]) for task, values in predicted.items()}

    def _inputs(self, shaping: Shaping, graph: Graph) -> dict[str, Array]:
        shapes = {part.name: part.shape for part in graph.inputs}
        found = {e.name: (e.array(shaping.table, shaping.rows), e.per) for e in self.inputs}
        return {name: shaping.inputs(name, *one, shapes[name]) for name, one in found.items()}
