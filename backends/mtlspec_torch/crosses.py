"""Feature crosses: products of features."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class DotProduct(nn.Module):
    """Σ x·y over the last axis; with `epsilon`, of x / sqrt(max(Σ x², epsilon)) and y likewise."""

    def __init__(self, epsilon: float | None) -> None:
        super().__init__()
        self.epsilon = epsilon

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return (self._scaled(x) * self._scaled(y)).sum(dim=-1, keepdim=True)

    def _scaled(self, x: Tensor) -> Tensor:
        if self.epsilon is None:
            return x
        return x * x.square().sum(dim=-1, keepdim=True).clamp(min=self.epsilon).rsqrt()

    def extra_repr(self) -> str:
        return "" if self.epsilon is None else f"epsilon={self.epsilon}"


class DotInteraction(nn.Module):
    """The products of each pair of fields i > j (`itself`: i >= j), row by row."""

    pairs: Tensor

    def __init__(self, fields: int, *, itself: bool, device: torch.device) -> None:
        super().__init__()
        pairs = torch.tril_indices(fields, fields, 0 if itself else -1, device=device)
        self.register_buffer("pairs", pairs, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return torch.bmm(x, x.transpose(1, 2))[:, self.pairs[0], self.pairs[1]]


class FactorizationMachine(nn.Module):
    """½·((Σ x)² - Σ x²) over the fields, and where `pooled` the sum of its units."""

    def __init__(self, *, pooled: bool) -> None:
        super().__init__()
        self.pooled = pooled

    def forward(self, x: Tensor) -> Tensor:
        pairs = 0.5 * (x.sum(dim=1).square() - x.square().sum(dim=1))
        return pairs.sum(dim=-1, keepdim=True) if self.pooled else pairs

    def extra_repr(self) -> str:
        return f"pooled={self.pooled}"


class Cross(nn.Linear):
    """start ⊙ (W·x + bias) + x."""

    def forward(self, x: Tensor, start: Tensor) -> Tensor:  # type: ignore[override]
        return start * super().forward(x) + x


class LowRankCross(nn.Module):
    """start ⊙ (up·(down·x) + bias) + x."""

    def __init__(self, size: int, rank: int, *, bias: bool, device: str, dtype: torch.dtype) -> None:
        super().__init__()
        self.down = nn.Linear(size, rank, bias=False, device=device, dtype=dtype)
        self.up = nn.Linear(rank, size, bias=False, device=device, dtype=dtype)
        self.bias = nn.Parameter(torch.empty(size, device=device, dtype=dtype)) if bias else None

    def forward(self, x: Tensor, start: Tensor) -> Tensor:
        inner: Tensor = self.up(self.down(x))
        return start * (inner if self.bias is None else inner + self.bias) + x
