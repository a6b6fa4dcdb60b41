"""Distances between numbers, each with the pullback to the logits."""

from __future__ import annotations

import math

import numpy as np

from mtlspec.spec import losses as kinds
from mtlspec.tensors import Array
from mtlspec_numpy.pullback import Pullback


def squared_error(loss: kinds.SquaredError, logits: Array, targets: Array) -> tuple[Array, Pullback]:
    """mean_u of (z_u - y_u)²."""
    error = logits - targets
    return mean_of(error * error, 2 * error)


def absolute_error(loss: kinds.AbsoluteError, logits: Array, targets: Array) -> tuple[Array, Pullback]:
    """mean_u of |z_u - y_u|."""
    error = logits - targets
    return mean_of(np.abs(error), np.sign(error))


def huber(loss: kinds.Huber, logits: Array, targets: Array) -> tuple[Array, Pullback]:
    """mean_u of e²/2 where |e| <= delta, else delta·|e| - delta²/2."""
    error, delta = logits - targets, loss.delta
    size = np.abs(error)
    values = np.where(size <= delta, error * error / 2, delta * (size - delta / 2))
    return mean_of(values, np.clip(error, -delta, delta))


def log_cosh(loss: kinds.LogCosh, logits: Array, targets: Array) -> tuple[Array, Pullback]:
    """mean_u of log(cosh(e)): log(1 + 2·sinh(e / 2)²) where that neither cancels nor overflows."""
    error = logits - targets
    size = np.abs(error)
    half = np.sinh(np.minimum(size, 1) / 2)
    values = np.where(size < 1, np.log1p(2 * half * half), size + np.log1p(np.exp(-2 * size)) - math.log(2))
    return mean_of(values, np.tanh(error))


def quantile(loss: kinds.Quantile, logits: Array, targets: Array) -> tuple[Array, Pullback]:
    """mean_q of q·e where e > 0, else (q - 1)·e, e = y - z_q."""
    error, q = targets - logits, np.asarray(loss.quantiles, dtype=logits.dtype)
    slope = np.where(error > 0, q, q - 1)
    return mean_of(slope * error, -slope)


def percentage_error(loss: kinds.PercentageError, logits: Array, targets: Array) -> tuple[Array, Pullback]:
    """mean_u of 100·|z_u - y_u| / max(|y_u|, epsilon)."""
    error, scale = logits - targets, 100 / np.maximum(np.abs(targets), loss.epsilon)
    return mean_of(scale * np.abs(error), scale * np.sign(error))


def squared_logarithmic_error(
    loss: kinds.SquaredLogarithmicError, logits: Array, targets: Array
) -> tuple[Array, Pullback]:
    """mean_u of (log(1 + max(z_u, clip)) - log(1 + max(y_u, clip)))²."""
    kept = np.maximum(logits, loss.clip)
    error = np.log1p(kept) - np.log1p(np.maximum(targets, loss.clip))
    return mean_of(error * error, 2 * error / (1 + kept) * (logits >= loss.clip))


def cosine_similarity(loss: kinds.CosineSimilarity, logits: Array, targets: Array) -> tuple[Array, Pullback]:
    """1 - cos or -cos, cos = Σ_u z_u·y_u / (|z|·|y|)."""
    (norm, moving), (other, _) = _norm(loss, logits), _norm(loss, targets)
    cosine = (logits / norm * (targets / other)).sum(axis=-1, keepdims=True)
    slope = (targets / other - moving * cosine * logits / norm) / norm
    values = -cosine if loss.value == "negative" else 1 - cosine
    return values[:, 0], lambda cotangent: -cotangent[:, None] * slope


def _norm(loss: kinds.CosineSimilarity, x: Array) -> tuple[Array, Array]:
    """Return the norm of each row, kept from 0, and whether it moves with the row."""
    squares = (x * x).sum(axis=-1, keepdims=True)
    if loss.epsilon_placement == "inside_root":
        return np.sqrt(squares + loss.epsilon), np.ones_like(squares)
    norm = np.sqrt(squares)
    return np.maximum(norm, loss.epsilon), norm >= loss.epsilon


def mean_of(values: Array, slopes: Array) -> tuple[Array, Pullback]:
    """Return the means over the units, and their pullback, from values and slopes of each unit."""
    units = values.shape[-1]
    return values.mean(axis=-1), lambda cotangent: cotangent[:, None] * slopes / units
