"""Dropout whose mask is a hash of (seed, key path, step, row, element), so that every backend drops the same."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from mtlspec.randomness import ELEMENT, FIRST, MASK, ROW, SECOND, STEP, dropout_threshold


def mixed(value: Tensor) -> Tensor:
    """Return the finalizer of 32-bit values held in int64; the same as `mtlspec.randomness.mixed`."""
    value = ((value ^ (value >> 16)) * FIRST) & MASK
    value = ((value ^ (value >> 15)) * SECOND) & MASK
    return value ^ (value >> 15)


class HashDropout(nn.Module):
    """x / (1 - rate) where the hash keeps an element and 0 elsewhere, in training; a training call advances `step`."""

    step: Tensor

    def __init__(self, rate: float, *, key: int, device: torch.device | str | None = None) -> None:
        super().__init__()
        self.rate = rate
        self.key = key
        self.register_buffer("step", torch.zeros((), dtype=torch.int64, device=device))

    def kept(self, x: Tensor) -> Tensor:
        """Return which elements of `x` the present step keeps."""
        at_step = mixed((self.key + self.step * STEP) & MASK)
        row = torch.arange(x.shape[0], dtype=torch.int64, device=x.device)
        element = torch.arange(math.prod(x.shape[1:]), dtype=torch.int64, device=x.device)
        at_row = mixed((at_step + row * ROW) & MASK)
        at_element = mixed((at_row[:, None] + element * ELEMENT) & MASK)
        return (at_element >= dropout_threshold(self.rate)).view(x.shape)

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        kept = self.kept(x)
        self.step.add_(1)
        return torch.where(kept, x / (1 - self.rate), 0.0)

    def extra_repr(self) -> str:
        return f"rate={self.rate}, key={self.key}"
