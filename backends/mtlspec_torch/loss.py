"""The base of losses: modules from logits and targets of a task to one number, or one per position or example."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class TaskLoss(nn.Module):
    """Σ share·loss over the positions of a batch, share = weight / denominator; without shares their mean."""

    def per_position(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Return the loss of each of N positions, for logits (N, units)."""
        raise NotImplementedError

    def per_example(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Return the loss of each position (B, *positions), for logits (B, *positions, units)."""
        return self.per_position(*_flat(logits, targets)).reshape(logits.shape[:-1])

    def mean(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Return the mean over the batch, in fewer operations where the native loss has it."""
        return self.per_example(logits, targets).mean()

    def forward(self, logits: Tensor, targets: Tensor, shares: Tensor | None = None) -> Tensor:
        if shares is None:
            return self.mean(logits, targets)
        return torch.dot(self.per_position(*_flat(logits, targets)), shares.reshape(-1))


class NativeLoss(TaskLoss):
    """A loss that PyTorch has, for each number or as their mean."""

    def native(self, logits: Tensor, targets: Tensor, *, reduction: str) -> Tensor:
        """Return the native loss."""
        raise NotImplementedError

    def per_position(self, logits: Tensor, targets: Tensor) -> Tensor:
        losses = self.native(logits, targets, reduction="none")
        return over_units(losses) if losses.dim() > 1 else losses

    def mean(self, logits: Tensor, targets: Tensor) -> Tensor:
        return self.native(*_flat(logits, targets), reduction="mean")


class ExampleLoss(TaskLoss):
    """Σ share·loss over the examples, each of them a loss of all its positions whose share is not 0."""

    def of_examples(self, logits: Tensor, targets: Tensor, present: Tensor) -> Tensor:
        """Return the loss of each example (B), for logits (B, n, units) at n positions and which are present (B, n)."""
        raise NotImplementedError

    def per_example(self, logits: Tensor, targets: Tensor, present: Tensor | None = None) -> Tensor:
        """Return the loss of each example (B), for logits (B, *positions, units); all are present by default."""
        batch, positions = len(logits), logits.dim() - 1
        here = torch.ones_like(logits[..., 0], dtype=torch.bool) if present is None else present
        flat = targets.reshape(batch, -1, *targets.shape[positions:])
        return self.of_examples(logits.reshape(batch, -1, logits.shape[-1]), flat, here.reshape(batch, -1))

    def forward(self, logits: Tensor, targets: Tensor, shares: Tensor | None = None) -> Tensor:
        if shares is None:
            return self.mean(logits, targets)
        each = self.per_example(logits, targets, shares != 0)
        return torch.dot(each, shares.reshape(len(each), -1).amax(-1))


def _flat(logits: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Return logits (N, units) and targets of N positions."""
    if logits.dim() == 2:
        return logits, targets
    return logits.reshape(-1, logits.shape[-1]), targets.reshape(-1, *targets.shape[logits.dim() - 1 :])


def over_units(losses: Tensor) -> Tensor:
    """Return the mean over the last axis; of a single unit, a view."""
    return losses.squeeze(-1) if losses.shape[-1] == 1 else losses.mean(-1)


def classes_of(targets: Tensor, logits: Tensor) -> Tensor:
    """Return a number for each class: one-hot where targets are indices."""
    return targets if targets.is_floating_point() else functional.one_hot(targets, logits.shape[-1]).to(logits.dtype)


def numbers(values: tuple[float, ...] | None) -> Tensor | None:
    """Return what becomes a buffer of a loss."""
    return None if values is None else torch.tensor(values, dtype=torch.float64)
