"""Losses of the reference with a mistake in them, beyond those of the first five."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from mtlspec_numpy import cross_entropies, distances, focal, likelihoods, losses, margins, overlaps, rankings
from mtlspec_numpy.program import NumpyProgram
from mtlspec_numpy.pullback import Pullback
from scipy.special import expit, xlogy

from mtlspec.batch import Batch
from mtlspec.graph import Head
from mtlspec.spec import losses as risks
from mtlspec.tensors import Array
from mtlspec_conformance.mutants.rewriting import having

Returned = tuple[Array, Pullback]
OF_POSITIONS, OF_EXAMPLES = losses.loss_per_example, dict(losses.EXAMPLE_LOSSES)


def weights_added(program: Any, head: Head, logits: Array, batch: Batch) -> tuple[float, Pullback]:
    """The loss of a program that adds up the weights of an example's positions, in place of the largest."""
    if head.loss.scope != "example":
        return NumpyProgram._loss(program, head, logits, batch)
    weights = np.asarray(batch.weights[head.task])
    targets, denominator = np.asarray(batch.targets[head.task]), float(batch.denominators[head.task])
    each, pullback = OF_POSITIONS(head.loss, logits, targets, weights != 0)
    share = weights.sum(axis=tuple(range(1, weights.ndim))) / denominator
    return float((share * each).sum()), lambda cotangent: pullback(share * cotangent)


def absent_seen(loss: risks.Loss, logits: Array, targets: Array, present: Any = None) -> Returned:
    """A loss of examples that reads the positions without a label, too."""
    return OF_POSITIONS(loss, logits, targets)


def factor_detached(loss: risks.SoftmaxFocal, logits: Array, targets: Array) -> Returned:
    """The focal loss whose factor is a constant to its gradient."""
    values, _ = focal.softmax_focal(loss, logits, targets)
    q = cross_entropies.smoothed(loss, targets, logits)
    q = q * np.asarray(loss.factors(logits.shape[-1]) or 1.0)
    p = np.exp(cross_entropies.log_softmax(logits))
    own = q * focal.others(p) ** loss.gamma
    slope = p * own.sum(axis=-1, keepdims=True) - own
    return values, lambda cotangent: cotangent[:, None] * slope


def easy_counts(loss: risks.SigmoidFocal, logits: Array, targets: Array) -> Returned:
    """The focal loss with the power of the probability of the truth, in place of that of a miss."""
    s, gamma = loss.label_smoothing, loss.gamma
    q = (1 - s) * targets + s / 2
    p = expit(logits)
    truth = q * p + (1 - q) * (1 - p)
    values, pullback = focal.sigmoid_focal(loss, logits, targets)
    scale = (truth / (1 - truth)).mean(axis=-1) ** gamma
    return values * scale, lambda cotangent: pullback(cotangent * scale)


def threshold_above(loss: risks.OrdinalCrossEntropy, logits: Array, targets: Array) -> Returned:
    """Thresholds that a class passes which is as large."""
    return cross_entropies.ordinal_cross_entropy(loss, logits, targets + 1)


def thresholds_as_they_are(loss: Any, logits: Array) -> Array:
    """Probabilities of classes as differences of thresholds that need not fall."""
    p = expit(logits)
    edge = np.ones_like(p[..., :1])
    return np.asarray(np.concatenate([edge, p], axis=-1) - np.concatenate([p, 0 * edge], axis=-1))


def entropy_forgotten(loss: risks.KullbackLeibler, logits: Array, targets: Array) -> Returned:
    """The cross-entropy, which has the gradient of the divergence."""
    values, pullback = cross_entropies.kullback_leibler(loss, logits, targets)
    return values - xlogy(targets, targets).sum(axis=-1), pullback


def without_logarithm_of_two(loss: risks.LogCosh, logits: Array, targets: Array) -> Returned:
    """log(cosh(e)) + log 2."""
    values, pullback = distances.log_cosh(loss, logits, targets)
    return values + math.log(2), pullback


def quantiles_turned(loss: risks.Quantile, logits: Array, targets: Array) -> Returned:
    """The quantiles from above."""
    turned = tuple(1 - q for q in loss.quantiles)
    return distances.quantile(having(loss, quantiles=turned), logits, targets)


def share_of_prediction(loss: risks.PercentageError, logits: Array, targets: Array) -> Returned:
    """The error as a share of the prediction."""
    return distances.percentage_error(loss, targets, logits)


def slope_below_clip(loss: risks.SquaredLogarithmicError, logits: Array, targets: Array) -> Returned:
    """A clip that lets the gradient through."""
    values, _ = distances.squared_logarithmic_error(loss, logits, targets)
    kept = np.maximum(logits, loss.clip)
    error = np.log1p(kept) - np.log1p(np.maximum(targets, loss.clip))
    return values, distances.mean_of(error * error, 2 * error / (1 + kept))[1]


def epsilon_added(loss: risks.CosineSimilarity, x: Array) -> tuple[Array, Array]:
    """A norm that epsilon is added to."""
    squares = (x * x).sum(axis=-1, keepdims=True)
    return np.sqrt(squares) + loss.epsilon, np.ones_like(squares)


def stirling_from_one(y: Array) -> Array:
    """Stirling's terms where y is 1, too."""
    held = np.maximum(y, 1)
    return np.where(y >= 1, held * np.log(held) - held + np.log(2 * math.pi * held) / 2, 0)


def deviation(loss: risks.GaussianLikelihood, raw: Array) -> tuple[Array, Array]:
    """The logarithm of a variance whose root the head gives."""
    values, slope = LOG_VARIANCE(loss, raw)
    return 2 * values, 2 * slope


LOG_VARIANCE = likelihoods._log_variance


def variance_constant(loss: risks.GaussianLikelihood, raw: Array) -> tuple[Array, Array]:
    """A variance without a gradient."""
    values, slope = LOG_VARIANCE(loss, raw)
    return values, 0 * slope


def flat_at_the_kink(loss: risks.Hinge, logits: Array, targets: Array) -> Returned:
    """A hinge whose slope is 0 at the margin."""
    values, _ = margins.hinge(loss, logits, targets)
    t = margins.signs(loss, targets)
    return values, distances.mean_of(t, -t * (t * logits < 1))[1]


def first_of_equals(loss: risks.CategoricalHinge, logits: Array, targets: Array) -> Returned:
    """A hinge that moves one rival of several equal ones."""
    values, pullback = margins.categorical_hinge(loss, logits, targets)
    one = logits - 1e-9 * np.arange(logits.shape[-1])
    return values, margins.categorical_hinge(loss, one, targets)[1] if logits.size else pullback


def margins_added(loss: risks.MultiMargin, logits: Array, targets: Array) -> Returned:
    """The sum over the classes, not divided by their number."""
    values, pullback = margins.multi_margin(loss, logits, targets)
    classes = logits.shape[-1]
    return values * classes, lambda cotangent: pullback(cotangent * classes)


def over_the_batch(loss: risks.Dice, logits: Array, targets: Array, present: Any) -> Returned:
    """Sums over the positions of the whole batch, as those of Keras."""
    count = len(logits)
    together = [array.reshape(1, -1, *array.shape[2:]) for array in (logits, targets, present)]
    values, pullback = overlaps.dice(loss, *together)
    return np.repeat(values, count), lambda cotangent: pullback(cotangent.sum(keepdims=True)).reshape(logits.shape)


def equal_pairs(loss: risks.PairwiseRanking, logits: Array, targets: Array, present: Any) -> Returned:
    """Pairs of items that are equally relevant, the first of which is to win."""
    falling = targets - 1e-6 * np.arange(targets.shape[1])[:, None]
    return rankings.pairwise_ranking(loss, logits, falling, present)


def as_given(loss: risks.ListMle, logits: Array, targets: Array, present: Any) -> Returned:
    """A list in the order in which it comes."""
    return rankings.list_mle(loss, logits, 0 * targets, present)


def relevances_unsoftened(loss: risks.ListNet, logits: Array, targets: Array, present: Any) -> Returned:
    """Relevances that are taken for probabilities."""
    kept = targets[..., 0] * present
    logarithms = rankings._log_softmax(logits[..., 0], present)
    slope = np.exp(logarithms) * present * kept.sum(axis=1, keepdims=True) - kept
    return -(kept * logarithms).sum(axis=1), lambda cotangent: (cotangent[:, None] * slope)[..., None]


def terms_unweighted(loss: risks.WeightedSum, *given: Any) -> Returned:
    """The plain sum of the terms."""
    return losses.weighted_sum(having(loss, terms=tuple(having(term, weight=1.0) for term in loss.terms)), *given)
