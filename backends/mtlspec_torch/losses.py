"""Losses: each a module that maps logits and targets of one task to one number per position or example."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from mtlspec.spec import losses as spec
from mtlspec_torch import cross_entropies, distances, focal, likelihoods, margins, overlaps, rankings
from mtlspec_torch.combinations import WeightedSum, WeightedSumOfExamples
from mtlspec_torch.extension import ExtensionLoss
from mtlspec_torch.loss import TaskLoss


def _weighted_sum(loss: spec.WeightedSum) -> TaskLoss:
    kind = WeightedSumOfExamples if loss.scope == "example" else WeightedSum
    return kind([term.weight for term in loss.terms], [_made(term.loss) for term in loss.terms])


LOSSES: dict[type[spec.Loss], Callable[[Any], TaskLoss]] = {
    spec.SoftmaxCrossEntropy: cross_entropies.softmax_cross_entropy,
    spec.SigmoidCrossEntropy: cross_entropies.sigmoid_cross_entropy,
    spec.OrdinalCrossEntropy: cross_entropies.OrdinalCrossEntropy,
    spec.KullbackLeibler: cross_entropies.kullback_leibler,
    spec.SoftmaxFocal: focal.SoftmaxFocal,
    spec.SigmoidFocal: focal.SigmoidFocal,
    spec.SquaredError: lambda loss: distances.SquaredError(),
    spec.AbsoluteError: lambda loss: distances.AbsoluteError(),
    spec.Huber: distances.Huber,
    spec.LogCosh: lambda loss: distances.LogCosh(),
    spec.Quantile: distances.Quantile,
    spec.PercentageError: distances.PercentageError,
    spec.SquaredLogarithmicError: distances.SquaredLogarithmicError,
    spec.CosineSimilarity: distances.CosineSimilarity,
    spec.Poisson: likelihoods.Poisson,
    spec.GaussianLikelihood: likelihoods.GaussianLikelihood,
    spec.Hinge: margins.Hinge,
    spec.SquaredHinge: margins.Hinge,
    spec.CategoricalHinge: margins.CategoricalHinge,
    spec.MultiMargin: margins.MultiMargin,
    spec.Dice: overlaps.Dice,
    spec.PairwiseRanking: rankings.PairwiseRanking,
    spec.ListNet: rankings.ListNet,
    spec.ListMle: lambda loss: rankings.ListMle(),
    spec.WeightedSum: _weighted_sum,
}


def _made(loss: spec.Loss) -> TaskLoss:
    return LOSSES.get(type(loss), ExtensionLoss)(loss)


def loss_function(loss: spec.Loss, *, device: torch.device, dtype: torch.dtype) -> TaskLoss:
    """Return the module that computes `loss`."""
    return _made(loss).to(device=device, dtype=dtype)


LINKS: dict[str, Callable[[Any, Tensor], Tensor]] = {
    "none": lambda loss, logits: logits,
    "sigmoid": lambda loss, logits: torch.sigmoid(logits),
    "softmax": lambda loss, logits: logits.softmax(-1),
    "exp": lambda loss, logits: logits.exp(),
    "gaussian": likelihoods.gaussian_predictions,
    "ordinal": lambda loss, logits: cross_entropies.ordinal_probabilities(logits),
}
"""From logits to predictions, by the `link` of a loss."""


def linked(loss: spec.Loss, logits: Tensor) -> Tensor:
    """Return the predictions that a loss makes of logits."""
    return LINKS[loss.link](loss.linking, logits)
