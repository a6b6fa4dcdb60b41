"""Training: whole steps on placed data, for every law of phases."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from mtlspec.graph import Graph
from mtlspec_torch.accumulation import Accumulation
from mtlspec_torch.data import PlacedBatch, PlacedStep
from mtlspec_torch.moving import Moving
from mtlspec_torch.passes import Differentiation

Observed = tuple[Tensor, Tensor | None]
"""Losses (T) and penalty of one step, on the device."""


@dataclass(frozen=True, eq=False)
class PhaseOptimizer:
    """The native optimizer of one phase, its parameters, and 1 for each task (T) of its own."""

    native: Optimizer
    moving: Mapping[str, Moving]
    """By key path."""
    own: Tensor
    accumulation: Accumulation | None = None

    @cached_property
    def parameters(self) -> list[nn.Parameter]:
        """The native parameters, in order."""
        return [one.parameter for one in self.moving.values()]

    @cached_property
    def _indices(self) -> dict[nn.Parameter, int]:
        return {parameter: index for index, parameter in enumerate(self.parameters)}

    def index(self, parameter: nn.Parameter) -> int:
        """Return the place of a parameter among them."""
        return self._indices[parameter]

    @property
    def steps(self) -> int:
        """The number of batches so far."""
        updates = int(self.native.param_groups[0]["updates"])
        waiting = self.accumulation
        return updates if waiting is None else updates * waiting.batches + waiting.pending

    def count(self, steps: int) -> None:
        """Go on as after `steps` batches."""
        updates = steps
        if self.accumulation is not None:
            updates, self.accumulation.pending = divmod(steps, self.accumulation.batches)
        for group in self.native.param_groups:
            group["updates"] = updates

    def step(self, rate: float) -> None:
        """Step at `rate`, along the gradients that the parameters hold."""
        if self.accumulation is not None:
            gradients = [p.grad for p in self.parameters if p.grad is not None]
            self.step_along(gradients, rate)
            return
        self._step(rate)

    def _step(self, rate: float) -> None:
        for group in self.native.param_groups:
            group["lr"] = rate * group["rate_factor"]
        self.native.step()

    def step_along(self, gradients: Iterable[Tensor], rate: float) -> None:
        """Step at `rate` along `gradients`; those that the parameters hold stay."""
        if self.accumulation is not None:
            with torch.no_grad():
                means = self.accumulation.taken(list(gradients))
            if means is None:
                return
            gradients = means
        held = [parameter.grad for parameter in self.parameters]
        for parameter, gradient in zip(self.parameters, gradients, strict=True):
            parameter.grad = gradient
        self._step(rate)
        for parameter, before in zip(self.parameters, held, strict=True):
            parameter.grad = before


@dataclass(frozen=True, eq=False)
class Stepper:
    """Makes one step after the other, without waiting for the device."""

    graph: Graph
    losses: Callable[[PlacedBatch], Tensor]
    """The forward pass."""
    penalty: Callable[[], Tensor] | None
    phases: Sequence[PhaseOptimizer]
    parameters: Sequence[nn.Parameter]
    """All that are trained; they hold no gradient between steps."""
    differentiation: Differentiation

    def step(self, step: PlacedStep) -> Observed:
        """Make one step, and return what it observed."""
        if self.graph.gradient == "summed":
            return self._summed(step)
        if self.graph.forward == "once":
            return self._own_once(step)
        return self._own_after_each_update(step)

    def _summed(self, step: PlacedStep) -> Observed:
        losses = self.losses(step.batch)
        total, penalty = self._total(losses, step.weights)
        self.differentiation.backward(total, self.parameters)
        for phase, rate in zip(self.phases, step.rates, strict=True):
            phase.step(rate)
        for parameter in self.parameters:
            parameter.grad = None
        return losses.detach(), penalty

    def _own_once(self, step: PlacedStep) -> Observed:
        losses = self.losses(step.batch)
        penalty = None
        gradients = []
        for phase in self.phases:
            total, penalty = self._total(losses, step.weights * phase.own)
            gradients.append(self.differentiation.gradients(total, phase.parameters, again=True))
        for phase, along, rate in zip(self.phases, gradients, step.rates, strict=True):
            phase.step_along(along, rate)
        return losses.detach(), penalty

    def _own_after_each_update(self, step: PlacedStep) -> Observed:
        observed = torch.zeros_like(step.weights)
        penalty = None
        for phase, rate in zip(self.phases, step.rates, strict=True):
            losses = self.losses(step.batch)
            total, penalty = self._total(losses, step.weights * phase.own)
            phase.step_along(self.differentiation.gradients(total, phase.parameters), rate)
            observed = torch.where(phase.own > 0, losses.detach(), observed)
        return observed, penalty

    def _total(self, losses: Tensor, weights: Tensor) -> Observed:
        total = torch.dot(losses, weights)
        if self.penalty is None:
            return total, None
        penalty = self.penalty()
        return total + penalty, penalty.detach()
