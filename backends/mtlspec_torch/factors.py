"""Formulas by factored squares: Adafactor."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from mtlspec.spec import optimizers as spec
from mtlspec_torch.formulas import Formula, Rule


def _adafactor(optimizer: spec.Adafactor, at: Formula) -> None:
    """u = g / sqrt(v); w -= max(ε2, rms(w))·ρ·u / max(1, rms(u) / clip_threshold)."""
    time, rate = at.step.time, at.step.rate
    u = at.gradient.sum / _square(optimizer, at, 1 - time**optimizer.beta_2_decay).sqrt()
    relative = min(rate, 1 / math.sqrt(time)) if optimizer.relative_step else rate
    found = _rms(at.undecayed if optimizer.scale_from == "undecayed" else at.w)
    size = found.clamp(min=optimizer.epsilon_2) * relative
    at.w.sub_(u * (size / (_rms(u) / optimizer.clip_threshold).clamp(min=1)))


def _square(optimizer: spec.Adafactor, at: Formula, keeps: float) -> Tensor:
    """Return v; slots move on. Factors are kept with an axis of 1 in place of the averaged one."""
    epsilon, added, square = optimizer.epsilon_1, optimizer.epsilon_1_use == "added", at.gradient.square
    if added:
        square = square + epsilon
    if len(at.moving.layout.shape) < 2:
        v = at.slots["second_moment"].mul_(keeps).add_(square, alpha=1 - keeps)
        return v if added else v.clamp(min=epsilon * epsilon)
    layout = at.moving.layout
    square, (row, column) = layout.canonical(square), optimizer.axes(layout.shape)
    r = at.slots["row_factor"].mul_(keeps).add_(square.mean(column, keepdim=True), alpha=1 - keeps)
    c = at.slots["column_factor"].mul_(keeps).add_(square.mean(row, keepdim=True), alpha=1 - keeps)
    mean = r.mean(row, keepdim=True)
    v = r / mean * c if added else (r * c / mean.clamp(min=epsilon)).clamp_(min=epsilon * epsilon)
    return layout.native(v)


def _rms(x: Tensor) -> Tensor:
    return torch.sqrt(x.square().mean())


FORMULAS: dict[type[spec.Optimizer], Rule] = {spec.Adafactor: _adafactor}
