"""Optimizers: native ones, with hooks around their step that give each law its exact form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.optim import Optimizer

from mtlspec.graph import Phase
from mtlspec.spec import optimizers as spec
from mtlspec_torch.laws import Laws
from mtlspec_torch.moving import Moving
from mtlspec_torch.slots import initial_state

FUSED = ("cpu", "cuda")
"""Device types on which PyTorch has the fused kernels; they compute in the parameter's precision or better."""

Groups = list[dict[str, Any]]


class LawfulOptimizer(Optimizer):
    """An optimizer whose formula PyTorch does not have; the hook before its step makes the update."""

    def __init__(self, groups: Groups, learning_rate: float) -> None:
        super().__init__(groups, {"lr": learning_rate})

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Return the loss of `closure`, which the hook has called."""
        return None if closure is None else closure()


def _sgd(optimizer: spec.Sgd, groups: Groups, fused: bool | None) -> Optimizer:
    return torch.optim.SGD(
        groups,
        lr=optimizer.learning_rate,
        momentum=optimizer.momentum,
        nesterov=optimizer.nesterov and optimizer.momentum > 0,  # the same step; PyTorch refuses it without momentum
        fused=fused,
    )


def _adam(optimizer: spec.Adam | spec.AdamW, groups: Groups, fused: bool | None) -> Optimizer:
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


def _adamax(optimizer: spec.Adamax, groups: Groups, fused: bool | None) -> Optimizer:
    if optimizer.epsilon_placement == "after_maximum":
        return LawfulOptimizer(groups, optimizer.learning_rate)
    betas = (optimizer.beta_1, optimizer.beta_2)
    return torch.optim.Adamax(groups, lr=optimizer.learning_rate, betas=betas, eps=optimizer.epsilon)


def _nadam(optimizer: spec.Nadam, groups: Groups, fused: bool | None) -> Optimizer:
    return torch.optim.NAdam(
        groups,
        lr=optimizer.learning_rate,
        betas=(optimizer.beta_1, optimizer.beta_2),
        eps=optimizer.epsilon,
        momentum_decay=optimizer.momentum_decay,
    )


def _adagrad(optimizer: spec.Adagrad, groups: Groups, fused: bool | None) -> Optimizer:
    if optimizer.epsilon_placement == "inside_root":
        return LawfulOptimizer(groups, optimizer.learning_rate)
    return torch.optim.Adagrad(
        groups,
        lr=optimizer.learning_rate,
        initial_accumulator_value=optimizer.initial_accumulator,
        eps=optimizer.epsilon,
    )


def _rmsprop(optimizer: spec.Rmsprop, groups: Groups, fused: bool | None) -> Optimizer:
    other_rate = optimizer.momentum and optimizer.rate_applied == "into_velocity"
    # native centering takes the root of a difference that rounding can make negative
    if optimizer.epsilon_placement == "inside_root" or optimizer.centered or other_rate:
        return LawfulOptimizer(groups, optimizer.learning_rate)
    return torch.optim.RMSprop(
        groups, lr=optimizer.learning_rate, alpha=optimizer.rho, eps=optimizer.epsilon, momentum=optimizer.momentum
    )


def _adadelta(optimizer: spec.Adadelta, groups: Groups, fused: bool | None) -> Optimizer:
    return torch.optim.Adadelta(groups, lr=optimizer.learning_rate, rho=optimizer.rho, eps=optimizer.epsilon)


def _lawful(optimizer: spec.Optimizer, groups: Groups, fused: bool | None) -> Optimizer:
    return LawfulOptimizer(groups, optimizer.learning_rate)


OPTIMIZERS: dict[type[spec.Optimizer], Callable[[Any, Groups, bool | None], Optimizer]] = {
    spec.Sgd: _sgd,
    spec.Adam: _adam,
    spec.AdamW: _adam,
    spec.Rmsprop: _rmsprop,
    spec.Adagrad: _adagrad,
    spec.Adadelta: _adadelta,
    spec.Adamax: _adamax,
    spec.Nadam: _nadam,
    spec.Lion: _lawful,
    spec.Adafactor: _lawful,
}


def native_optimizer(phase: Phase, moving: Sequence[Moving], *, device: torch.device) -> Optimizer:
    """Return the optimizer of a phase; its step clips, decays, updates, constrains and averages by the laws.

    A group of parameters for each rate factor; each group counts the steps as `updates`. Gradients are as they were
    after a step.
    """
    optimizer = phase.optimizer
    fused = True if device.type in FUSED else None
    native = OPTIMIZERS.get(type(optimizer), _lawful)(optimizer, _groups(optimizer, moving), fused)
    laws = Laws(phase, moving, native_step=not isinstance(native, LawfulOptimizer))
    if isinstance(native, torch.optim.NAdam):  # by itself it would keep the product of momenta in float32
        native.state.update({one.parameter: initial_state(optimizer, one) for one in moving})
    if laws.active:
        native.register_step_pre_hook(laws.before)
    native.register_step_post_hook(laws.after)
    return native


def _groups(optimizer: spec.Optimizer, moving: Sequence[Moving]) -> Groups:
    factors = dict.fromkeys([one.numbers.rate_factor for one in moving]) or {1.0: None}
    return [
        {
            "params": [one.parameter for one in moving if one.numbers.rate_factor == factor],
            "lr": optimizer.learning_rate * factor,
            "rate_factor": factor,
            "updates": 0,
        }
        for factor in factors
    ]
