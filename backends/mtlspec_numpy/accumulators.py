"""Updates of accumulated squares: Adagrad, RMSprop and Adadelta."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mtlspec.spec.accumulators import Adadelta, Adagrad, Rmsprop
from mtlspec.spec.optimizer import Optimizer
from mtlspec.tensors import Array
from mtlspec_numpy.directions import Direction
from mtlspec_numpy.updates import Moved, Slots, Update


def adagrad(optimizer: Adagrad, w: Array, direction: Direction, slots: Slots, rate: float, step: int) -> Moved:
    """a += g²; w -= r·g / (sqrt(a) + ε), or r·g / sqrt(a + ε)."""
    squares = slots["squares"] + direction.square
    root = _root(squares, optimizer.epsilon, inside=optimizer.epsilon_placement == "inside_root")
    return w - rate * direction.sum / root, {"squares": squares}


def rmsprop(optimizer: Rmsprop, w: Array, direction: Direction, slots: Slots, rate: float, step: int) -> Moved:
    """v = ρ·v + (1-ρ)·g²; w -= r·g / sqrt(v + ε); centered max(v - a², 0) in place of v; momentum of the steps."""
    rho, momentum = optimizer.rho, optimizer.momentum
    v = rho * slots["second_moment"] + (1 - rho) * direction.square
    moved = {"second_moment": v}
    if optimizer.centered:
        a = moved["first_moment"] = rho * slots["first_moment"] + (1 - rho) * direction.sum
        v = np.maximum(v - a * a, 0)
    step_along = direction.sum / _root(v, optimizer.epsilon, inside=optimizer.epsilon_placement == "inside_root")
    if not momentum:
        return w - rate * step_along, moved
    if optimizer.rate_applied == "at_update":
        b = moved["velocity"] = momentum * slots["velocity"] + step_along
        return w - rate * b, moved
    b = moved["velocity"] = momentum * slots["velocity"] + rate * step_along
    return w - b, moved


def adadelta(optimizer: Adadelta, w: Array, direction: Direction, slots: Slots, rate: float, step: int) -> Moved:
    """v = ρ·v + (1-ρ)·g²; δ = sqrt(d + ε) / sqrt(v + ε) · g; d = ρ·d + (1-ρ)·δ²; w -= r·δ."""
    rho, epsilon = optimizer.rho, optimizer.epsilon
    v = rho * slots["second_moment"] + (1 - rho) * direction.square
    delta = np.sqrt(slots["squared_steps"] + epsilon) / np.sqrt(v + epsilon) * direction.sum
    d = rho * slots["squared_steps"] + (1 - rho) * delta * delta
    return w - rate * delta, {"second_moment": v, "squared_steps": d}


def _root(squares: Array, epsilon: float, *, inside: bool) -> Array:
    return np.asarray(np.sqrt(squares + epsilon) if inside else np.sqrt(squares) + epsilon)


UPDATES: Mapping[type[Optimizer], Update] = {Adagrad: adagrad, Rmsprop: rmsprop, Adadelta: adadelta}
