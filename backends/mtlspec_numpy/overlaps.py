"""Overlaps, each with the pullback to the logits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from mtlspec.spec.losses import Dice
from mtlspec.tensors import Array
from mtlspec_numpy.activations import softmax, softmax_pullback
from mtlspec_numpy.pullback import Pullback


def dice(loss: Dice, logits: Array, targets: Array, present: NDArray[np.bool_]) -> tuple[Array, Pullback]:
    """1 - (2·Σ p·y + n) / (Σ p^k + Σ y^k + smooth), sums over the present of n positions."""
    p = softmax(logits) if loss.of == "softmax" else expit(logits)
    here = present[..., None].astype(p.dtype)
    y = np.eye(p.shape[-1], dtype=p.dtype)[targets] if loss.form == "classes" else targets
    axes = (1,) if loss.classes == "mean" else (1, 2)
    powers = p * p + y * y if loss.squares else p + y
    below = (here * powers).sum(axis=axes, keepdims=True) + loss.smooth
    above = 2 * (here * p * y).sum(axis=axes, keepdims=True) + (loss.smooth if loss.smooth_in == "both" else 0)
    quotient = above / below
    slope = here * ((2 * p if loss.squares else 1) * quotient - 2 * y) / below / quotient.shape[-1]

    def pullback(cotangent: Array) -> Array:
        by_p = cotangent[:, None, None] * slope
        return softmax_pullback(p)(by_p) if loss.of == "softmax" else by_p * p * expit(-logits)

    return (1 - quotient).mean(axis=(1, 2)), pullback
