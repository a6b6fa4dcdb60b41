"""Mutants of what a loss is divided by, and of constant factors that definitions of one loss differ by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from mtlspec.backend import TaskWeights, ValueWithGradient
from mtlspec.batch import Batch
from mtlspec.graph import Head
from mtlspec.spec import losses
from mtlspec_conformance.mutants.mutant import Mutant
from mtlspec_conformance.mutants.rewriting import every
from mtlspec_conformance.wrapper import Wrapper


class _OtherDenominators(Wrapper):
    """Divides the loss of a task by another number than it is given, in losses and gradients alike."""

    def divided(self, head: Head, batch: Batch) -> float:
        raise NotImplementedError

    def _seen(self, batch: Batch) -> Batch:
        return replace(batch, denominators={head.task: self.divided(head, batch) for head in self.graph.heads})

    def losses(self, *, on: Batch, training: bool = True) -> dict[str, float]:
        return self.inner.losses(on=self._seen(on), training=training)

    def value_with_gradient(self, *, on: Batch, weights: TaskWeights) -> ValueWithGradient:
        return self.inner.value_with_gradient(on=self._seen(on), weights=weights)


class _WeightsDivide(_OtherDenominators):
    def divided(self, head: Head, batch: Batch) -> float:
        return float(batch.weights[head.task].sum()) or 1.0


class _ZeroIsAbsent(_OtherDenominators):
    """Counts the labels whose weight is not 0."""

    def divided(self, head: Head, batch: Batch) -> float:
        return float(np.count_nonzero(batch.weights[head.task])) or 1.0


class _FirstTaskDivides(_OtherDenominators):
    def divided(self, head: Head, batch: Batch) -> float:
        return batch.denominators[self.graph.tasks[0]]


class _OtherFactor(_OtherDenominators):
    """Has another constant factor in one kind of loss."""

    def factor(self, head: Head) -> float:
        raise NotImplementedError

    def divided(self, head: Head, batch: Batch) -> float:
        return batch.denominators[head.task] / self.factor(head)


class _UnitsSummed(_OtherFactor):
    def factor(self, head: Head) -> float:
        return 1.0 if isinstance(head.loss, losses.SoftmaxCrossEntropy) else float(head.units)


class _HalfSquares(_OtherFactor):
    def factor(self, head: Head) -> float:
        return 0.5 if isinstance(head.loss, losses.SquaredError) else 1.0


class _SmoothL1(_OtherFactor):
    """Divides the Huber loss by delta, as `smooth_l1_loss` does."""

    def factor(self, head: Head) -> float:
        return 1 / head.loss.delta if isinstance(head.loss, losses.Huber) else 1.0


def _no_class_weights(weights: object) -> None:
    return None


OfAll: Callable[[str], str] = {"example": "class_terms", "class_terms": "class_terms"}.__getitem__
SOFTMAX = losses.SoftmaxCrossEntropy

REDUCTION_MUTANTS = (
    Mutant(
        "weights-divide",
        "Divides by the sum of the weights.",
        "loss",
        ("reduction/present", "reduction/batch"),
        program=_WeightsDivide,
    ),
    Mutant(
        "zero-weight-is-absent",
        "Does not count a label whose weight is 0.",
        "loss",
        ("reduction/present",),
        program=_ZeroIsAbsent,
    ),
    Mutant(
        "first-task-divides",
        "Divides every task by what divides the first.",
        "loss",
        ("reduction/present", "reduction/weight-sum"),
        program=_FirstTaskDivides,
    ),
    Mutant(
        "units-summed",
        "Adds up the units of a head.",
        "loss",
        ("loss/squared-error", "loss/absolute-error", "loss/huber", "loss/sigmoid"),
        program=_UnitsSummed,
    ),
    Mutant("half-squares", "Takes half of the square.", "loss", ("loss/squared-error",), program=_HalfSquares),
    Mutant("smooth-l1", "Divides by delta.", "loss", ("loss/huber-small-delta",), program=_SmoothL1),
    Mutant(
        "class-weights-forgotten",
        "Has no class weights in its terms.",
        "loss",
        ("loss/softmax-class-terms", "loss/softmax-class-terms-unsmoothed"),
        every(SOFTMAX, class_weights=_no_class_weights),
    ),
    Mutant(
        "class-weights-twice",
        "Multiplies class weights into terms that the examples' weights have already.",
        "loss",
        ("loss/softmax-class-weights",),
        every(SOFTMAX, class_weights_apply_to=OfAll),
    ),
)
