"""Updates of the reference's optimizers, and what surrounds them, with a mistake in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from mtlspec_numpy import factors
from mtlspec_numpy.accumulators import adadelta, rmsprop
from mtlspec_numpy.constraints import constrained
from mtlspec_numpy.directions import Direction
from mtlspec_numpy.factors import adafactor
from mtlspec_numpy.moments import adamax, nadam
from mtlspec_numpy.optimizers import PhaseOptimizer
from mtlspec_numpy.signs import lion
from mtlspec_numpy.updates import Moved, Slots

from mtlspec.graph import Phase
from mtlspec.spec.constraints import NonNegative
from mtlspec.spec.optimizers import Adadelta, Adafactor, Adagrad, Adamax, Lion, Nadam, Rmsprop
from mtlspec.tensors import Array

SQUARE = factors._square
ACCUMULATED = PhaseOptimizer._accumulated
MOVED = PhaseOptimizer._moved


def deviation_of_means(
    optimizer: Rmsprop, w: Array, direction: Direction, slots: Slots, rate: float, step: int
) -> Moved:
    """RMSprop that subtracts the mean where its square belongs."""
    new, moved = rmsprop(optimizer, w, direction, slots, rate, step)
    if not optimizer.centered:
        return new, moved
    v = np.maximum(moved["second_moment"] - np.abs(moved["first_moment"]), 0)
    plain = optimizer.model_copy(update={"centered": False, "rho": 0.0})
    found = replace(direction, separate_square=v)
    return rmsprop(plain, w, found, slots, rate, step)[0], moved


def square_of_the_root(
    optimizer: Adagrad, w: Array, direction: Direction, slots: Slots, rate: float, step: int
) -> Moved:
    """Adagrad that divides by the mean of all squares so far."""
    squares = slots["squares"] + direction.square
    return w - rate * direction.sum / (np.sqrt(squares / step) + optimizer.epsilon), {"squares": squares}


def steps_first(optimizer: Adadelta, w: Array, direction: Direction, slots: Slots, rate: float, step: int) -> Moved:
    """Adadelta that averages its step before it makes it."""
    _, moved = adadelta(optimizer, w, direction, slots, rate, step)
    new, _ = adadelta(optimizer, w, direction, slots | {"squared_steps": moved["squared_steps"]}, rate, step)
    return new, moved


def never_corrected(optimizer: Adamax, w: Array, direction: Direction, slots: Slots, rate: float, step: int) -> Moved:
    """Adamax that takes its first moment as it is."""
    return adamax(optimizer, w, direction, slots, rate * (1 - optimizer.beta_1**step), step)


def product_behind(optimizer: Nadam, w: Array, direction: Direction, slots: Slots, rate: float, step: int) -> Moved:
    """Nadam whose product of momenta is that of Adam: the same momentum each time."""
    equal = {"momentum_product": np.asarray(optimizer.beta_1 ** (step - 1))}
    new, moved = nadam(optimizer, w, direction, slots | equal, rate, step)
    held = nadam(optimizer, w, direction, slots, rate, step)[1]
    return new, moved | {"momentum_product": held["momentum_product"]}


def moment_first(optimizer: Lion, w: Array, direction: Direction, slots: Slots, rate: float, step: int) -> Moved:
    """Lion that takes the sign of the moment that it has just made."""
    _, moved = lion(optimizer, w, direction, slots, rate, step)
    return w - rate * np.sign(moved["first_moment"]), moved


def never_clipped(optimizer: Adafactor, w: Array, direction: Direction, slots: Slots, rate: float, step: int) -> Moved:
    """Adafactor whose step is never bounded."""
    return adafactor(optimizer.model_copy(update={"clip_threshold": 1e9}), w, direction, slots, rate, step)


def mean_of_all(optimizer: Adafactor, square: Array, slots: Slots, keeps: float) -> tuple[Array, Slots]:
    """The factors of Adafactor divided by one mean, where every window has its own."""
    v, moved = SQUARE(optimizer, square, slots, keeps)
    if square.ndim < 3:
        return v, moved
    row, column = optimizer.axes(square.shape)
    r = np.expand_dims(moved["row_factor"], column)
    return v * r.mean(axis=row, keepdims=True) / r.mean(), moved


def sum_of_batches(self: PhaseOptimizer, along: Mapping[str, Any]) -> dict[str, Array]:
    """The sum of the accumulated gradients in place of their mean."""
    return {path: mean * self.phase.batches for path, mean in ACCUMULATED(self, along).items()}


def rest_forgotten(self: PhaseOptimizer, along: Mapping[str, Any]) -> dict[str, Array]:
    """The last gradient alone, in place of the mean."""
    ACCUMULATED(self, along)
    return {path: np.asarray(along[path]) / self.phase.batches for path in self.phase.parameters}


def average_from_zero(self: PhaseOptimizer, path: str, heading: Direction, learning_rate: float, number: int) -> Array:
    """An average that begins at 0 in place of the first parameter."""
    held = self.phase
    if held.average is not None:
        self.phase = held.model_copy(update={"average": held.average.model_copy(update={"start": 0})})
    try:
        return MOVED(self, path, heading, learning_rate, number)
    finally:
        self.phase = held


def before_the_update(self: PhaseOptimizer, path: str, heading: Direction, learning_rate: float, number: int) -> Array:
    """An average of what the parameter was before its update."""
    average, old = self.phase.average, np.asarray(heading.at)
    before = self.slots[path].get("average")
    moved = MOVED(self, path, heading, learning_rate, number)
    if average is not None and before is not None:
        keeps = average.keeps if number > average.start else 0.0
        self.slots[path]["average"] = keeps * before + (1 - keeps) * old
    return moved


def decay_of_the_moved(phase: Phase, path: str, w: Array, learning_rate: float) -> Array:
    """A decoupled decay at the rate of the optimizer, whatever the schedule and the group say."""
    return w - phase.optimizer.learning_rate * phase.numbers_of[path].decay * w


def size_kept(constraint: NonNegative, w: Array) -> Array:
    """|w| in place of max(w, 0)."""
    return np.abs(w)


def constrained_gradient(constraint: Any, w: Array) -> Array:
    """A constraint that the update after it undoes: none."""
    return w if constraint is None else w + 0 * constrained(constraint, w)
