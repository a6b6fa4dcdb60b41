"""Laws: what happens right before and after the step of a native optimizer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from mtlspec.graph import Phase
from mtlspec.spec import optimizers as spec
from mtlspec.spec.decay import CoupledDecay, DecoupledDecay
from mtlspec_torch import accumulators, descent, factors, moments, signs
from mtlspec_torch.clipping import clipped
from mtlspec_torch.constraints import constrain
from mtlspec_torch.extension import update as extended
from mtlspec_torch.formulas import FormulaStep, Rule, apply_formula
from mtlspec_torch.moving import Moving
from mtlspec_torch.rows import RowGradient, WholeGradient
from mtlspec_torch.slots import initial_state, native_name, step_count

Call = tuple[tuple[Any, ...], dict[str, Any]]
Group = dict[str, Any]

FORMULAS: dict[type[spec.Optimizer], Rule] = {
    **descent.FORMULAS,
    **moments.FORMULAS,
    **accumulators.FORMULAS,
    **signs.FORMULAS,
    **factors.FORMULAS,
}
DECAYS = (CoupledDecay, DecoupledDecay)


class Laws:
    """Two hooks: `before` clips, decays and makes updates that are not native; `after` constrains and averages.

    With `native_step` false, every parameter moves by our formula, and the native step finds no gradient.
    """

    def __init__(self, phase: Phase, moving: Sequence[Moving], *, native_step: bool) -> None:
        optimizer = phase.optimizer
        self.phase, self.optimizer, self.native_step = phase, optimizer, native_step
        self.moving = {one.parameter: one for one in moving}
        self.decays = any(one.numbers.decay for one in moving) and phase.decay is not None
        self.into_velocity = (
            isinstance(optimizer, spec.Sgd) and optimizer.momentum > 0 and optimizer.rate_applied == "into_velocity"
        )
        self.before_correction = (
            isinstance(optimizer, spec.Adam | spec.AdamW) and optimizer.epsilon_placement == "before_correction"
        )
        self._by_formula = not native_step or any(one.rows for one in moving)
        self._gradients_change = bool(
            phase.clipping is not None
            or self.into_velocity
            or self._by_formula
            or (self.decays and isinstance(phase.decay, CoupledDecay))
        )
        self._numbers: list[tuple[float, float | None]] = []
        self._gradients: list[tuple[nn.Parameter, Tensor]] = []

    @property
    def active(self) -> bool:
        """Whether the native step alone would not do."""
        return bool(self._gradients_change or self.before_correction or self.decays)

    def before(self, native: Optimizer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Call | None:
        """Prepare numbers and gradients so that the native step obeys the laws."""
        call = _after_closure(args, kwargs)
        with torch.no_grad():
            self._prepare(native)
        return call

    def _prepare(self, native: Optimizer) -> None:
        self._numbers = [(group["lr"], group.get("eps")) for group in native.param_groups]
        rates = {p: float(group["lr"]) for group in native.param_groups for p in group["params"]}
        time = native.param_groups[0]["updates"] + 1
        if self._gradients_change:
            self._gradients = [(p, p.grad) for p in rates if p.grad is not None]
            self._rewrite(native, rates, time)
        if self.native_step and self.decays and isinstance(self.phase.decay, DecoupledDecay):
            for p, rate in rates.items():
                own = self.moving[p]
                if own.numbers.decay and own.rows is None:
                    p.sub_(p * self._decay(own, rate))
        for group in native.param_groups:
            if self.before_correction:
                # Native: sqrt(v) / sqrt(1 - β2^t) + eps; wanted: (sqrt(v) + ε) / sqrt(1 - β2^t)
                group["eps"] /= math.sqrt(1 - group["betas"][1] ** time)
            if self.into_velocity:
                # v = momentum·v + r·g; w -= v is the native step along r·g at the rate 1, also where r is or was 0
                group["lr"] = 1.0

    def _decay(self, own: Moving, rate: float) -> float:
        """Return the share of a parameter that its decoupled decay takes."""
        law = self.phase.decay
        if not isinstance(law, DecoupledDecay):
            return 0.0
        base = self.optimizer.learning_rate * own.numbers.rate_factor
        return (rate if law.scaled_by == "learning_rate" else rate / base) * own.numbers.decay

    def _rewrite(self, native: Optimizer, rates: dict[nn.Parameter, float], time: int) -> None:
        """Put the gradients that the native step follows in place of those that were given, and move the rest."""
        rows: dict[nn.Parameter, RowGradient] = {}
        dense: dict[nn.Parameter, Tensor] = {}
        for p, g in self._gradients:
            law = self.moving[p].rows
            if law is None:
                dense[p] = g
            else:
                rows[p] = RowGradient.of(p, g, law)
        self._couple(dense, "before_clip")
        if self.phase.clipping is not None:
            bounded, rows = clipped(self.phase.clipping, list(dense.values()), rows)
            dense = dict(zip(dense, bounded, strict=True))
        self._couple(dense, "after_clip")
        for p, _ in self._gradients:
            gradient = rows[p] if p in rows else WholeGradient(p, dense[p])
            if p in rows or not self.native_step:
                self._move(native, self.moving[p], gradient, rates[p], time)
                p.grad = None
            else:
                p.grad = dense[p] * rates[p] if self.into_velocity else dense[p]

    def _couple(self, dense: dict[nn.Parameter, Tensor], place: str) -> None:
        """g += decay·w, where the law is this one."""
        law = self.phase.decay
        if isinstance(law, CoupledDecay) and law.placed == place:
            for p, gradient in dense.items():
                if self.moving[p].numbers.decay:
                    dense[p] = gradient.add(p, alpha=self.moving[p].numbers.decay)

    def _move(
        self, native: Optimizer, own: Moving, gradient: RowGradient | WholeGradient, rate: float, time: int
    ) -> None:
        state, optimizer = native.state[own.parameter], self.optimizer
        for name, value in initial_state(optimizer, own).items() if not _begun(state) else ():
            state[name] = value
        state.update(step_count(optimizer, time, own))
        slots = {rule.name: state[native_name(optimizer, rule.name)] for rule in optimizer.slots(own.layout.shape)}
        step = FormulaStep(rate, self._decay(own, rate), time)
        w = apply_formula(FORMULAS.get(type(optimizer), extended), optimizer, own, gradient, slots, step)
        constrain(own, w)
        gradient.moved(gradient.table, w)

    def after(self, native: Optimizer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Count the update, give back what `before` changed, constrain and average."""
        for group, (rate, epsilon) in zip(native.param_groups, self._numbers, strict=False):
            group["lr"] = rate
            if epsilon is not None:
                group["eps"] = epsilon
        for parameter, gradient in self._gradients:
            parameter.grad = gradient
        self._gradients, self._numbers = [], []
        for group in native.param_groups:
            group["updates"] += 1
        with torch.no_grad():
            for own in self.moving.values():
                if own.parameter.grad is not None:
                    self._finish(native, own)

    def _finish(self, native: Optimizer, own: Moving) -> None:
        if self.native_step and own.rows is None:
            constrain(own, own.parameter)
        average = self.phase.average
        if average is None:
            return
        state, keeps = native.state[own.parameter], average.keeps
        if native.param_groups[0]["updates"] <= average.start or "average" not in state:
            state["average"] = own.parameter.detach().clone(memory_format=torch.preserve_format)
        else:
            state["average"].mul_(keeps).add_(own.parameter, alpha=1 - keeps)


def _begun(state: dict[str, Any]) -> bool:
    """Return whether an optimizer has made its slots for a parameter."""
    return any(name != "average" for name in state)


def _after_closure(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Call | None:
    """Return the call with its closure computed, which has to set the gradients before a hook reads them."""
    closure = args[1] if len(args) > 1 else kwargs.get("closure")
    if closure is None:
        return None
    with torch.enable_grad():
        loss = closure()
    return (args[0],), {"closure": lambda: loss}
