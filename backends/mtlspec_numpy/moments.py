"""Updates of moments: Adam, Adamax and Nadam."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from mtlspec.spec.moments import Adam, Adamax, AdamW, Nadam
from mtlspec.spec.optimizer import Optimizer
from mtlspec.tensors import Array
from mtlspec_numpy.directions import Direction
from mtlspec_numpy.updates import Moved, Slots, Update


def adam(optimizer: Adam | AdamW, w: Array, direction: Direction, slots: Slots, rate: float, step: int) -> Moved:
    """m = β1·m + (1-β1)·g; v = β2·v + (1-β2)·g²; w -= r·(m / (1-β1^t)) / (sqrt(v / (1-β2^t)) + ε)."""
    beta_1, beta_2, epsilon = optimizer.beta_1, optimizer.beta_2, optimizer.epsilon
    m = beta_1 * slots["first_moment"] + (1 - beta_1) * direction.sum
    v = beta_2 * slots["second_moment"] + (1 - beta_2) * direction.square
    moments = {"first_moment": m, "second_moment": v}
    if optimizer.amsgrad:
        v = moments["largest_second_moment"] = np.maximum(slots["largest_second_moment"], v)
    first, second = 1 - beta_1**step, 1 - beta_2**step
    if optimizer.epsilon_placement == "after_correction":
        return w - rate * (m / first) / (np.sqrt(v / second) + epsilon), moments
    return w - rate * math.sqrt(second) / first * m / (np.sqrt(v) + epsilon), moments


def adamax(optimizer: Adamax, w: Array, direction: Direction, slots: Slots, rate: float, step: int) -> Moved:
    """m = β1·m + (1-β1)·g; u = max(β2·u, |g|); w -= r / (1-β1^t) · m / (u + ε)."""
    beta_1, epsilon = optimizer.beta_1, optimizer.epsilon
    within = optimizer.epsilon_placement == "in_maximum"
    m = beta_1 * slots["first_moment"] + (1 - beta_1) * direction.sum
    size = np.abs(direction.sum) + (epsilon if within else 0.0)
    u = np.maximum(optimizer.beta_2 * slots["largest_size"], size)
    divisor = u if within else u + epsilon
    return w - rate / (1 - beta_1**step) * m / divisor, {"first_moment": m, "largest_size": u}


def nadam(optimizer: Nadam, w: Array, direction: Direction, slots: Slots, rate: float, step: int) -> Moved:
    """w -= r·(μ_(t+1)·m / (1-Π_(t+1)) + (1-μ_t)·g / (1-Π_t)) / (sqrt(v / (1-β2^t)) + ε)."""
    beta_1, beta_2 = optimizer.beta_1, optimizer.beta_2
    momentum, following = (nadam_momentum(optimizer, t) for t in (step, step + 1))
    product = slots["momentum_product"] * momentum
    m = beta_1 * slots["first_moment"] + (1 - beta_1) * direction.sum
    v = beta_2 * slots["second_moment"] + (1 - beta_2) * direction.square
    heading = following * m / (1 - product * following) + (1 - momentum) * direction.sum / (1 - product)
    root = np.sqrt(v / (1 - beta_2**step)) + optimizer.epsilon
    return w - rate * heading / root, {"first_moment": m, "second_moment": v, "momentum_product": np.asarray(product)}


def nadam_momentum(optimizer: Nadam, step: int) -> float:
    """μ_t = β1·(1 - 0.96^(t·ψ) / 2)."""
    return float(optimizer.beta_1 * (1 - 0.5 * 0.96 ** (step * optimizer.momentum_decay)))


UPDATES: Mapping[type[Optimizer], Update] = {Adam: adam, AdamW: adam, Adamax: adamax, Nadam: nadam}
