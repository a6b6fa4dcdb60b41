"""Accumulation: the mean gradient of several batches."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class Accumulation:
    """Sums of gradients since the last update, by parameter, and how many they are of."""

    def __init__(self, parameters: Sequence[nn.Parameter], batches: int) -> None:
        self.batches, self.pending = batches, 0
        self.sums = [torch.zeros_like(parameter) for parameter in parameters]

    def taken(self, gradients: Sequence[Tensor]) -> list[Tensor] | None:
        """Add gradients; return the mean and begin anew if they are the last of an update, else None."""
        for total, gradient in zip(self.sums, gradients, strict=True):
            total.add_(gradient)
        self.pending = (self.pending + 1) % self.batches
        if self.pending:
            return None
        means = [total / self.batches for total in self.sums]
        for total in self.sums:
            total.zero_()
        return means
