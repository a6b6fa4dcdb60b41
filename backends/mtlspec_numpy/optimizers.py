"""Optimizers: from a parameter, its direction and its slots to their new values; nothing is written in place."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from mtlspec.graph import Graph, Phase
from mtlspec.spec.optimizers import Adam, AdamW, Optimizer, Sgd
from mtlspec.tensors import Array
from mtlspec_numpy.clipping import clipped
from mtlspec_numpy.directions import Direction, directions

Slots = dict[str, Array]
Moved = tuple[Array, Slots]


class PhaseOptimizer:
    """The optimizer of one phase: slots by parameter and name, and the number of its updates."""

    def __init__(self, phase: Phase, graph: Graph, dtype: np.dtype[Any]) -> None:
        self.phase, self.graph, self.dtype = phase, graph, dtype
        self.steps = 0
        shapes = {path: graph.by_path[path].shape for path in phase.parameters}
        names = phase.optimizer.slots
        self.slots: dict[str, Slots] = {path: {n: np.zeros(s, dtype) for n in names} for path, s in shapes.items()}

    def update(
        self, parameters: Mapping[str, Array], *, along: Mapping[str, Any], learning_rate: float
    ) -> dict[str, Array]:
        """Clip and return the new value of every parameter of the phase; slots and steps move on."""
        phase = self.phase
        headings = clipped(phase.clipping, directions(self.graph, phase.parameters, along, self.dtype))
        self.steps += 1
        moved: dict[str, Array] = {}
        for path, heading in headings.items():
            old, slots = parameters[path], self.slots[path]
            new, news = UPDATES[type(phase.optimizer)](phase.optimizer, old, heading, slots, learning_rate, self.steps)
            moved[path] = heading.moved(new, old)
            self.slots[path] = {name: heading.moved(news[name], slots[name]) for name in slots}
        return moved


def sgd(optimizer: Sgd, w: Array, direction: Direction, slots: Slots, rate: float, step: int) -> Moved:
    """v = momentum·v + g; w -= r·v (`at_update`), or v = momentum·v + r·g; w -= v (`into_velocity`)."""
    g, momentum = direction.sum, optimizer.momentum
    if not momentum:
        return w - rate * g, {}
    if optimizer.rate_applied == "at_update":
        v = momentum * slots["velocity"] + g
        return w - rate * (g + momentum * v if optimizer.nesterov else v), {"velocity": v}
    v = momentum * slots["velocity"] + rate * g
    return w - (rate * g + momentum * v if optimizer.nesterov else v), {"velocity": v}


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


def adamw(optimizer: AdamW, w: Array, direction: Direction, slots: Slots, rate: float, step: int) -> Moved:
    """w -= rate·weight_decay·w, then the update of Adam."""
    decaying = rate if optimizer.decay_scaled_by == "learning_rate" else rate / optimizer.learning_rate
    return adam(optimizer, w - decaying * optimizer.weight_decay * w, direction, slots, rate, step)


UPDATES: Mapping[type[Optimizer], Callable[[Any, Array, Direction, Slots, float, int], Moved]] = {
    Sgd: sgd,
    Adam: adam,
    AdamW: adamw,
}
