"""Losses: from logits and targets to one number per example, with the pullback to the logits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from scipy.special import expit

from mtlspec.spec import losses as kinds
from mtlspec.spec.losses import Loss
from mtlspec.tensors import Array
from mtlspec_numpy.activations import softmax
from mtlspec_numpy.cross_entropy import sigmoid_cross_entropy, softmax_cross_entropy
from mtlspec_numpy.pullback import Pullback


def loss_per_example(loss: Loss, logits: Array, targets: Array) -> tuple[Array, Pullback]:
    """Return the loss of each example, and the pullback from its gradient (B) to that of the logits (B, units)."""
    return LOSSES[type(loss)](loss, logits, targets)


def linked(loss: Loss, logits: Array) -> Array:
    """Return the predictions that a loss makes of logits: probabilities, or the logits themselves."""
    if loss.link == "softmax":
        return softmax(logits)
    if loss.link == "sigmoid":
        return np.asarray(expit(logits))
    return logits


def squared_error(loss: kinds.SquaredError, logits: Array, targets: Array) -> tuple[Array, Pullback]:
    """mean_u of (z_u - y_u)²."""
    error = logits - targets
    return _mean(error * error, 2 * error)


def absolute_error(loss: kinds.AbsoluteError, logits: Array, targets: Array) -> tuple[Array, Pullback]:
    """mean_u of |z_u - y_u|."""
    error = logits - targets
    return _mean(np.abs(error), np.sign(error))


def huber(loss: kinds.Huber, logits: Array, targets: Array) -> tuple[Array, Pullback]:
    """mean_u of e²/2 where |e| <= delta, else delta·|e| - delta²/2."""
    error, delta = logits - targets, loss.delta
    size = np.abs(error)
    values = np.where(size <= delta, error * error / 2, delta * (size - delta / 2))
    return _mean(values, np.clip(error, -delta, delta))


def _mean(values: Array, slopes: Array) -> tuple[Array, Pullback]:
    units = values.shape[-1]
    return values.mean(axis=-1), lambda cotangent: cotangent[:, None] * slopes / units


LOSSES: Mapping[type[Loss], Callable[[Any, Array, Array], tuple[Array, Pullback]]] = {
    kinds.SoftmaxCrossEntropy: softmax_cross_entropy,
    kinds.SigmoidCrossEntropy: sigmoid_cross_entropy,
    kinds.SquaredError: squared_error,
    kinds.AbsoluteError: absolute_error,
    kinds.Huber: huber,
}
