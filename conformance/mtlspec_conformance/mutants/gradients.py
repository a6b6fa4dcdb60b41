"""Mutants of gradients and statistics."""

from __future__ import annotations

from typing import Any

import numpy as np

from mtlspec.backend import Gradients, Statistics, TaskWeights, ValueWithGradient
from mtlspec.batch import Batch
from mtlspec.tensors import Rows, dense
from mtlspec_conformance.mutants.mutant import Mutant
from mtlspec_conformance.wrapper import Wrapper


class _OtherGradients(Wrapper):
    """Returns other gradients."""

    def taken(self, gradients: dict[str, Any], batch: Batch, weights: TaskWeights) -> dict[str, Any]:
        raise NotImplementedError

    def value_with_gradient(self, *, on: Batch, weights: TaskWeights) -> ValueWithGradient:
        value, gradients, statistics = self.inner.value_with_gradient(on=on, weights=weights)
        return ValueWithGradient(value, Gradients(self.taken(dict(gradients), on, weights)), statistics)


class _TrunkDetached(_OtherGradients):
    """Lets the last task's gradient end at its head."""

    def taken(self, gradients: dict[str, Any], batch: Batch, weights: TaskWeights) -> dict[str, Any]:
        rest = {**weights, self.graph.tasks[-1]: 0.0}
        without = self.inner.value_with_gradient(on=batch, weights=rest).gradients
        return {p: without[p] if len(self.graph.by_path[p].tasks) > 1 else g for p, g in gradients.items()}


class _BiasFrozen(_OtherGradients):
    def taken(self, gradients: dict[str, Any], batch: Batch, weights: TaskWeights) -> dict[str, Any]:
        return {path: g * (0.0 if path.endswith(".bias") else 1.0) for path, g in gradients.items()}


class _PenaltyWithoutGradient(_OtherGradients):
    def taken(self, gradients: dict[str, Any], batch: Batch, weights: TaskWeights) -> dict[str, Any]:
        nothing = dict.fromkeys(weights, 0.0)
        penalty = self.inner.value_with_gradient(on=batch, weights=nothing).gradients
        return {path: dense(g) - dense(penalty[path]) for path, g in gradients.items()}


class _PenaltyPerTask(_OtherGradients):
    """Adds the penalty once for each task."""

    def taken(self, gradients: dict[str, Any], batch: Batch, weights: TaskWeights) -> dict[str, Any]:
        nothing = dict.fromkeys(weights, 0.0)
        penalty = self.inner.value_with_gradient(on=batch, weights=nothing).gradients
        return {path: dense(g) + (len(weights) - 1) * dense(penalty[path]) for path, g in gradients.items()}


class _NoEntryWithoutGradient(_OtherGradients):
    def taken(self, gradients: dict[str, Any], batch: Batch, weights: TaskWeights) -> dict[str, Any]:
        return {path: g for path, g in gradients.items() if np.any(dense(g))}

    def update(self, *, along: Gradients, statistics: Statistics, learning_rate: float, phase: int = 0) -> None:
        whole = {path: along.get(path, np.zeros(self.graph.by_path[path].shape)) for path in self.graph.trainable}
        self.inner.update(along=Gradients(whole), statistics=statistics, learning_rate=learning_rate, phase=phase)


class _LastOccurrence(_OtherGradients):
    """Keeps, of an id that occurs several times, the last value alone."""

    def taken(self, gradients: dict[str, Any], batch: Batch, weights: TaskWeights) -> dict[str, Any]:
        return {path: self._last(g) if isinstance(g, Rows) else g for path, g in gradients.items()}

    def _last(self, rows: Rows) -> Rows:
        later = [id in rows.ids[k + 1 :] for k, id in enumerate(rows.ids)]
        return Rows(rows.ids, np.where(np.asarray(later)[:, None], 0.0, rows.values), rows.count)


class _RowsSummed(_OtherGradients):
    """Gives the whole table where the rows are asked for."""

    def taken(self, gradients: dict[str, Any], batch: Batch, weights: TaskWeights) -> dict[str, Any]:
        return {path: dense(g) for path, g in gradients.items()}


class _StepNotAdvanced(Wrapper):
    """Returns statistics in which every dropout step is the old one."""

    def value_with_gradient(self, *, on: Batch, weights: TaskWeights) -> ValueWithGradient:
        value, gradients, statistics = self.inner.value_with_gradient(on=on, weights=weights)
        held = self.inner.parameters
        still = {path: held[path] if path.endswith(".step") else new for path, new in statistics.items()}
        return ValueWithGradient(value, gradients, Statistics(still))


class _StatisticsForgotten(Wrapper):
    def value_with_gradient(self, *, on: Batch, weights: TaskWeights) -> ValueWithGradient:
        value, gradients, _ = self.inner.value_with_gradient(on=on, weights=weights)
        return ValueWithGradient(value, gradients, Statistics())


class _GradientMoves(Wrapper):
    """Takes over the statistics of a pass that should change nothing."""

    def value_with_gradient(self, *, on: Batch, weights: TaskWeights) -> ValueWithGradient:
        found = self.inner.value_with_gradient(on=on, weights=weights)
        self.inner.parameters = found.statistics
        return found


THREE = ("tasks/three-share-one-trunk",)

GRADIENT_MUTANTS = (
    Mutant(
        "gradient-moves",
        "Moves running statistics.",
        "loss",
        ("layer/batch-normalization",),
        program=_GradientMoves,
    ),
    Mutant("trunk-detached", "Cuts one task off the trunk.", "gradient", THREE, program=_TrunkDetached),
    Mutant("bias-frozen", "Has no gradient for biases.", "gradient", ("layer/dense",), program=_BiasFrozen),
    Mutant(
        "penalty-without-gradient",
        "Reports the penalty and does not follow it.",
        "gradient",
        ("penalty/l1-and-l2",),
        program=_PenaltyWithoutGradient,
    ),
    Mutant(
        "penalty-per-task",
        "Adds the penalty once for each task.",
        "gradient",
        ("phases/rates-of-their-own",),
        program=_PenaltyPerTask,
    ),
    Mutant(
        "no-entry-without-gradient",
        "Leaves out parameters that nothing reaches.",
        "shape",
        ("tasks/unused-parts",),
        program=_NoEntryWithoutGradient,
    ),
    Mutant(
        "last-occurrence",
        "Keeps the last of repeated ids.",
        "gradient",
        ("law/table-separate",),
        program=_LastOccurrence,
    ),
    Mutant("rows-summed", "Gives tables for rows.", "shape", ("law/table-separate",), program=_RowsSummed),
    Mutant("dropout-step-still", "Never draws another mask.", "gradient", ("layer/dropout",), program=_StepNotAdvanced),
    Mutant(
        "statistics-forgotten",
        "Returns no statistics.",
        "shape",
        ("layer/batch-normalization",),
        program=_StatisticsForgotten,
    ),
)
