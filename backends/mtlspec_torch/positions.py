"""Positions: learned or of sines, and the token before a sequence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from mtlspec.errors import DataError
from mtlspec.spec import positions as spec
from mtlspec.spec.layer import Layer

if TYPE_CHECKING:
    from mtlspec_torch.layers import Site

LEAVES = {"token": "weight"}
"""The native name of a parameter whose name no other layer has."""


class LearnedPositions(nn.Module):
    """x + weight[:T]."""

    def __init__(self, length: int, units: int, **tensors: Any) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(length, units, **tensors))

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[1] > len(self.weight):
            expected = f"expected at most {len(self.weight)} positions, the length of the table"
            raise DataError(f"{expected}, found {x.shape[1]}")
        return x + self.weight[: x.shape[1]]

    def extra_repr(self) -> str:
        return f"{self.weight.shape[0]}, {self.weight.shape[1]}"


class SinusoidalPositions(nn.Module):
    """x + p, p of sin(t·rate) and cos(t·rate), computed in float64 whatever the precision of x."""

    rates: Tensor

    def __init__(self, rates: Sequence[float], *, interleaved: bool, device: torch.device | str | None = None) -> None:
        super().__init__()
        self.interleaved = interleaved
        self.register_buffer("rates", torch.tensor(rates, dtype=torch.float64, device=device), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        angles = torch.arange(x.shape[1], dtype=torch.float64, device=x.device)[:, None] * self.rates
        pairs = torch.stack((angles.sin(), angles.cos()), dim=-1 if self.interleaved else 1)
        return x + pairs.flatten(1).to(x.dtype)

    def extra_repr(self) -> str:
        return f"{2 * len(self.rates)}, interleaved={self.interleaved}"


class Scale(nn.Module):
    """x·factor."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        return x * self.factor

    def extra_repr(self) -> str:
        return f"{self.factor}"


class ClassToken(nn.Module):
    """weight, then x, along the positions."""

    def __init__(self, units: int, **tensors: Any) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(units, **tensors))

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat((self.weight.expand(x.shape[0], 1, -1), x), dim=1)


class ClassTokenMask(nn.Module):
    """1, then the mask."""

    def forward(self, mask: Tensor) -> Tensor:
        return torch.cat((torch.ones_like(mask[:, :1]), mask), dim=1)


LAYERS: dict[type[Layer], Callable[[Any, Site], nn.Module]] = {
    spec.LearnedPositions: lambda layer, site: LearnedPositions(layer.length, site.channels, **site.tensors),
    spec.SinusoidalPositions: lambda layer, site: SinusoidalPositions(
        layer.rates(site.channels), interleaved=layer.arrangement == "interleaved", device=site.device
    ),
    spec.Scale: lambda layer, site: Scale(layer.factor(site.shape)),
    spec.ClassToken: lambda layer, site: ClassToken(site.channels, **site.tensors),
    spec.ClassTokenMask: lambda layer, site: ClassTokenMask(),
}
