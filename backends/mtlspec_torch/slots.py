"""Slots: the native names and forms of what optimizers keep."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from mtlspec.spec import optimizers as spec
from mtlspec.spec.slots import SlotRule
from mtlspec_torch.moving import Moving

_MOMENTS = {
    "first_moment": "exp_avg",
    "second_moment": "exp_avg_sq",
    "largest_second_moment": "max_exp_avg_sq",
    "largest_size": "exp_inf",
    "momentum_product": "mu_product",
}
NATIVE_SLOTS: dict[type[spec.Optimizer], dict[str, str]] = {
    spec.Sgd: {"velocity": "momentum_buffer"},
    spec.Adam: _MOMENTS,
    spec.AdamW: _MOMENTS,
    spec.Adamax: _MOMENTS,
    spec.Nadam: _MOMENTS,
    spec.Rmsprop: {"velocity": "momentum_buffer", "second_moment": "square_avg", "first_moment": "grad_avg"},
    spec.Adagrad: {"squares": "sum"},
    spec.Adadelta: {"second_moment": "square_avg", "squared_steps": "acc_delta"},
}
"""The names that PyTorch has; other slots keep those of the spec."""


def native_name(optimizer: spec.Optimizer, slot: str) -> str:
    """Return the key of a slot in the state of a native optimizer."""
    return NATIVE_SLOTS.get(type(optimizer), {}).get(slot, slot)


def initial_slot(rule: SlotRule, moving: Moving) -> Tensor:
    """Return a slot before the first update; averages are in canonical layout, and their axis has the size 1."""
    parameter, shape = moving.parameter, moving.layout.shape
    if rule.averaged is not None:
        return parameter.new_full([*shape[: rule.averaged], 1, *shape[rule.averaged + 1 :]], rule.initial)
    if rule.shape != shape:
        return parameter.new_full((), rule.initial)
    return torch.full_like(parameter, rule.initial)


def initial_state(optimizer: spec.Optimizer, moving: Moving) -> dict[str, Any]:
    """Return what an optimizer keeps for a parameter before its first update."""
    rules = optimizer.slots(moving.layout.shape)
    return {native_name(optimizer, rule.name): initial_slot(rule, moving) for rule in rules} | step_count(
        optimizer, 0, moving
    )


def step_count(optimizer: spec.Optimizer, updates: int, moving: Moving) -> dict[str, Any]:
    """Return the number that native optimizers keep beside each parameter, in float32 as the fused kernels do."""
    if isinstance(optimizer, spec.Sgd):
        return {}
    return {"step": torch.tensor(float(updates), dtype=torch.float32, device=moving.parameter.device)}
