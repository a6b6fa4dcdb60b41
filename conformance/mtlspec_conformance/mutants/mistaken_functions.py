"""Activations and losses of the reference with a mistake in them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from mtlspec_numpy import activations, cross_entropies, distances
from mtlspec_numpy.program import NumpyProgram
from mtlspec_numpy.pullback import Pullback
from scipy.special import erf, expit

from mtlspec.batch import Batch
from mtlspec.graph import Head
from mtlspec.spec import activations as kinds
from mtlspec.spec import losses as risks
from mtlspec.tensors import Array

Returned = tuple[Array, Pullback]
HALF_ROOT = float(np.float32(math.sqrt(0.5)))
CUBIC_IN_FLOAT32 = float(np.float32(activations.CUBIC))
clipped, of_probabilities = cross_entropies._clipped, cross_entropies._of_probabilities
PROGRAM_LOSS = NumpyProgram._loss
AS_WRITTEN = dict(activations.ACTIVATIONS)


def diagonal(p: Array) -> Pullback:
    """The pullback of softmax without its mixed terms."""
    return lambda cotangent: p * cotangent


def over_the_batch(function: kinds.Softmax, x: Array) -> Returned:
    """Softmax over the examples."""
    p, back = activations._softmax(function, x.T)
    return p.T, lambda cotangent: back(cotangent.T).T


def not_shifted(function: kinds.Softmax, x: Array) -> Returned:
    """Softmax that overflows."""
    with np.errstate(all="ignore"):
        p = np.exp(x) / np.exp(x).sum(axis=-1, keepdims=True)
    return p, activations.softmax_pullback(p)


def softplus_overflows(function: kinds.Softplus, x: Array) -> Returned:
    """log(1 + exp(x)) as it is written."""
    with np.errstate(all="ignore"):
        return np.log1p(np.exp(x)), activations._softplus(function, x)[1]


def linear_above_twenty(function: kinds.Softplus, x: Array) -> Returned:
    """Softplus that is the identity above 20."""
    values, pullback = activations._softplus(function, x)
    return np.where(x > 20, x, values), lambda cotangent: np.where(x > 20, cotangent, pullback(cotangent))


def gelu_in_float32(function: kinds.Gelu, x: Array) -> Returned:
    """Gelu whose sqrt(1/2) was rounded to float32."""
    return x / 2 * (1 + erf(x * HALF_ROOT)), activations._gelu(function, x)[1]


def density_forgotten(function: kinds.Gelu, x: Array) -> Returned:
    """Gelu without the density in its slope."""
    return activations._gelu(function, x)[0], lambda cotangent: cotangent * (1 + erf(x * math.sqrt(0.5))) / 2


def gate_constant(function: kinds.Silu, x: Array) -> Returned:
    """Silu whose gate is a constant in its slope."""
    return activations._silu(function, x)[0], lambda cotangent: cotangent * expit(x)


def alpha_forgotten(function: kinds.Elu, x: Array) -> Returned:
    """Elu without alpha in its slope."""
    below = np.exp(np.minimum(x, 0))
    return activations._elu(function, x)[0], lambda cotangent: cotangent * np.where(x > 0, 1.0, below)


def elu_overflows(function: kinds.Elu, x: Array) -> Returned:
    """Elu whose slope has the exponential of both branches in it."""
    with np.errstate(all="ignore"):
        slope = (x > 0) + (x <= 0) * function.alpha * np.exp(x)
    return activations._elu(function, x)[0], lambda cotangent: cotangent * slope


def slope_forgotten(function: kinds.LeakyRelu, x: Array) -> Returned:
    """A leaky rectifier with the gradient of a rectifier."""
    return activations._leaky_relu(function, x)[0], lambda cotangent: cotangent * (x > 0)


def one_at_zero(function: Any, x: Array) -> Returned:
    """A rectifier of any kind whose slope at 0 is that of the right."""
    values, pullback = AS_WRITTEN[type(function)](function, x)
    return values, lambda cotangent: np.where(x == 0, cotangent, pullback(cotangent))


def half_at_zero(function: kinds.Relu, x: Array) -> Returned:
    """A rectifier whose slope at 0 is one half, as that of a maximum of two equals."""
    values, pullback = activations._relu(function, x)
    return values, lambda cotangent: np.where(x == 0, cotangent / 2, pullback(cotangent))


def summed(loss: risks.SquaredError, logits: Array, targets: Array) -> Returned:
    """The squared error summed over its units."""
    values, pullback = distances.squared_error(loss, logits, targets)
    return values * logits.shape[-1], lambda cotangent: pullback(cotangent) * logits.shape[-1]


def broadcast(loss: risks.SquaredError, logits: Array, targets: Array) -> Returned:
    """The squared error of every prediction by every target, where a head has one unit."""
    if logits.shape[-1] > 1:
        return distances.squared_error(loss, logits, targets)
    error = logits - targets.T
    return (error * error).mean(axis=1), lambda cotangent: 2 * (cotangent[:, None] * error).mean(axis=1, keepdims=True)


def never_linear(loss: risks.Huber, logits: Array, targets: Array) -> Returned:
    """The Huber loss with the slope of its quadratic part everywhere."""
    values, _ = distances.huber(loss, logits, targets)
    return values, lambda cotangent: cotangent[:, None] * (logits - targets) / logits.shape[-1]


def uphill_at_zero(loss: risks.AbsoluteError, logits: Array, targets: Array) -> Returned:
    """The absolute error whose slope at 0 is 1."""
    error = logits - targets
    return distances.mean_of(np.abs(error), np.where(error >= 0, 1.0, -1.0))


def double_softmax(loss: risks.SoftmaxCrossEntropy, logits: Array, targets: Array) -> Returned:
    """The cross-entropy that takes probabilities for logits."""
    p = activations.softmax(logits)
    values, pullback = cross_entropies.softmax_cross_entropy(loss, p, targets)
    back = activations.softmax_pullback(p)
    return values, lambda cotangent: back(pullback(cotangent))


def logarithm_of_softmax(loss: risks.SoftmaxCrossEntropy, logits: Array, targets: Array) -> Returned:
    """The cross-entropy in two steps, of which the first underflows."""
    _, pullback = cross_entropies.softmax_cross_entropy(loss, logits, targets)
    q = cross_entropies.smoothed(loss, targets, logits)
    with np.errstate(all="ignore"):
        return -(q * np.log(activations.softmax(logits))).sum(axis=-1), pullback


def logarithm_of_sigmoid(loss: risks.SigmoidCrossEntropy, logits: Array, targets: Array) -> Returned:
    """The cross-entropy in two steps, of which the first rounds to 1."""
    _, pullback = cross_entropies.sigmoid_cross_entropy(loss, logits, targets)
    with np.errstate(all="ignore"):
        p = expit(logits)
        return -(targets * np.log(p) + (1 - targets) * np.log(1 - p)).mean(axis=-1), pullback


def over_the_others(loss: risks.SoftmaxCrossEntropy, targets: Array, logits: Array) -> Array:
    """Label smoothing that is shared among the other classes alone."""
    classes, s = logits.shape[-1], loss.label_smoothing
    q = np.full(logits.shape, s / (classes - 1))
    q[np.arange(len(q)), targets] = 1 - s
    return q


def probabilities_flow(p: Array, clip: float) -> tuple[Array, Array]:
    """A clip that lets the gradient through outside its bounds."""
    return clipped(p, clip)[0], np.ones_like(p)


def clipped_once(prediction: risks.Probabilities, logits: Array, q: Array) -> Returned:
    """A cross-entropy of clipped probabilities that never divides by their sum again."""
    return of_probabilities(risks.Probabilities(clip=prediction.clip), logits, q)


def weights_along_units(program: Any, head: Head, logits: Array, batch: Batch) -> tuple[float, Pullback]:
    """The loss that weighs units by the weights of examples, where there are as many of both."""
    weights = np.asarray(batch.weights[head.task])
    targets, denominator = batch.targets[head.task], float(batch.denominators[head.task])
    if logits.shape != (len(weights), len(weights)) or not isinstance(head.loss, risks.SquaredError):
        return PROGRAM_LOSS(program, head, logits, batch)
    error, units = logits - targets, logits.shape[-1]
    value = float((error * error * weights).sum() / units / denominator)
    return value, lambda cotangent: cotangent * 2 * error * weights / units / denominator
