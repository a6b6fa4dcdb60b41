"""Losses: each a module that maps logits and targets of one task to one number per example."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from mtlspec.spec import losses as spec


class TaskLoss(nn.Module):
    """Σ share·loss over the examples of a batch, share = weight / denominator; without shares their mean."""

    def per_example(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Return the loss of each example (B), for logits (B, units)."""
        raise NotImplementedError

    def mean(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Return the mean over the batch, in fewer operations where the native loss has it."""
        return self.per_example(logits, targets).mean()

    def forward(self, logits: Tensor, targets: Tensor, shares: Tensor | None = None) -> Tensor:
        if shares is None:
            return self.mean(logits, targets)
        return torch.dot(self.per_example(logits, targets), shares)


class _NativeLoss(TaskLoss):
    """A loss that PyTorch has, for each number or as their mean."""

    def native(self, logits: Tensor, targets: Tensor, *, reduction: str) -> Tensor:
        """Return the native loss."""
        raise NotImplementedError

    def per_example(self, logits: Tensor, targets: Tensor) -> Tensor:
        losses = self.native(logits, targets, reduction="none")
        return over_units(losses) if losses.dim() == 2 else losses

    def mean(self, logits: Tensor, targets: Tensor) -> Tensor:
        return self.native(logits, targets, reduction="mean")


class _SoftmaxCrossEntropy(TaskLoss):
    """The fields of a cross-entropy of classes: q = (1 - s)·y + s / C, and the factors w of its terms."""

    term_weights: Tensor | None

    def __init__(self, loss: spec.SoftmaxCrossEntropy) -> None:
        super().__init__()
        self.label_smoothing = loss.label_smoothing
        self.register_buffer("term_weights", _numbers(loss.term_weights))


class SoftmaxCrossEntropy(_SoftmaxCrossEntropy, _NativeLoss):
    """-Σ_c w_c·q_c·log softmax(z)_c."""

    def mean(self, logits: Tensor, targets: Tensor) -> Tensor:
        # the native mean of weighted terms divides by their weights; what divides is the host's to say
        return super().mean(logits, targets) if self.term_weights is None else self.per_example(logits, targets).mean()

    def native(self, logits: Tensor, targets: Tensor, *, reduction: str) -> Tensor:
        return functional.cross_entropy(
            logits, targets, weight=self.term_weights, reduction=reduction, label_smoothing=self.label_smoothing
        )


class SoftmaxCrossEntropyOfProbabilities(_SoftmaxCrossEntropy):
    """-Σ_c w_c·q_c·log p_c with p = clip(softmax(z), clip, 1 - clip), divided by its sum again if `renormalized`."""

    def __init__(self, loss: spec.SoftmaxCrossEntropy, prediction: spec.Probabilities) -> None:
        super().__init__(loss)
        self.clip, self.renormalized = prediction.clip, prediction.renormalized

    def per_example(self, logits: Tensor, targets: Tensor) -> Tensor:
        classes = logits.shape[-1]
        if not targets.is_floating_point():
            targets = functional.one_hot(targets, classes).to(logits.dtype)
        q = (1 - self.label_smoothing) * targets + self.label_smoothing / classes
        if self.term_weights is not None:
            q = q * self.term_weights
        p = logits.softmax(-1).clamp(self.clip, 1 - self.clip)
        if self.renormalized:
            p = p / p.sum(-1, keepdim=True)
        return -(q * p.log()).sum(-1)


class _SigmoidCrossEntropy(TaskLoss):
    """The fields of a cross-entropy per label: q = (1 - s)·y + s / 2, and the factors of the positive part."""

    positive_weights: Tensor | None

    def __init__(self, loss: spec.SigmoidCrossEntropy) -> None:
        super().__init__()
        self.label_smoothing = loss.label_smoothing
        self.register_buffer("positive_weights", _numbers(loss.positive_weights))

    def smoothed(self, targets: Tensor) -> Tensor:
        """Return q."""
        s = self.label_smoothing
        return (1 - s) * targets + s / 2 if s else targets


class SigmoidCrossEntropy(_SigmoidCrossEntropy, _NativeLoss):
    """mean_l of -(p_l·q_l·log σ(z_l) + (1 - q_l)·log(1 - σ(z_l)))."""

    def native(self, logits: Tensor, targets: Tensor, *, reduction: str) -> Tensor:
        return functional.binary_cross_entropy_with_logits(
            logits, self.smoothed(targets), pos_weight=self.positive_weights, reduction=reduction
        )


class SigmoidCrossEntropyOfProbabilities(_SigmoidCrossEntropy):
    """mean_l of -(p_l·q_l·log P_l + (1 - q_l)·log(1 - P_l)) with P = clip(σ(z), clip, 1 - clip)."""

    def __init__(self, loss: spec.SigmoidCrossEntropy, prediction: spec.Probabilities) -> None:
        super().__init__(loss)
        self.clip = prediction.clip

    def per_example(self, logits: Tensor, targets: Tensor) -> Tensor:
        q = self.smoothed(targets)
        positive = q if self.positive_weights is None else q * self.positive_weights
        p = logits.sigmoid().clamp(self.clip, 1 - self.clip)
        return over_units(-(positive * p.log() + (1 - q) * (1 - p).log()))


class SquaredError(_NativeLoss):
    """mean_u of (z_u - y_u)²."""

    def native(self, logits: Tensor, targets: Tensor, *, reduction: str) -> Tensor:
        return functional.mse_loss(logits, targets, reduction=reduction)


class AbsoluteError(_NativeLoss):
    """mean_u of |z_u - y_u|."""

    def native(self, logits: Tensor, targets: Tensor, *, reduction: str) -> Tensor:
        return functional.l1_loss(logits, targets, reduction=reduction)


class Huber(_NativeLoss):
    """mean_u of e²/2 where |e| <= delta, else delta·|e| - delta²/2, e = z_u - y_u."""

    def __init__(self, loss: spec.Huber) -> None:
        super().__init__()
        self.delta = loss.delta

    def native(self, logits: Tensor, targets: Tensor, *, reduction: str) -> Tensor:
        return functional.huber_loss(logits, targets, reduction=reduction, delta=self.delta)


def _numbers(values: tuple[float, ...] | None) -> Tensor | None:
    return None if values is None else torch.tensor(values, dtype=torch.float64)


def over_units(losses: Tensor) -> Tensor:
    """Return the mean over the last axis; of a single unit, a view."""
    return losses.squeeze(-1) if losses.shape[-1] == 1 else losses.mean(-1)


def _softmax(loss: spec.SoftmaxCrossEntropy) -> TaskLoss:
    if isinstance(loss.from_, spec.Probabilities):
        return SoftmaxCrossEntropyOfProbabilities(loss, loss.from_)
    return SoftmaxCrossEntropy(loss)


def _sigmoid(loss: spec.SigmoidCrossEntropy) -> TaskLoss:
    if isinstance(loss.from_, spec.Probabilities):
        return SigmoidCrossEntropyOfProbabilities(loss, loss.from_)
    return SigmoidCrossEntropy(loss)


LOSSES: dict[type[spec.Loss], Callable[[Any], TaskLoss]] = {
    spec.SoftmaxCrossEntropy: _softmax,
    spec.SigmoidCrossEntropy: _sigmoid,
    spec.SquaredError: lambda loss: SquaredError(),
    spec.AbsoluteError: lambda loss: AbsoluteError(),
    spec.Huber: Huber,
}


def loss_function(loss: spec.Loss, *, device: torch.device, dtype: torch.dtype) -> TaskLoss:
    """Return the module that computes `loss`."""
    return LOSSES[type(loss)](loss).to(device=device, dtype=dtype)


LINKS: dict[str, Callable[[Tensor], Tensor]] = {
    "none": lambda logits: logits,
    "sigmoid": torch.sigmoid,
    "softmax": lambda logits: logits.softmax(-1),
}
"""What turns logits into predictions, by the `link` of a loss."""
