"""Functions of recorded arrays: the activations, and what the losses are made of."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, ndtr

from mtlspec.spec import activations as kinds
from mtlspec_tape.tape import Recorded


def activated(function: kinds.Activation, x: Recorded) -> Recorded:
    """Return function(x)."""
    z = x.array
    one, below = np.ones_like(z), np.minimum(z, 0)
    match function:
        case kinds.Linear():
            return x
        case kinds.Relu():
            return x.mapped(np.maximum(z, 0), (z > 0) * one)
        case kinds.LeakyRelu(slope=slope):
            slopes = np.where(z > 0, one, slope * one)
            return x.mapped(z * slopes, slopes)
        case kinds.Elu(alpha=alpha):
            values = np.where(z > 0, z, alpha * np.expm1(below))
            return x.mapped(values, np.where(z > 0, one, alpha * np.exp(below)))
        case kinds.Gelu(approximation="tanh"):
            return _gelu_tanh(x)
        case kinds.Gelu():
            return x.mapped(z * ndtr(z), ndtr(z) + z * np.exp(-z * z / 2) / float(np.sqrt(2 * np.pi)))
        case kinds.Silu():
            s = expit(z)
            return x.mapped(z * s, s + z * s * expit(-z))
        case kinds.Tanh():
            return x.mapped(np.tanh(z), 1 - np.tanh(z) ** 2)
        case kinds.Sigmoid():
            return sigmoid(x)
        case kinds.Softplus():
            return softplus(x)
        case kinds.Softmax():
            return softmax(x)
    raise NotImplementedError(f"activation {function.kind!r}")


def _gelu_tanh(x: Recorded) -> Recorded:
    z, root = x.array, float(np.sqrt(2 / np.pi))
    t = np.tanh(root * (z + 0.044715 * z**3))
    return x.mapped(z / 2 * (1 + t), (1 + t) / 2 + z / 2 * (1 - t * t) * root * (1 + 3 * 0.044715 * z * z))


def sigmoid(x: Recorded) -> Recorded:
    """1 / (1 + exp(-x)); its slope s·(1 - s) without the difference, which would cancel."""
    s = expit(x.array)
    return x.mapped(s, s * expit(-x.array))


def softplus(x: Recorded) -> Recorded:
    """log(1 + exp(x))."""
    return x.mapped(np.logaddexp(x.array, np.zeros_like(x.array)), expit(x.array))


def softmax(x: Recorded) -> Recorded:
    """exp(x) / Σ exp(x) over the last axis."""
    raised = np.exp(x.array - x.array.max(axis=-1, keepdims=True))
    p = raised / raised.sum(axis=-1, keepdims=True)
    return Recorded(p, (x, lambda g: p * (g - (g * p).sum(axis=-1, keepdims=True))))


def log_softmax(x: Recorded) -> Recorded:
    """x - log Σ exp(x) over the last axis."""
    shifted = x.array - x.array.max(axis=-1, keepdims=True)
    values = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return Recorded(values, (x, lambda g: g - np.exp(values) * g.sum(axis=-1, keepdims=True)))


def logarithm(x: Recorded) -> Recorded:
    """log(x)."""
    return x.mapped(np.log(x.array), 1 / x.array)


def clipped(x: Recorded, low: float, high: float) -> Recorded:
    """x within its bounds; the slope is 0 outside and 1 on a bound."""
    inside = (x.array >= low) & (x.array <= high)
    return x.mapped(np.clip(x.array, low, high), inside.astype(x.array.dtype))
