"""Mutants of the laws of embeddings."""

from __future__ import annotations

from collections.abc import Callable

from mtlspec.backend import Gradients, Statistics, TaskWeights, ValueWithGradient
from mtlspec.batch import Batch
from mtlspec.graph import Graph
from mtlspec.spec.layers import Embedding
from mtlspec.tensors import Tensors, dense
from mtlspec_conformance.mutants.mutant import A_STEP_UPDATES_TOO, Mutant
from mtlspec_conformance.mutants.rewriting import having, rebuilt
from mtlspec_conformance.wrapper import Wrapper


class _RowsAsCompiled(Wrapper):
    """Has gradients of tables in the form that is asked for, and gives the program within those it was compiled for."""

    def value_with_gradient(self, *, on: Batch, weights: TaskWeights) -> ValueWithGradient:
        value, gradients, statistics = self.inner.value_with_gradient(on=on, weights=weights)
        asked = {path: g if self.graph.by_path[path].by_row else dense(g) for path, g in gradients.items()}
        return ValueWithGradient(value, Gradients(asked), statistics)

    def update(self, *, along: Gradients, statistics: Statistics, learning_rate: float, phase: int = 0) -> None:
        by_path = self.inner.graph.by_path
        own = Tensors({path: g if by_path[path].by_row else dense(g) for path, g in along.items()})
        self.inner.update(along=own, statistics=statistics, learning_rate=learning_rate, phase=phase)


def _tables(**laws: str) -> Callable[[Graph], Graph]:
    """Return a change of all embeddings to other laws, and of their parameters to the form that these need."""

    def change(graph: Graph) -> Graph:
        changed = rebuilt(graph, lambda value: having(value, **laws) if isinstance(value, Embedding) else value)
        tables = {node.path: node.layer.by_row for node in changed.nodes if isinstance(node.layer, Embedding)}
        parameters = (having(p, by_row=tables.get(p.node, p.by_row)) for p in changed.parameters)
        made: Graph = having(changed, parameters=tuple(parameters))
        return made

    return change


NOT_BY_ROW = "Its gradients are no rows, which the shape tells first."

TABLE_MUTANTS = (
    Mutant(
        "repeated-ids-separate",
        "Squares each occurrence, where the sum is asked for, of the rows that its own pass gives.",
        "trajectory",
        ("law/table-summed",),
        _tables(repeated_ids="separate"),
        _RowsAsCompiled,
    ),
    Mutant(
        "repeated-ids-summed",
        "Sums the occurrences before it squares them.",
        "law",
        ("law/table-separate", "law/table-separate-clipped"),
        _tables(repeated_ids="sum"),
        _RowsAsCompiled,
        earlier=NOT_BY_ROW,
    ),
    Mutant(
        "untouched-rows-decay",
        "Moves rows that it should skip.",
        "law",
        ("law/table-skip-momentum", "law/table-skip-adamw"),
        _tables(untouched_rows="decay"),
        _RowsAsCompiled,
        earlier=NOT_BY_ROW,
    ),
    Mutant(
        "untouched-rows-skip",
        "Skips rows that should move.",
        "law",
        ("law/table-separate-momentum", "law/table-separate-adamw"),
        _tables(untouched_rows="skip"),
        _RowsAsCompiled,
        earlier=A_STEP_UPDATES_TOO,
    ),
)
