"""Losses: native Keras losses of our formulas."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mtlspec.graph import Head
from mtlspec.spec import losses
from mtlspec.spec.training import Precision
from mtlspec_keras import cross_entropies, distances, focal, likelihoods, margins, overlaps, rankings
from mtlspec_keras.combinations import WeightedSum, WeightedSumOfExamples
from mtlspec_keras.cross_entropies import reads
from mtlspec_keras.engine import tf
from mtlspec_keras.extension import extension_loss
from mtlspec_keras.loss import TaskLoss

Made = tuple[type[TaskLoss], dict[str, Any]]
"""A native loss, and the numbers of its formula."""


def _of(cls: type[TaskLoss], *fields: str) -> Callable[[Any], Made]:
    """Return what makes a native loss of the fields of a spec that its formula reads."""
    return lambda loss: (cls, {name: getattr(loss, name) for name in fields})


def _reading(cls: type[TaskLoss], *fields: str) -> Callable[[Any], Made]:
    """Return the same for a loss that may read clipped probabilities."""
    return lambda loss: (cls, {**{name: getattr(loss, name) for name in fields}, **reads(loss.from_)})


def _dice(loss: losses.Dice) -> Made:
    fields = ("of", "squares", "smooth", "smooth_in", "classes")
    return overlaps.Dice, {**{name: getattr(loss, name) for name in fields}, "indices": loss.form == "classes"}


LOSSES: Mapping[type[losses.Loss], Callable[[Any], Made]] = {
    losses.SoftmaxCrossEntropy: _reading(
        cross_entropies.SoftmaxCrossEntropy, "targets", "label_smoothing", "term_weights"
    ),
    losses.SigmoidCrossEntropy: _reading(cross_entropies.SigmoidCrossEntropy, "label_smoothing", "positive_weights"),
    losses.OrdinalCrossEntropy: _of(cross_entropies.OrdinalCrossEntropy, "threshold_weights"),
    losses.KullbackLeibler: _reading(cross_entropies.KullbackLeibler),
    losses.SoftmaxFocal: _of(focal.SoftmaxFocal, "gamma", "alpha", "label_smoothing"),
    losses.SigmoidFocal: _of(focal.SigmoidFocal, "gamma", "alpha", "label_smoothing"),
    losses.SquaredError: _of(distances.SquaredError),
    losses.AbsoluteError: _of(distances.AbsoluteError),
    losses.Huber: _of(distances.Huber, "delta"),
    losses.LogCosh: _of(distances.LogCosh),
    losses.Quantile: _of(distances.Quantile, "quantiles"),
    losses.PercentageError: _of(distances.PercentageError, "epsilon"),
    losses.SquaredLogarithmicError: _of(distances.SquaredLogarithmicError, "clip"),
    losses.CosineSimilarity: _of(distances.CosineSimilarity, "value", "epsilon", "epsilon_placement"),
    losses.Poisson: _of(likelihoods.Poisson, "input", "epsilon", "full"),
    losses.GaussianLikelihood: _of(likelihoods.GaussianLikelihood, "variance", "minimum", "below_minimum", "full"),
    losses.Hinge: _of(margins.Hinge, "targets"),
    losses.SquaredHinge: _of(margins.SquaredHinge, "targets"),
    losses.CategoricalHinge: _of(margins.CategoricalHinge, "rivals"),
    losses.MultiMargin: _of(margins.MultiMargin, "margin", "power", "class_weights"),
    losses.Dice: _dice,
    losses.PairwiseRanking: _of(rankings.PairwiseRanking, "function", "margin", "pairs"),
    losses.ListNet: _of(rankings.ListNet, "relevances"),
    losses.ListMle: _of(rankings.ListMle),
    losses.WeightedSum: lambda loss: (WeightedSumOfExamples if loss.scope == "example" else WeightedSum, {}),
}

REDUCTIONS = {
    "batch": "sum_over_batch_size",
    "present": "mean_with_sample_weight",
    "weight_sum": "mean_with_sample_weight",
}
"""What a loss does with its examples in native `fit`; `present` is the same only where every weight is 0 or 1.

Nor does Keras know that `weight_sum` adds up factors of classes that apply to class terms.
"""

LINKS: Mapping[str, Callable[[Any, Any], Any]] = {
    "none": lambda loss, z: z,
    "sigmoid": lambda loss, z: tf.sigmoid(z),
    "softmax": lambda loss, z: tf.nn.softmax(z),
    "exp": lambda loss, z: tf.exp(z),
    "gaussian": likelihoods.gaussian_predictions,
    "ordinal": lambda loss, z: cross_entropies.ordinal_probabilities(z),
}
"""From logits to predictions, by the `link` of a loss."""


def linked(loss: losses.Loss, logits: Any) -> Any:
    """Return the predictions that a loss makes of logits."""
    return LINKS[loss.link](loss.linking, logits)


def loss_function(head: Head, precision: Precision) -> TaskLoss:
    """Return the native loss of a task."""
    return _native(head.loss, head.task, REDUCTIONS[head.loss.reduction], precision)


def _native(loss: losses.Loss, name: str, reduction: str | None, precision: Precision) -> TaskLoss:
    build: Callable[[Any], Made] = LOSSES.get(type(loss), extension_loss)
    kind, numbers = build(loss)
    if isinstance(loss, losses.WeightedSum):
        terms = [_native(term.loss, f"{name}_{index}", None, precision) for index, term in enumerate(loss.terms)]
        numbers = {"terms": terms, "weights": tuple(term.weight for term in loss.terms)}
    return kind(dtype=precision, name=name, reduction=reduction, **numbers)
