"""Mutants of losses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mtlspec.backend import TaskWeights, TotalLoss, ValueWithGradient
from mtlspec.batch import Batch
from mtlspec.class_weights import class_factors
from mtlspec.graph import Head
from mtlspec.spec.losses import SoftmaxCrossEntropy
from mtlspec.tensors import Array
from mtlspec_conformance.mutants.mutant import Mutant
from mtlspec_conformance.mutants.rewriting import every, having
from mtlspec_conformance.wrapper import Wrapper


class _OtherBatch(Wrapper):
    """Sees another batch than the one given, in losses and gradients alike."""

    def seen(self, batch: Batch) -> Batch:
        raise NotImplementedError

    def losses(self, *, on: Batch, training: bool = True) -> dict[str, float]:
        return self.inner.losses(on=self.seen(on), training=training)

    def value_with_gradient(self, *, on: Batch, weights: TaskWeights) -> ValueWithGradient:
        return self.inner.value_with_gradient(on=self.seen(on), weights=weights)


class _BatchDivides(_OtherBatch):
    def seen(self, batch: Batch) -> Batch:
        return replace(batch, denominators=dict.fromkeys(batch.denominators, float(len(batch))))


class _NothingDivides(_OtherBatch):
    def seen(self, batch: Batch) -> Batch:
        return replace(batch, denominators=dict.fromkeys(batch.denominators, 1.0))


class _AbsentCount(_OtherBatch):
    def seen(self, batch: Batch) -> Batch:
        return replace(batch, weights={task: np.ones_like(weights) for task, weights in batch.weights.items()})


class _LabelsShuffled(_OtherBatch):
    def seen(self, batch: Batch) -> Batch:
        return replace(batch, targets={task: np.roll(target, 1, axis=0) for task, target in batch.targets.items()})


class _ClassTermsAsExamples(_OtherBatch):
    def seen(self, batch: Batch) -> Batch:
        weights = {head.task: self._weights(head, batch) for head in self.graph.heads}
        return replace(batch, weights=weights)

    def _weights(self, head: Head, batch: Batch) -> Array:
        loss = head.loss
        if not isinstance(loss, SoftmaxCrossEntropy) or loss.term_weights is None:
            return batch.weights[head.task]
        of_example = having(loss, class_weights_apply_to="example")
        return batch.weights[head.task] * class_factors(of_example, batch.targets[head.task]).weighing


class _OtherLosses(Wrapper):
    """Reports other losses."""

    def reported(self, losses: dict[str, float]) -> dict[str, float]:
        raise NotImplementedError

    def losses(self, *, on: Batch, training: bool = True) -> dict[str, float]:
        return self.reported(self.inner.losses(on=on, training=training))


class _WeightedLosses(_OtherLosses):
    def reported(self, losses: dict[str, float]) -> dict[str, float]:
        return {head.task: losses[head.task] * head.weight for head in self.graph.heads}


class _PenaltyInLosses(_OtherLosses):
    def reported(self, losses: dict[str, float]) -> dict[str, float]:
        penalty = 0.0
        values = self.inner.parameters
        for parameter in self.graph.penalized:
            array, rule = values[parameter.path], parameter.penalty
            penalty += rule.l1 * float(np.abs(array).sum()) + rule.l2 * float((array**2).sum())
        return {task: loss + penalty for task, loss in losses.items()}


class _LossesByAlphabet(_OtherLosses):
    def reported(self, losses: dict[str, float]) -> dict[str, float]:
        return dict(zip(sorted(losses), losses.values(), strict=True))


class _NanWithoutLabels(_OtherLosses):
    def reported(self, losses: dict[str, float]) -> dict[str, float]:
        return {task: loss if loss else float("nan") for task, loss in losses.items()}


class _LossMissing(_OtherLosses):
    def reported(self, losses: dict[str, float]) -> dict[str, float]:
        return dict(list(losses.items())[:-1])


class _AlwaysInference(Wrapper):
    def losses(self, *, on: Batch, training: bool = True) -> dict[str, float]:
        return self.inner.losses(on=on, training=False)


class _AlwaysTraining(Wrapper):
    def losses(self, *, on: Batch, training: bool = True) -> dict[str, float]:
        return self.inner.losses(on=on, training=True)


class _LossesMove(Wrapper):
    """Takes over the statistics of a pass that should change nothing."""

    def losses(self, *, on: Batch, training: bool = True) -> dict[str, float]:
        statistics = self.inner.value_with_gradient(on=on, weights=dict.fromkeys(self.graph.tasks, 1.0)).statistics
        found = self.inner.losses(on=on, training=training)
        self.inner.parameters = statistics
        return found


class _PenaltyNotReported(Wrapper):
    def value_with_gradient(self, *, on: Batch, weights: TaskWeights) -> ValueWithGradient:
        value, gradients, statistics = self.inner.value_with_gradient(on=on, weights=weights)
        return ValueWithGradient(TotalLoss(value.losses, 0.0), gradients, statistics)


class _GradientWeightsLosses(Wrapper):
    """Reports, beside the gradient, the losses as they were weighted."""

    def value_with_gradient(self, *, on: Batch, weights: TaskWeights) -> ValueWithGradient:
        value, gradients, statistics = self.inner.value_with_gradient(on=on, weights=weights)
        weighted = {task: loss * weights[task] for task, loss in value.losses.items()}
        return ValueWithGradient(TotalLoss(weighted, value.penalty), gradients, statistics)


THREE = ("tasks/three-share-one-trunk",)
WEIGHTED = ("reduction/present",)

LOSS_VALUE_MUTANTS = (
    Mutant("batch-divides", "Divides by the number of examples.", "loss", WEIGHTED, program=_BatchDivides),
    Mutant("nothing-divides", "Adds up the examples.", "loss", WEIGHTED, program=_NothingDivides),
    Mutant("absent-count", "Counts labels that are absent.", "loss", WEIGHTED, program=_AbsentCount),
    Mutant("labels-shuffled", "Gives examples each other's labels.", "loss", ("layer/dense",), program=_LabelsShuffled),
    Mutant(
        "class-terms-as-examples",
        "Multiplies the loss of an example by the factor of its class.",
        "loss",
        ("loss/softmax-class-terms", "loss/softmax-class-terms-of-probabilities"),
        every(SoftmaxCrossEntropy, class_weights_apply_to="example"),
        _ClassTermsAsExamples,
    ),
    Mutant("losses-weighted", "Reports weighted losses.", "loss", THREE, program=_WeightedLosses),
    Mutant(
        "losses-weighted-beside-gradient",
        "Reports weighted losses beside the gradient.",
        "loss",
        THREE,
        program=_GradientWeightsLosses,
    ),
    Mutant(
        "penalty-in-losses", "Adds the penalty to a task.", "loss", ("penalty/l1-and-l2",), program=_PenaltyInLosses
    ),
    Mutant("penalty-not-reported", "Reports no penalty.", "loss", ("penalty/l1-and-l2",), program=_PenaltyNotReported),
    Mutant(
        "losses-by-alphabet",
        "Names losses in alphabetical order.",
        "loss",
        ("tasks/equal-heads",),
        program=_LossesByAlphabet,
    ),
    Mutant("nan-without-labels", "Divides 0 by 0.", "loss", ("tasks/all-labels-absent",), program=_NanWithoutLabels),
    Mutant("loss-missing", "Reports all tasks but the last.", "loss", THREE, program=_LossMissing),
    Mutant(
        "training-is-inference",
        "Has no training mode in its losses.",
        "loss",
        ("layer/dropout", "layer/batch-normalization"),
        program=_AlwaysInference,
    ),
    Mutant(
        "inference-is-training",
        "Has no inference mode in its losses.",
        "loss",
        ("layer/dropout", "layer/batch-normalization"),
        program=_AlwaysTraining,
    ),
    Mutant("losses-move", "Moves running statistics.", "loss", ("layer/batch-normalization",), program=_LossesMove),
)
