"""Constraints: what a parameter is put back to after its update, in its native layout."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from mtlspec.spec import constraints as spec
from mtlspec_torch.moving import Moving


def constrain(moving: Moving, w: Tensor) -> None:
    """Put `w`, the parameter or those rows of it that moved, back to what its constraint allows."""
    if moving.constraint is not None:
        allowed = CONSTRAINTS[type(moving.constraint)](moving.constraint, moving.layout.canonical(w))
        w.copy_(moving.layout.native(allowed))


def _non_negative(constraint: spec.NonNegative, w: Tensor) -> Tensor:
    """max(w, 0)."""
    return w.clamp(min=0)


def _max_norm(constraint: spec.MaxNorm, w: Tensor) -> Tensor:
    """w·(min(norm, limit) / (norm + epsilon))."""
    norm: Tensor = torch.linalg.vector_norm(w, dim=constraint.axes, keepdim=True)
    return w * (norm.clamp(max=constraint.limit) / _divisor(norm + constraint.epsilon))


def _unit_norm(constraint: spec.UnitNorm, w: Tensor) -> Tensor:
    """w / (norm + epsilon)."""
    norm: Tensor = torch.linalg.vector_norm(w, dim=constraint.axes, keepdim=True)
    return w / _divisor(norm + constraint.epsilon)


def _divisor(norm: Tensor) -> Tensor:
    return torch.where(norm == 0, torch.ones_like(norm), norm)


CONSTRAINTS: dict[type[spec.Constraint], Callable[[Any, Tensor], Tensor]] = {
    spec.NonNegative: _non_negative,
    spec.MaxNorm: _max_norm,
    spec.UnitNorm: _unit_norm,
}
