"""Likelihoods, each with the pullback to the logits."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import expit

from mtlspec.spec.losses import GaussianLikelihood, Poisson
from mtlspec.tensors import Array
from mtlspec_numpy.distances import mean_of
from mtlspec_numpy.pullback import Pullback

FAR = -30.0
"""Below, log(softplus(r)) is r up to rounding."""


def poisson(loss: Poisson, logits: Array, targets: Array) -> tuple[Array, Pullback]:
    """mean_u of exp(z) - y·z, or of z - y·log(z + epsilon)."""
    if loss.input == "log_rate":
        rate = np.exp(logits)
        values, slope = rate - targets * logits, rate - targets
    else:
        moved = logits + loss.epsilon
        values, slope = logits - targets * np.log(moved), 1 - targets / moved
    return mean_of(values + stirling(targets) if loss.full else values, slope)


def stirling(y: Array) -> Array:
    """Return y·log y - y + log(2π·y) / 2 where y > 1, else 0."""
    held = np.maximum(y, 1)
    return np.where(y > 1, held * np.log(held) - held + np.log(2 * math.pi * held) / 2, 0)


def gaussian_likelihood(loss: GaussianLikelihood, logits: Array, targets: Array) -> tuple[Array, Pullback]:
    """mean_u of (log v + (y - m)² / v) / 2."""
    count = logits.shape[-1] // 2
    error = logits[:, :count] - targets
    free, slope = _log_variance(loss, logits[:, count:])
    held = np.maximum(free, math.log(loss.minimum))
    relative = error * np.exp(-held / 2)
    reached = np.exp(free - held) if loss.below_minimum == "unheld" else free >= held
    constant = math.log(2 * math.pi) / 2 if loss.full else 0.0
    values = (held + relative * relative) / 2 + constant
    by_variance = (1 - relative * relative) / 2 * reached * slope
    slopes = np.concatenate([error * np.exp(-held), by_variance], axis=-1) / count
    return values.mean(axis=-1), lambda cotangent: cotangent[:, None] * slopes


def gaussian_predictions(loss: GaussianLikelihood, logits: Array) -> Array:
    """Return means and variances."""
    count = logits.shape[-1] // 2
    raw = logits[..., count:]
    variance = np.exp(raw) if loss.variance == "exp" else np.logaddexp(0, raw)
    return np.asarray(np.concatenate([logits[..., :count], np.maximum(variance, loss.minimum)], axis=-1))


def _log_variance(loss: GaussianLikelihood, raw: Array) -> tuple[Array, Array]:
    """Return the logarithm of the variance that is not held, and its slope by r."""
    if loss.variance == "exp":
        return raw, np.ones_like(raw)
    near = np.logaddexp(0, np.maximum(raw, FAR))
    far = raw < FAR
    return np.where(far, raw, np.log(near)), np.where(far, 1, expit(raw) / near)
