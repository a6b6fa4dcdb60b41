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
        CONSTRAINTS[type(moving.constraint)](moving.constraint, moving, w)


def _non_negative(constraint: spec.NonNegative, moving: Moving, w: Tensor) -> None:
    """w = max(w, 0)."""
    w.clamp_(min=0)


def _max_norm(constraint: spec.MaxNorm, moving: Moving, w: Tensor) -> None:
    """w = w·min(norm, limit) / (norm + epsilon)."""
    norm = torch.linalg.vector_norm(w, dim=moving.native_axes(constraint.axes), keepdim=True)
    w.mul_(norm.clamp(max=constraint.limit)).div_(_divisor(norm + constraint.epsilon))


def _unit_norm(constraint: spec.UnitNorm, moving: Moving, w: Tensor) -> None:
    """w = w / (norm + epsilon)."""
    norm = torch.linalg.vector_norm(w, dim=moving.native_axes(constraint.axes), keepdim=True)
    w.div_(_divisor(norm + constraint.epsilon))


def _divisor(norm: Tensor) -> Tensor:
    return torch.where(norm == 0, torch.ones_like(norm), norm)


CONSTRAINTS: dict[type[spec.Constraint], Callable[[Any, Moving, Tensor], None]] = {
    spec.NonNegative: _non_negative,
    spec.MaxNorm: _max_norm,
    spec.UnitNorm: _unit_norm,
}
