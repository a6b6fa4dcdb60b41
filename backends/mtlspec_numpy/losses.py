"""Losses: from logits and targets to one number per position or example, with the pullback to the logits."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from mtlspec.spec import losses as kinds
from mtlspec.spec.losses import Loss
from mtlspec.tensors import Array
from mtlspec_numpy import cross_entropies, distances, extension, focal, likelihoods, margins, overlaps, rankings
from mtlspec_numpy.activations import softmax
from mtlspec_numpy.pullback import Pullback

Returned = tuple[Array, Pullback]
Present = NDArray[np.bool_]


def loss_per_example(loss: Loss, logits: Array, targets: Array, present: Present | None = None) -> Returned:
    """Return the loss of each position (B, *positions), or of each example (B) if it has that scope.

    The pullback leads from its gradient to that of the logits (B, *positions, units). `present` (B, *positions) says
    which positions a loss of examples reads; None: all.
    """
    positions, units, rest = logits.shape[:-1], logits.shape[-1], targets.shape[logits.ndim - 1 :]
    flat = (len(logits), math.prod(positions[1:]))
    here = np.ones(flat, dtype=np.bool_) if present is None else present.reshape(flat)
    each, pullback = _flat(loss, logits.reshape(*flat, units), targets.reshape(*flat, *rest), here)
    if loss.scope == "example":
        return each, lambda cotangent: pullback(cotangent).reshape(logits.shape)
    return each.reshape(positions), lambda cotangent: pullback(cotangent.reshape(flat)).reshape(logits.shape)


def _flat(loss: Loss, logits: Array, targets: Array, present: Present) -> Returned:
    """Return the losses (B, n), or (B) of examples, for logits (B, n, units) and n positions of each example."""
    whole = COMBINATIONS.get(type(loss)) or EXAMPLE_LOSSES.get(type(loss))
    if whole is not None:
        return whole(loss, logits, targets, present)
    rows = targets.reshape(-1, *targets.shape[2:])
    each, pullback = LOSSES.get(type(loss), extension.loss)(loss, logits.reshape(-1, logits.shape[-1]), rows)
    return each.reshape(present.shape), lambda cotangent: pullback(cotangent.reshape(-1)).reshape(logits.shape)


def weighted_sum(loss: kinds.WeightedSum, logits: Array, targets: Array, present: Present) -> Returned:
    """Σ_t weight_t·loss_t; in a loss of examples, terms of positions are means over those that are present."""
    terms = []
    for term in loss.terms:
        each, pullback = _flat(term.loss, logits, targets, present)
        if loss.scope == "example" and term.loss.scope == "position":
            each, pullback = _mean_of_present(each, pullback, present)
        terms.append((term.weight, each, pullback))
    return (
        np.asarray(sum(weight * each for weight, each, _ in terms)),
        lambda cotangent: np.asarray(sum(weight * back(cotangent) for weight, _, back in terms)),
    )


def _mean_of_present(each: Array, pullback: Pullback, present: Present) -> Returned:
    shares = (present / np.maximum(present.sum(axis=1, keepdims=True), 1)).astype(each.dtype)
    return (shares * each).sum(axis=1), lambda cotangent: pullback(shares * cotangent[:, None])


def linked(loss: Loss, logits: Array) -> Array:
    """Return the predictions that a loss makes of logits: probabilities, or the logits themselves."""
    return LINKS[loss.link](loss.linking, logits)


LOSSES: dict[type[Loss], Callable[[Any, Array, Array], Returned]] = {
    kinds.SoftmaxCrossEntropy: cross_entropies.softmax_cross_entropy,
    kinds.SigmoidCrossEntropy: cross_entropies.sigmoid_cross_entropy,
    kinds.OrdinalCrossEntropy: cross_entropies.ordinal_cross_entropy,
    kinds.KullbackLeibler: cross_entropies.kullback_leibler,
    kinds.SoftmaxFocal: focal.softmax_focal,
    kinds.SigmoidFocal: focal.sigmoid_focal,
    kinds.SquaredError: distances.squared_error,
    kinds.AbsoluteError: distances.absolute_error,
    kinds.Huber: distances.huber,
    kinds.LogCosh: distances.log_cosh,
    kinds.Quantile: distances.quantile,
    kinds.PercentageError: distances.percentage_error,
    kinds.SquaredLogarithmicError: distances.squared_logarithmic_error,
    kinds.CosineSimilarity: distances.cosine_similarity,
    kinds.Poisson: likelihoods.poisson,
    kinds.GaussianLikelihood: likelihoods.gaussian_likelihood,
    kinds.Hinge: margins.hinge,
    kinds.SquaredHinge: margins.squared_hinge,
    kinds.CategoricalHinge: margins.categorical_hinge,
    kinds.MultiMargin: margins.multi_margin,
}
"""By kind: from logits (N, units) and targets of N positions to their losses (N), and back."""

EXAMPLE_LOSSES: dict[type[Loss], Callable[[Any, Array, Array, Present], Returned]] = {
    kinds.Dice: overlaps.dice,
    kinds.PairwiseRanking: rankings.pairwise_ranking,
    kinds.ListNet: rankings.list_net,
    kinds.ListMle: rankings.list_mle,
}
"""By kind: from logits (B, n, units), targets and which of the n positions are present, to losses (B), and back."""

COMBINATIONS: dict[type[Loss], Callable[[Any, Array, Array, Present], Returned]] = {kinds.WeightedSum: weighted_sum}
"""By kind that is made of others: from the same to losses (B, n), or (B) of examples, and back."""

LINKS: dict[str, Callable[[Any, Array], Array]] = {
    "none": lambda loss, z: z,
    "sigmoid": lambda loss, z: np.asarray(expit(z)),
    "softmax": lambda loss, z: softmax(z),
    "exp": lambda loss, z: np.exp(z),
    "gaussian": likelihoods.gaussian_predictions,
    "ordinal": lambda loss, z: cross_entropies.ordinal_probabilities(z),
}
"""From logits to predictions, by the `link` of a loss."""
