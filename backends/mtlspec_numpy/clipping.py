"""Clipping: directions times min(1, limit / (norm + epsilon)), or element by element."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from mtlspec.spec.optimizers import Clipping, GlobalNorm, PerTensorNorm, ValueClipping
from mtlspec_numpy.directions import Direction

Directions = Mapping[str, Direction]


def clipped(clipping: Clipping | None, directions: Directions) -> Directions:
    """Return the directions of a phase after clipping."""
    return directions if clipping is None else CLIPPINGS[type(clipping)](clipping, directions)


def _by_global_norm(clipping: GlobalNorm, directions: Directions) -> Directions:
    factor = _factor(clipping, directions.values())
    return {path: direction.scaled(by=factor) for path, direction in directions.items()}


def _by_tensor_norm(clipping: PerTensorNorm, directions: Directions) -> Directions:
    return {path: direction.scaled(by=_factor(clipping, [direction])) for path, direction in directions.items()}


def _by_value(clipping: ValueClipping, directions: Directions) -> Directions:
    return {path: direction.bounded(by=clipping.limit) for path, direction in directions.items()}


def _factor(clipping: GlobalNorm | PerTensorNorm, directions: Iterable[Direction]) -> float:
    norm = math.sqrt(sum(float(direction.square.sum()) for direction in directions)) + clipping.epsilon
    return 1.0 if norm <= clipping.limit else clipping.limit / norm


CLIPPINGS: Mapping[type[Clipping], Callable[[Any, Directions], Directions]] = {
    GlobalNorm: _by_global_norm,
    PerTensorNorm: _by_tensor_norm,
    ValueClipping: _by_value,
}
