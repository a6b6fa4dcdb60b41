"""Global pools of the positions that a mask counts; 0 where it counts none."""

from __future__ import annotations

from torch import Tensor, nn


def flat(x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Return examples and what counts with one axis of positions: (B, T, channels) and (B, T, 1)."""
    return x.flatten(1, -2), (mask != 0).flatten(1)[..., None]


class MaskedMaxPool(nn.Module):
    """max over the positions that count; equal maxima share the gradient evenly."""

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        x, counts = flat(x, mask)
        highest = x.masked_fill(~counts, float("-inf")).amax(dim=1)
        return highest.masked_fill(~counts.any(dim=1), 0.0)


class MaskedAveragePool(nn.Module):
    """mean over the positions that count."""

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        x, counts = flat(x, mask)
        share = counts.to(x.dtype)
        return (x * share).sum(dim=1) / share.sum(dim=1).clamp(min=1.0)
