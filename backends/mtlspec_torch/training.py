"""Training: whole steps on placed data, for every law of phases."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from mtlspec.graph import Graph
from mtlspec_torch.data import PlacedBatch, PlacedStep
from mtlspec_torch.passes import Differentiation

Observed = tuple[Tensor, Tensor | None]
"""Losses (T) and penalty of one step, on the device."""


@dataclass(frozen=True, eq=False)
class PhaseOptimizer:
    """The native optimizer of one phase, its parameters, and 1 for each task (T) of its own."""

    native: Optimizer
    parameters: list[nn.Parameter]
    own: Tensor

    def step(self, rate: float) -> None:
        """Step at `rate`, along the gradients that the parameters hold."""
        self.native.param_groups[0]["lr"] = rate
        self.native.step()

    def step_along(self, gradients: Iterable[Tensor], rate: float) -> None:
        """Step at `rate` along `gradients`; those that the parameters hold stay."""
        held = [parameter.grad for parameter in self.parameters]
        for parameter, gradient in zip(self.parameters, gradients, strict=True):
            parameter.grad = gradient
        self.step(rate)
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
