"""Updates and clips of the reference with a mistake in them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from mtlspec_numpy.clipping import clipped
from mtlspec_numpy.directions import Direction, directions
from mtlspec_numpy.moments import adam
from mtlspec_numpy.optimizers import PhaseOptimizer
from mtlspec_numpy.updates import Moved, Slots

from mtlspec.spec.optimizers import Adam, AdamW, GlobalNorm, PerTensorNorm
from mtlspec.tensors import Array

PHASE_UPDATE = PhaseOptimizer.update


def decay_last(optimizer: AdamW, w: Array, direction: Direction, slots: Slots, rate: float, step: int) -> Moved:
    """AdamW that decays what it has moved already."""
    before = np.asarray(direction.at)
    new, moments = adam(optimizer, before, direction, slots, rate, step)
    share = (before - w) / np.where(before == 0, 1, before)
    return new - share * new, moments


def sums(optimizer: Adam, w: Array, direction: Direction, slots: Slots, rate: float, step: int) -> Moved:
    """Adam whose first moment adds the whole gradient."""
    beta_1 = optimizer.beta_1
    scaled = replace(direction, sum=direction.sum / (1 - beta_1), separate_square=direction.square)
    return adam(optimizer, w, scaled, slots, rate, step)


def epsilon_in_the_root(optimizer: Adam, w: Array, direction: Direction, slots: Slots, rate: float, step: int) -> Moved:
    """Adam that adds epsilon before it takes the root."""
    _, moments = adam(optimizer, w, direction, slots, rate, step)
    first, second = 1 - optimizer.beta_1**step, 1 - optimizer.beta_2**step
    root = np.sqrt(moments["second_moment"] / second + optimizer.epsilon)
    return w - rate * (moments["first_moment"] / first) / root, moments


def largest_corrected(optimizer: Adam, w: Array, direction: Direction, slots: Slots, rate: float, step: int) -> Moved:
    """AMSGrad that keeps the largest corrected second moment."""
    new, moments = adam(optimizer, w, direction, slots, rate, step)
    if not optimizer.amsgrad:
        return new, moments
    first, second = 1 - optimizer.beta_1**step, 1 - optimizer.beta_2**step
    largest = np.maximum(slots["largest_second_moment"], moments["second_moment"] / second)
    moments["largest_second_moment"] = largest
    return w - rate * (moments["first_moment"] / first) / (np.sqrt(largest) + optimizer.epsilon), moments


def _norm(headings: Iterable[Direction]) -> float:
    return math.sqrt(sum(float(direction.square.sum()) for direction in headings))


def scales_up(clipping: GlobalNorm | PerTensorNorm, headings: Iterable[Direction]) -> float:
    """A factor that makes short gradients longer too."""
    norm = _norm(headings) + clipping.epsilon
    return clipping.limit / norm if norm else 1.0


def norm_alone_decides(clipping: GlobalNorm | PerTensorNorm, headings: Iterable[Direction]) -> float:
    """A factor whose epsilon does not count for whether the clip acts."""
    norm = _norm(headings)
    return 1.0 if norm <= clipping.limit else clipping.limit / (norm + clipping.epsilon)


def without_root(clipping: GlobalNorm | PerTensorNorm, headings: Iterable[Direction]) -> float:
    """A factor by the square of the norm."""
    norm = _norm(headings) ** 2 + clipping.epsilon
    return 1.0 if norm <= clipping.limit else clipping.limit / norm


def norm_of_all(
    optimizer: PhaseOptimizer, parameters: Mapping[str, Array], *, along: Mapping[str, Any], learning_rate: float
) -> dict[str, Array]:
    """The update of a phase that is clipped by the norm of all parameters."""
    graph, phase = optimizer.graph, optimizer.phase
    everything = directions(graph, graph.trainable, along, optimizer.dtype)
    factored = clipped(phase.clipping, everything)
    own = {path: factored[path].sum for path in phase.parameters}
    kept, optimizer.phase = phase, phase.model_copy(update={"clipping": None})
    try:
        return PHASE_UPDATE(optimizer, parameters, along={**along, **own}, learning_rate=learning_rate)
    finally:
        optimizer.phase = kept
