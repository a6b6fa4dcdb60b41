"""Distances between numbers."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from mtlspec.spec import losses as spec
from mtlspec_torch.loss import NativeLoss, TaskLoss, numbers, over_units


class SquaredError(NativeLoss):
    """mean_u of (z_u - y_u)²."""

    def native(self, logits: Tensor, targets: Tensor, *, reduction: str) -> Tensor:
        return functional.mse_loss(logits, targets, reduction=reduction)


class AbsoluteError(NativeLoss):
    """mean_u of |z_u - y_u|."""

    def native(self, logits: Tensor, targets: Tensor, *, reduction: str) -> Tensor:
        return functional.l1_loss(logits, targets, reduction=reduction)


class Huber(NativeLoss):
    """mean_u of e²/2 where |e| <= delta, else delta·|e| - delta²/2, e = z_u - y_u."""

    def __init__(self, loss: spec.Huber) -> None:
        super().__init__()
        self.delta = loss.delta

    def native(self, logits: Tensor, targets: Tensor, *, reduction: str) -> Tensor:
        return functional.huber_loss(logits, targets, reduction=reduction, delta=self.delta)


class LogCosh(TaskLoss):
    """mean_u of log(cosh(e)): log(1 + 2·sinh(e / 2)²) where that neither cancels nor overflows."""

    def per_position(self, logits: Tensor, targets: Tensor) -> Tensor:
        size = (logits - targets).abs()
        near, far = size.clamp(max=1), size.clamp(min=1)
        inside = (2 * (near / 2).sinh().square()).log1p()
        return over_units(torch.where(size < 1, inside, far + (-2 * far).exp().log1p() - math.log(2)))


class Quantile(TaskLoss):
    """mean_q of q·e where e > 0, else (q - 1)·e, e = y - z_q."""

    quantiles: Tensor

    def __init__(self, loss: spec.Quantile) -> None:
        super().__init__()
        self.register_buffer("quantiles", numbers(loss.quantiles))

    def per_position(self, logits: Tensor, targets: Tensor) -> Tensor:
        error = targets - logits
        return over_units(torch.where(error > 0, self.quantiles, self.quantiles - 1) * error)


class PercentageError(TaskLoss):
    """mean_u of 100·|z_u - y_u| / max(|y_u|, epsilon)."""

    def __init__(self, loss: spec.PercentageError) -> None:
        super().__init__()
        self.epsilon = loss.epsilon

    def per_position(self, logits: Tensor, targets: Tensor) -> Tensor:
        return over_units(100 * (logits - targets).abs() / targets.abs().clamp(min=self.epsilon))


class SquaredLogarithmicError(TaskLoss):
    """mean_u of (log(1 + max(z_u, clip)) - log(1 + max(y_u, clip)))²."""

    def __init__(self, loss: spec.SquaredLogarithmicError) -> None:
        super().__init__()
        self.clip = loss.clip

    def per_position(self, logits: Tensor, targets: Tensor) -> Tensor:
        return over_units((logits.clamp(min=self.clip).log1p() - targets.clamp(min=self.clip).log1p()).square())


class CosineSimilarity(TaskLoss):
    """1 - cos or -cos, cos = Σ_u z_u·y_u / (|z|·|y|)."""

    def __init__(self, loss: spec.CosineSimilarity) -> None:
        super().__init__()
        self.first = 0.0 if loss.value == "negative" else 1.0
        self.epsilon, self.inside_root = loss.epsilon, loss.epsilon_placement == "inside_root"

    def per_position(self, logits: Tensor, targets: Tensor) -> Tensor:
        return self.first - (logits / self._norm(logits) * (targets / self._norm(targets))).sum(-1)

    def _norm(self, x: Tensor) -> Tensor:
        squares = x.square().sum(-1, keepdim=True)
        # the root of what is held has a slope where the root of 0 has none
        return (squares + self.epsilon if self.inside_root else squares.clamp(min=self.epsilon**2)).sqrt()
