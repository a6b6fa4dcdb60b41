"""Likelihoods."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from mtlspec.spec import losses as spec
from mtlspec_torch.loss import NativeLoss, TaskLoss, over_units

FAR = -30.0
"""Below, log(softplus(r)) is r up to rounding."""


class Poisson(NativeLoss):
    """mean_u of exp(z) - y·z, or of z - y·log(z + epsilon)."""

    def __init__(self, loss: spec.Poisson) -> None:
        super().__init__()
        self.log_input, self.epsilon, self.full = loss.input == "log_rate", loss.epsilon, loss.full

    def native(self, logits: Tensor, targets: Tensor, *, reduction: str) -> Tensor:
        return functional.poisson_nll_loss(
            logits, targets, log_input=self.log_input, full=self.full, eps=self.epsilon, reduction=reduction
        )


class GaussianLikelihood(TaskLoss):
    """mean_u of (log v + (y - m)² / v) / 2; of the logarithm of v, so that nothing overflows."""

    def __init__(self, loss: spec.GaussianLikelihood) -> None:
        super().__init__()
        self.variance, self.minimum = loss.variance, loss.minimum
        self.unheld, self.constant = loss.below_minimum == "unheld", math.log(2 * math.pi) / 2 if loss.full else 0.0

    def per_position(self, logits: Tensor, targets: Tensor) -> Tensor:
        mean, raw = logits.chunk(2, dim=-1)
        free = raw if self.variance == "exp" else _log_softplus(raw)
        held = free.clamp(min=math.log(self.minimum))
        if self.unheld:
            held = held.detach() + (free - free.detach()) * (free - held).detach().exp()
        relative = (mean - targets) * (-held / 2).exp()
        return over_units((held + relative.square()) / 2 + self.constant)


def gaussian_predictions(loss: spec.GaussianLikelihood, logits: Tensor) -> Tensor:
    """Return means and variances."""
    mean, raw = logits.chunk(2, dim=-1)
    variance = raw.exp() if loss.variance == "exp" else torch.logaddexp(raw, torch.zeros_like(raw))
    return torch.cat([mean, variance.clamp(min=loss.minimum)], dim=-1)


def _log_softplus(raw: Tensor) -> Tensor:
    near = raw.clamp(min=FAR)
    return torch.where(raw < FAR, raw, torch.logaddexp(near, torch.zeros_like(near)).log())
