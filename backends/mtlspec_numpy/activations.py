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
SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805
"""Those that have mean 0 and variance 1 as their fixed point (Klambauer et al. 2017, equation 14)."""


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


def _selu(function: kinds.Selu, x: Array) -> tuple[Array, Pullback]:
    below = np.minimum(x, 0)
    slope = SELU_SCALE * np.where(x > 0, x.dtype.type(1), SELU_ALPHA * np.exp(below))
    return SELU_SCALE * np.where(x > 0, x, SELU_ALPHA * np.expm1(below)), _times(slope)


def _celu(function: kinds.Celu, x: Array) -> tuple[Array, Pullback]:
    below = np.minimum(x, 0) / function.alpha
    return np.where(x > 0, x, function.alpha * np.expm1(below)), _times(np.exp(below))


def _mish(function: kinds.Mish, x: Array) -> tuple[Array, Pullback]:
    t = np.tanh(np.logaddexp(x, x.dtype.type(0)))
    return x * t, _times(t + x * (1 - t * t) * expit(x))


def _softsign(function: kinds.Softsign, x: Array) -> tuple[Array, Pullback]:
    below = 1 + np.abs(x)
    return x / below, _times(1 / (below * below))


def _clipped(x: Array, low: float, high: float) -> tuple[Array, Array]:
    """Return x between two bounds, and its slope, which is 0 at each of them."""
    return np.clip(x, low, high), ((x > low) & (x < high)).astype(x.dtype)


def _relu6(function: kinds.Relu6, x: Array) -> tuple[Array, Pullback]:
    values, slope = _clipped(x, 0, 6)
    return values, _times(slope)


def _hard_tanh(function: kinds.HardTanh, x: Array) -> tuple[Array, Pullback]:
    values, slope = _clipped(x, -1, 1)
    return values, _times(slope)


def _hard_sigmoid(function: kinds.HardSigmoid, x: Array) -> tuple[Array, Pullback]:
    values, slope = _clipped(x + 3, 0, 6)
    return values / 6, _times(slope / 6)


def _hard_silu(function: kinds.HardSilu, x: Array) -> tuple[Array, Pullback]:
    values, slope = _clipped(x + 3, 0, 6)
    return x * values / 6, _times((values + x * slope) / 6)


def _log_sigmoid(function: kinds.LogSigmoid, x: Array) -> tuple[Array, Pullback]:
    return -np.logaddexp(-x, x.dtype.type(0)), _times(expit(-x))


def _log_softmax(function: kinds.LogSoftmax, x: Array) -> tuple[Array, Pullback]:
    shifted = x - x.max(axis=-1, keepdims=True)
    values = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return values, lambda cotangent: cotangent - np.exp(values) * cotangent.sum(axis=-1, keepdims=True)


def _tanh_shrink(function: kinds.TanhShrink, x: Array) -> tuple[Array, Pullback]:
    t = np.tanh(x)
    return x - t, _times(t * t)


def _soft_shrink(function: kinds.SoftShrink, x: Array) -> tuple[Array, Pullback]:
    outside = np.abs(x) > function.threshold
    return np.where(outside, x - np.sign(x) * function.threshold, x.dtype.type(0)), _times(outside)


def _hard_shrink(function: kinds.HardShrink, x: Array) -> tuple[Array, Pullback]:
    outside = np.abs(x) > function.threshold
    return np.where(outside, x, x.dtype.type(0)), _times(outside)


def _threshold(function: kinds.Threshold, x: Array) -> tuple[Array, Pullback]:
    above = x > function.threshold
    return np.where(above, x, x.dtype.type(function.value)), _times(above)


def _exponential(function: kinds.Exp, x: Array) -> tuple[Array, Pullback]:
    values = np.exp(x)
    return values, _times(values)


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
    kinds.Relu6: _relu6,
    kinds.Selu: _selu,
    kinds.Celu: _celu,
    kinds.Mish: _mish,
    kinds.Softsign: _softsign,
    kinds.HardSigmoid: _hard_sigmoid,
    kinds.HardSilu: _hard_silu,
    kinds.HardTanh: _hard_tanh,
    kinds.LogSigmoid: _log_sigmoid,
    kinds.LogSoftmax: _log_softmax,
    kinds.TanhShrink: _tanh_shrink,
    kinds.SoftShrink: _soft_shrink,
    kinds.HardShrink: _hard_shrink,
    kinds.Threshold: _threshold,
    kinds.Exp: _exponential,
}
