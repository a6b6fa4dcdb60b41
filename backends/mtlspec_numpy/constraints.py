"""Constraints: what a parameter is put back to after its update."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from mtlspec.spec.constraints import Constraint, MaxNorm, NonNegative, UnitNorm
from mtlspec.tensors import Array


def constrained(constraint: Constraint | None, w: Array) -> Array:
    """Return `w` as its constraint has it."""
    return w if constraint is None else CONSTRAINTS[type(constraint)](constraint, w)


def _non_negative(constraint: NonNegative, w: Array) -> Array:
    """w = max(w, 0)."""
    return np.maximum(w, 0)


def _max_norm(constraint: MaxNorm, w: Array) -> Array:
    """w = w·(min(norm, limit) / (norm + epsilon)), so that without epsilon a short one stays as it is."""
    norm = _norm(w, constraint.axes)
    return w * _divided(np.minimum(norm, constraint.limit), norm + constraint.epsilon)


def _unit_norm(constraint: UnitNorm, w: Array) -> Array:
    """w = w / (norm + epsilon)."""
    return _divided(w, _norm(w, constraint.axes) + constraint.epsilon)


def _norm(w: Array, axes: tuple[int, ...]) -> Array:
    return np.asarray(np.sqrt((w * w).sum(axis=axes, keepdims=True)))


def _divided(w: Array, divisor: Array) -> Array:
    return w / np.where(divisor == 0, 1, divisor)


CONSTRAINTS: Mapping[type[Constraint], Callable[[Any, Array], Array]] = {
    NonNegative: _non_negative,
    MaxNorm: _max_norm,
    UnitNorm: _unit_norm,
}
