"""Laws: what happens right before and after the step of a native optimizer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from mtlspec.spec import optimizers as spec
from mtlspec_torch.clipping import clipped
from mtlspec_torch.row_updates import ROW_UPDATES, RowStep
from mtlspec_torch.rows import RowGradient, RowLaw

Call = tuple[tuple[Any, ...], dict[str, Any]]


class Laws:
    """Two hooks: `before` clips, decays and moves tables by row; `after` restores numbers and gradients."""

    def __init__(
        self, optimizer: spec.Optimizer, clipping: spec.Clipping | None, rows: Mapping[nn.Parameter, RowLaw]
    ) -> None:
        self.optimizer, self.clipping, self.rows = optimizer, clipping, rows
        self.decay = optimizer.weight_decay if isinstance(optimizer, spec.AdamW) else 0.0
        self.into_velocity = (
            isinstance(optimizer, spec.Sgd) and optimizer.momentum > 0 and optimizer.rate_applied == "into_velocity"
        )
        self.before_correction = (
            isinstance(optimizer, spec.Adam | spec.AdamW) and optimizer.epsilon_placement == "before_correction"
        )
        self._gradients_change = bool(clipping is not None or self.into_velocity or rows)
        self._numbers: dict[str, Any] = {}
        self._gradients: list[tuple[nn.Parameter, Tensor]] = []

    @property
    def active(self) -> bool:
        """Whether the native step alone would not do."""
        return bool(self._gradients_change or self.before_correction or self.decay)

    def before(self, native: Optimizer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Call | None:
        """Prepare numbers and gradients so that the native step obeys the laws."""
        call = _after_closure(args, kwargs)
        with torch.no_grad():
            self._prepare(native)
        return call

    def _prepare(self, native: Optimizer) -> None:
        group = native.param_groups[0]
        self._numbers = {name: group[name] for name in ("lr", "eps") if name in group}
        rate = float(group["lr"])
        if self.before_correction:
            # Native: sqrt(v) / sqrt(1 - β2^t) + eps; wanted: (sqrt(v) + ε) / sqrt(1 - β2^t)
            group["eps"] /= math.sqrt(1 - group["betas"][1] ** (group["updates"] + 1))
        if self._gradients_change:
            self._gradients = [(p, p.grad) for p in group["params"] if p.grad is not None]
            by_row = {p: RowGradient.of(p, g, self.rows[p]) for p, g in self._gradients if p in self.rows}
            self._rewrite(group, by_row, rate)
            step = RowStep(rate, self._decay(rate), epsilon=group.get("eps", 0.0), time=group["updates"] + 1)
            for parameter, gradient in by_row.items():
                ROW_UPDATES[type(self.optimizer)](self.optimizer, gradient, native.state[parameter], step)
        decaying = [p for p in group["params"] if p not in self.rows]
        if self.decay and decaying:
            torch._foreach_sub_(decaying, torch._foreach_mul(decaying, self._decay(rate)))

    def _decay(self, rate: float) -> float:
        scheduled = isinstance(self.optimizer, spec.AdamW) and self.optimizer.decay_scaled_by == "schedule"
        return (rate / self.optimizer.learning_rate if scheduled else rate) * self.decay

    def _rewrite(self, group: dict[str, Any], by_row: dict[nn.Parameter, RowGradient], rate: float) -> None:
        """Put clipped and scaled gradients in place of those that were given; by row, none."""
        dense = [p for p, _ in self._gradients if p not in by_row]
        gradients: list[Tensor] = [g for p, g in self._gradients if p not in by_row]
        if self.clipping is not None:
            gradients, scaled = clipped(self.clipping, gradients, by_row)
            by_row.update(scaled)
        if self.into_velocity:
            # v = momentum·v + r·g; w -= v is the native step along r·g at the rate 1, also where r is or was 0
            gradients = list(torch._foreach_mul(gradients, rate)) if gradients else []
            group["lr"] = 1.0
        for parameter, gradient in zip(dense, gradients, strict=True):
            parameter.grad = gradient
        for parameter in by_row:
            parameter.grad = None

    def after(self, native: Optimizer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Count the update, and give back what `before` changed."""
        group = native.param_groups[0]
        group["updates"] += 1
        group.update(self._numbers)
        for parameter, gradient in self._gradients:
            parameter.grad = gradient
        self._gradients = []


def _after_closure(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Call | None:
    """Return the call with its closure computed, which has to set the gradients before a hook reads them."""
    closure = args[1] if len(args) > 1 else kwargs.get("closure")
    if closure is None:
        return None
    with torch.enable_grad():
        loss = closure()
    return (args[0],), {"closure": lambda: loss}
