"""Updates by row: the formulas of the optimizers on those rows of a table that move."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from mtlspec.spec import optimizers as spec
from mtlspec_torch.rows import RowGradient

State = dict[str, Any]


@dataclass(frozen=True)
class RowStep:
    """The numbers of one step."""

    rate: float
    decay: float
    epsilon: float
    """As the native optimizers add it, to the corrected root."""
    time: int
    """The number of this update, from 1."""


def _sgd(optimizer: spec.Sgd, gradient: RowGradient, state: State, step: RowStep) -> None:
    """v = momentum·v + g; w -= r·v (`at_update`), or v = momentum·v + r·g; w -= v (`into_velocity`)."""
    w, rate, factor = gradient.moving(gradient.table), step.rate, 1.0
    if optimizer.momentum and optimizer.rate_applied == "into_velocity":
        rate, factor = 1.0, step.rate
    if optimizer.momentum:
        slot = _slot(state, "momentum_buffer", gradient)
        velocity = gradient.moving(slot).mul_(optimizer.momentum)
        gradient.add_to(velocity, factor=factor)
        gradient.moved(slot, velocity)
        w.sub_(velocity, alpha=rate * optimizer.momentum if optimizer.nesterov else rate)
    if not optimizer.momentum or optimizer.nesterov:
        gradient.add_to(w, factor=-rate * factor)
    gradient.moved(gradient.table, w)


def _adam(optimizer: spec.Adam | spec.AdamW, gradient: RowGradient, state: State, step: RowStep) -> None:
    """w -= decay·w; m = β1·m + (1-β1)·g; v = β2·v + (1-β2)·g²; w -= r·(m / (1-β1^t)) / (sqrt(v / (1-β2^t)) + ε)."""
    beta_1, beta_2 = optimizer.beta_1, optimizer.beta_2
    state.setdefault("step", torch.tensor(0.0, device=gradient.table.device)).fill_(step.time)
    first, second = _slot(state, "exp_avg", gradient), _slot(state, "exp_avg_sq", gradient)
    m, v = gradient.moving(first).mul_(beta_1), gradient.moving(second).mul_(beta_2)
    gradient.add_to(m, factor=1 - beta_1)
    gradient.add_square_to(v, factor=1 - beta_2)
    gradient.moved(first, m)
    gradient.moved(second, v)
    if optimizer.amsgrad:
        largest = _slot(state, "max_exp_avg_sq", gradient)
        most = gradient.moving(largest)
        v = torch.maximum(most, v, out=most)
        gradient.moved(largest, v)
    w = gradient.moving(gradient.table)
    if step.decay:
        w.sub_(w * step.decay)
    root = v.sqrt().div_(math.sqrt(1 - beta_2**step.time)).add_(step.epsilon)
    w.addcdiv_(m, root, value=-step.rate / (1 - beta_1**step.time))
    gradient.moved(gradient.table, w)


def _slot(state: State, name: str, gradient: RowGradient) -> Tensor:
    if name not in state:
        state[name] = torch.zeros_like(gradient.table)
    slot: Tensor = state[name]
    return slot


ROW_UPDATES: dict[type[spec.Optimizer], Callable[[Any, RowGradient, State, RowStep], None]] = {
    spec.Sgd: _sgd,
    spec.Adam: _adam,
    spec.AdamW: _adam,
}
