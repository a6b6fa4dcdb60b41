"""Optimizers: the laws of `mtlspec.spec.optimizers`, one parameter at a time; nothing is written in place."""

from __future__ import annotations

import numpy as np

from mtlspec.spec.optimizers import Adam, Optimizer, Sgd
from mtlspec.tensors import Array

Slots = dict[str, Array]


def updated(law: Optimizer, w: Array, g: Array, slots: Slots, rate: float, step: int) -> tuple[Array, Slots]:
    """Return a parameter and its slots after update number `step`, counted from 1."""
    match law:
        case Sgd():
            return _sgd(law, w, g, slots, rate)
        case Adam():
            return _adam(law, w, g, slots, rate, step)
    raise NotImplementedError(f"optimizer {law.kind!r}")


def _sgd(law: Sgd, w: Array, g: Array, slots: Slots, rate: float) -> tuple[Array, Slots]:
    if law.momentum == 0:
        return w - rate * g, {}
    into_velocity = law.rate_applied == "into_velocity"
    push, pull = (rate * g, 1.0) if into_velocity else (g, rate)
    v = law.momentum * slots["velocity"] + push
    return w - pull * (push + law.momentum * v if law.nesterov else v), {"velocity": v}


def _adam(law: Adam, w: Array, g: Array, slots: Slots, rate: float, step: int) -> tuple[Array, Slots]:
    m = law.beta_1 * slots["first_moment"] + (1 - law.beta_1) * g
    v = law.beta_2 * slots["second_moment"] + (1 - law.beta_2) * g * g
    moved = {"first_moment": m, "second_moment": v}
    if law.amsgrad:
        v = moved["largest_second_moment"] = np.maximum(slots["largest_second_moment"], v)
    first, second = 1 - law.beta_1**step, 1 - law.beta_2**step
    if law.epsilon_placement == "after_correction":
        return w - rate * (m / first) / (np.sqrt(v / second) + law.epsilon), moved
    return w - rate * second**0.5 / first * m / (np.sqrt(v) + law.epsilon), moved
