"""Activations and their pullbacks, in forms that neither overflow nor cancel."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from scipy.special import expit, ndtr

from mtlspec.spec import activations as kinds
from mtlspec.spec.activations import Activation
from mtlspec.tensors import Array
from mtlspec_numpy.pullback import Pullback

CUBIC = 0.044715
"""The coefficient of the tanh form of gelu (Hendrycks and Gimpel 2016)."""


def activated(function: Activation, x: Array) -> tuple[Array, Pullback]:
    """Return function(x) and its pullback."""
    return ACTIVATIONS[type(function)](function, x)


def softmax(x: Array) -> Array:
    """exp(x) / Σ exp(x) over the last axis."""
    raised = np.exp(x - x.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True))


def softmax_pullback(p: Array) -> Pullback:
    """Return the pullback of a softmax whose output is `p`: p·(dp - Σ dp·p)."""
    return lambda cotangent: p * (cotangent - (cotangent * p).sum(axis=-1, keepdims=True))


def _times(slope: Array) -> Pullback:
    return lambda cotangent: cotangent * slope


def _linear(function: kinds.Linear, x: Array) -> tuple[Array, Pullback]:
    return x, lambda cotangent: cotangent


def _relu(function: kinds.Relu, x: Array) -> tuple[Array, Pullback]:
    return np.maximum(x, 0), _times(x > 0)


def _leaky_relu(function: kinds.LeakyRelu, x: Array) -> tuple[Array, Pullback]:
    slope = np.where(x > 0, x.dtype.type(1), x.dtype.type(function.slope))
    return x * slope, _times(slope)


def _elu(function: kinds.Elu, x: Array) -> tuple[Array, Pullback]:
    below = np.minimum(x, 0)
    slope = np.where(x > 0, x.dtype.type(1), function.alpha * np.exp(below))
    return np.where(x > 0, x, function.alpha * np.expm1(below)), _times(slope)


def _gelu(function: kinds.Gelu, x: Array) -> tuple[Array, Pullback]:
    if function.approximation == "tanh":
        return _gelu_tanh(x)
    distribution = ndtr(x)
    density = np.exp(-x * x / 2) / math.sqrt(2 * math.pi)
    return x * distribution, _times(distribution + x * density)


def _gelu_tanh(x: Array) -> tuple[Array, Pullback]:
    inner = math.sqrt(2 / math.pi) * (x + CUBIC * x * x * x)
    inner_slope = math.sqrt(2 / math.pi) * (1 + 3 * CUBIC * x * x)
    t = np.tanh(inner)
    return x / 2 * (1 + t), _times((1 + t) / 2 + x / 2 * (1 - t * t) * inner_slope)


def _silu(function: kinds.Silu, x: Array) -> tuple[Array, Pullback]:
    s = expit(x)
    return x * s, _times(s * (1 + x * expit(-x)))


def _tanh(function: kinds.Tanh, x: Array) -> tuple[Array, Pullback]:
    t = np.tanh(x)
    return t, _times(1 - t * t)


def _sigmoid(function: kinds.Sigmoid, x: Array) -> tuple[Array, Pullback]:
    s = expit(x)
    return s, _times(s * expit(-x))


def _softplus(function: kinds.Softplus, x: Array) -> tuple[Array, Pullback]:
    return np.logaddexp(x, x.dtype.type(0)), _times(expit(x))


def _softmax(function: kinds.Softmax, x: Array) -> tuple[Array, Pullback]:
    p = softmax(x)
    return p, softmax_pullback(p)


ACTIVATIONS: Mapping[type[Activation], Callable[[Any, Array], tuple[Array, Pullback]]] = {
    kinds.Linear: _linear,
    kinds.Relu: _relu,
    kinds.LeakyRelu: _leaky_relu,
    kinds.Elu: _elu,
    kinds.Gelu: _gelu,
    kinds.Silu: _silu,
    kinds.Tanh: _tanh,
    kinds.Sigmoid: _sigmoid,
    kinds.Softplus: _softplus,
    kinds.Softmax: _softmax,
}
