"""Margins, each with the pullback to the logits."""

from __future__ import annotations

import numpy as np

from mtlspec.spec.losses import CategoricalHinge, Hinge, MultiMargin, SquaredHinge
from mtlspec.tensors import Array
from mtlspec_numpy.distances import mean_of
from mtlspec_numpy.pullback import Pullback


def hinge(loss: Hinge, logits: Array, targets: Array) -> tuple[Array, Pullback]:
    """mean_l of max(0, 1 - t·z)."""
    t = signs(loss, targets)
    short = 1 - t * logits
    return mean_of(np.maximum(short, 0), -t * (short >= 0))


def squared_hinge(loss: SquaredHinge, logits: Array, targets: Array) -> tuple[Array, Pullback]:
    """mean_l of max(0, 1 - t·z)²."""
    t = signs(loss, targets)
    short = np.maximum(1 - t * logits, 0)
    return mean_of(short * short, -2 * t * short)


def signs(loss: Hinge | SquaredHinge, targets: Array) -> Array:
    """Return t in [-1, 1]."""
    return targets if loss.targets == "signs" else 2 * targets - 1


def categorical_hinge(loss: CategoricalHinge, logits: Array, targets: Array) -> tuple[Array, Pullback]:
    """max(0, 1 + max_{c ≠ y} z_c - z_y)."""
    truth = _truth(logits, targets)
    rivals = np.where(truth, 0 if loss.rivals == "others_or_zero" else -np.inf, logits)
    largest = rivals.max(axis=-1, keepdims=True)
    short = 1 + largest[:, 0] - logits[truth]
    equals = rivals == largest
    slope = (equals & ~truth) / equals.sum(axis=-1, keepdims=True) - truth
    slope = slope.astype(logits.dtype) * (short >= 0)[:, None]
    return np.maximum(short, 0), lambda cotangent: cotangent[:, None] * slope


def multi_margin(loss: MultiMargin, logits: Array, targets: Array) -> tuple[Array, Pullback]:
    """w_y·Σ_{c ≠ y} max(0, margin - z_y + z_c)^power / C."""
    truth, classes = _truth(logits, targets), logits.shape[-1]
    short = np.where(truth, 0, np.maximum(loss.margin - logits[truth][:, None] + logits, 0))
    weights = np.asarray(loss.class_weights or (1.0,) * classes, dtype=logits.dtype)
    factor = weights[targets][:, None] / classes
    slope = factor * ((short > 0) if loss.power == 1 else 2 * short)
    slope = slope - truth * slope.sum(axis=-1, keepdims=True)
    return (factor * short**loss.power).sum(axis=-1), lambda cotangent: cotangent[:, None] * slope


def _truth(logits: Array, targets: Array) -> Array:
    return np.asarray(np.arange(logits.shape[-1]) == targets[:, None])
