"""Updates by factored squares: Adafactor."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from mtlspec.spec.factors import Adafactor
from mtlspec.spec.optimizer import Optimizer
from mtlspec.tensors import Array
from mtlspec_numpy.directions import Direction
from mtlspec_numpy.updates import Moved, Slots, Update


def adafactor(optimizer: Adafactor, w: Array, direction: Direction, slots: Slots, rate: float, step: int) -> Moved:
    """u = g / sqrt(v); w -= max(ε2, rms(w))·ρ·u / max(1, rms(u) / clip_threshold)."""
    v, moved = _square(optimizer, direction.square, slots, 1 - step**optimizer.beta_2_decay)
    u = direction.sum / np.sqrt(v)
    found = direction.at if optimizer.scale_from == "undecayed" and direction.at is not None else w
    relative = min(rate, 1 / math.sqrt(step)) if optimizer.relative_step else rate
    size = max(optimizer.epsilon_2, _rms(found)) * relative
    return w - size * u / max(1.0, _rms(u) / optimizer.clip_threshold), moved


def _square(optimizer: Adafactor, square: Array, slots: Slots, keeps: float) -> tuple[Array, Slots]:
    """Return v, from the factors where there are two axes, and the new slots."""
    epsilon, added = optimizer.epsilon_1, optimizer.epsilon_1_use == "added"
    if added:
        square = square + epsilon
    if square.ndim < 2:
        v = keeps * slots["second_moment"] + (1 - keeps) * square
        return v if added else np.maximum(v, epsilon * epsilon), {"second_moment": v}
    row, column = optimizer.axes(square.shape)
    means = square.mean(axis=column), square.mean(axis=row)
    rows, columns = (
        keeps * slots[name] + (1 - keeps) * mean
        for name, mean in zip(("row_factor", "column_factor"), means, strict=True)
    )
    r, c = np.expand_dims(rows, column), np.expand_dims(columns, row)
    mean = r.mean(axis=row, keepdims=True)
    v = r / mean * c if added else np.maximum(r * c / np.maximum(mean, epsilon), epsilon * epsilon)
    return v, {"row_factor": rows, "column_factor": columns}


def _rms(x: Array) -> float:
    return math.sqrt(float((x * x).mean())) if x.size else 0.0


UPDATES: Mapping[type[Optimizer], Update] = {Adafactor: adafactor}
