"""Focal losses."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from mtlspec.spec import losses as spec
from mtlspec_torch.loss import TaskLoss, classes_of, over_units


class SigmoidFocal(TaskLoss):
    """mean_l of a·(1 - P)^gamma·-(q·log p + (1 - q)·log(1 - p)), P = q·p + (1 - q)·(1 - p)."""

    def __init__(self, loss: spec.SigmoidFocal) -> None:
        super().__init__()
        self.gamma, self.alpha, self.label_smoothing = loss.gamma, loss.alpha, loss.label_smoothing

    def per_position(self, logits: Tensor, targets: Tensor) -> Tensor:
        q = (1 - self.label_smoothing) * targets + self.label_smoothing / 2
        yes, no = functional.logsigmoid(logits), functional.logsigmoid(-logits)
        missed = torch.logaddexp(q.log() + no, (-q).log1p() + yes)
        losses = (self.gamma * missed).exp() * -(q * yes + (1 - q) * no)
        if self.alpha is not None:
            losses = losses * (q * self.alpha + (1 - q) * (1 - self.alpha))
        return over_units(losses)


class SoftmaxFocal(TaskLoss):
    """-Σ_c alpha_c·q_c·(1 - p_c)^gamma·log p_c."""

    def __init__(self, loss: spec.SoftmaxFocal) -> None:
        super().__init__()
        self.gamma, self.alpha, self.label_smoothing = loss.gamma, loss.alpha, loss.label_smoothing

    def per_position(self, logits: Tensor, targets: Tensor) -> Tensor:
        classes, s = logits.shape[-1], self.label_smoothing
        q = (1 - s) * classes_of(targets, logits) + s / classes
        if self.alpha is not None:
            q = q * torch.tensor(self.alpha, dtype=logits.dtype, device=logits.device)
        logarithms = logits.log_softmax(-1)
        missed = _others(logarithms.exp())
        # a power of 0 has no slope below 1
        power = torch.where(missed > 0, torch.where(missed > 0, missed, 1) ** self.gamma, 0.0**self.gamma)
        return -(q * power * logarithms).sum(-1)


def _others(p: Tensor) -> Tensor:
    """Return 1 - p_c; beside the largest as a sum of the others, which does not cancel."""
    top = functional.one_hot(p.argmax(-1), p.shape[-1]).bool()
    return torch.where(top, torch.where(top, 0, p).sum(-1, keepdim=True), 1 - p)
