"""Focal losses, each with the pullback to the logits."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from mtlspec.spec.losses import SigmoidFocal, SoftmaxFocal
from mtlspec.tensors import Array
from mtlspec_numpy.cross_entropies import log_softmax, smoothed
from mtlspec_numpy.distances import mean_of
from mtlspec_numpy.pullback import Pullback


def sigmoid_focal(loss: SigmoidFocal, logits: Array, targets: Array) -> tuple[Array, Pullback]:
    """mean_l of a·(1 - P)^gamma·-(q·log p + (1 - q)·log(1 - p)), P = q·p + (1 - q)·(1 - p)."""
    s, gamma = loss.label_smoothing, loss.gamma
    q = (1 - s) * targets + s / 2
    yes, no = -np.logaddexp(0, -logits), -np.logaddexp(0, logits)
    with np.errstate(divide="ignore"):  # the logarithm of 0 is that of no part
        missed = np.logaddexp(np.log(q) + no, np.log1p(-q) + yes)
    balance = np.ones_like(q) if loss.alpha is None else q * loss.alpha + (1 - q) * (1 - loss.alpha)
    factor = balance * np.exp(gamma * missed)
    entropy = -(q * yes + (1 - q) * no)
    slope = expit(logits) - q + entropy * gamma * (1 - 2 * q) * np.exp(yes + no - missed)
    return mean_of(factor * entropy, factor * slope)


def softmax_focal(loss: SoftmaxFocal, logits: Array, targets: Array) -> tuple[Array, Pullback]:
    """-Σ_c alpha_c·q_c·(1 - p_c)^gamma·log p_c."""
    q, gamma, factors = smoothed(loss, targets, logits), loss.gamma, loss.factors(logits.shape[-1])
    q = q if factors is None else q * np.asarray(factors, dtype=q.dtype)
    logarithms = log_softmax(logits)
    p = np.exp(logarithms)
    missed = others(p)
    power = missed**gamma
    # (1 - p)^(gamma - 1)·p·log p has the limit 0 at p = 1, for gamma below 1 too
    below = np.where(missed > 0, power * p * logarithms / np.where(missed > 0, missed, 1), 0)
    by_logarithm = q * (gamma * below - power)
    slope = by_logarithm - p * by_logarithm.sum(axis=-1, keepdims=True)
    return -(q * power * logarithms).sum(axis=-1), lambda cotangent: cotangent[:, None] * slope


def others(p: Array) -> Array:
    """Return 1 - p_c; beside the largest as a sum of the others, which does not cancel."""
    top = np.arange(p.shape[-1]) == p.argmax(axis=-1)[..., None]
    return np.where(top, np.where(top, 0, p).sum(axis=-1, keepdims=True), 1 - p)
