"""Masks: 1 where a position counts, 0 where it is padding."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class PaddingMask(nn.Module):
    """1 where id ≠ padding."""

    def __init__(self, padding: int, dtype: torch.dtype) -> None:
        super().__init__()
        self.padding, self.dtype = padding, dtype

    def forward(self, ids: Tensor) -> Tensor:
        return (ids != self.padding).to(self.dtype)

    def extra_repr(self) -> str:
        return f"padding={self.padding}"


class LengthMask(nn.Module):
    """1 at position t where t < length, for as many positions as the sequence has."""

    def forward(self, lengths: Tensor, sequence: Tensor) -> Tensor:
        positions = torch.arange(sequence.shape[1], device=sequence.device)
        return (positions < lengths[:, None]).to(sequence.dtype)
