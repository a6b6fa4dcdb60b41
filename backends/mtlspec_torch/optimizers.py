"""Optimizers: native ones, with hooks around their step that give each law its exact form."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from mtlspec.spec import optimizers as spec
from mtlspec_torch.laws import Laws
from mtlspec_torch.rows import RowLaw

NATIVE_SLOTS = {
    "velocity": "momentum_buffer",
    "first_moment": "exp_avg",
    "second_moment": "exp_avg_sq",
    "largest_second_moment": "max_exp_avg_sq",
}
"""The native names of slots."""

FUSED = ("cpu", "cuda")
"""Device types on which PyTorch has the fused kernels; they compute in the parameter's precision or better."""


def _sgd(optimizer: spec.Sgd, groups: list[dict[str, Any]], fused: bool | None) -> Optimizer:
    return torch.optim.SGD(
        groups,
        lr=optimizer.learning_rate,
        momentum=optimizer.momentum,
        nesterov=optimizer.nesterov and optimizer.momentum > 0,  # the same step; PyTorch refuses it without momentum
        fused=fused,
    )


def _adam(optimizer: spec.Adam | spec.AdamW, groups: list[dict[str, Any]], fused: bool | None) -> Optimizer:
    native = torch.optim.AdamW if isinstance(optimizer, spec.AdamW) else torch.optim.Adam
    return native(
        groups,
        lr=optimizer.learning_rate,
        betas=(optimizer.beta_1, optimizer.beta_2),
        eps=optimizer.epsilon,
        weight_decay=0.0,  # the hook decays: 1 - rate·decay loses most digits of the product in float32
        amsgrad=optimizer.amsgrad,
        fused=fused,
    )


OPTIMIZERS: dict[type[spec.Optimizer], Callable[[Any, list[dict[str, Any]], bool | None], Optimizer]] = {
    spec.Sgd: _sgd,
    spec.Adam: _adam,
    spec.AdamW: _adam,
}


def native_optimizer(
    optimizer: spec.Optimizer,
    clipping: spec.Clipping | None,
    parameters: Sequence[nn.Parameter],
    *,
    rows: Mapping[nn.Parameter, RowLaw],
    device: torch.device,
) -> Optimizer:
    """Return the optimizer of one phase; its step clips, decays and updates by the laws.

    `param_groups[0]["updates"]` counts its steps. Gradients are as they were after a step. `rows` has the tables
    whose rows are told apart.
    """
    groups = [{"params": list(parameters), "updates": 0}]
    fused = True if device.type in FUSED else None
    native = OPTIMIZERS[type(optimizer)](optimizer, groups, fused)
    laws = Laws(optimizer, clipping, rows)
    if laws.active:
        native.register_step_pre_hook(laws.before)
    native.register_step_post_hook(laws.after)
    return native
