"""Layers that move a window over an image, padded as TensorFlow's SAME: the odd row and column come after."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from mtlspec.spec.signature import Sizes

Pads = tuple[int, int, int, int]
"""Left, right, top, bottom: the order of `torch.nn.functional.pad`."""


def pads(size: Sizes, window: Sizes, strides: Sizes, padding: str) -> Pads:
    """Return the zeros around an image of `size`: total = max((ceil(n/s) - 1)·s + k - n, 0), half of it before."""
    if padding == "valid":
        return (0, 0, 0, 0)
    sides = []
    for n, k, s in zip(size, window, strides, strict=True):
        total = max((-(-n // s) - 1) * s + k - n, 0)
        sides.append((total // 2, total - total // 2))
    (top, bottom), (left, right) = sides
    return (left, right, top, bottom)


def even(around: Pads) -> tuple[int, int] | None:
    """Return (vertical, horizontal) where both sides are padded alike, as native layers do; else None."""
    left, right, top, bottom = around
    return (top, left) if (left, top) == (right, bottom) else None


class PaddedConv2d(nn.Conv2d):
    """`torch.nn.Conv2d` with zeros that differ from side to side."""

    around: Pads = (0, 0, 0, 0)

    def forward(self, input: Tensor) -> Tensor:
        return super().forward(functional.pad(input, self.around))

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, around={self.around}"  # type: ignore[no-untyped-call]


class PaddedMaxPool2d(nn.MaxPool2d):
    """`torch.nn.MaxPool2d` with -inf around the image, which never wins."""

    around: Pads = (0, 0, 0, 0)

    def forward(self, input: Tensor) -> Tensor:
        return cast(Tensor, super().forward(functional.pad(input, self.around, value=float("-inf"))))


class PaddedAvgPool2d(nn.Module):
    """The sum over each window divided by the number of its elements inside the image."""

    counts: Tensor

    def __init__(
        self,
        size: Sizes,
        window: Sizes,
        strides: Sizes,
        around: Pads,
        *,
        device: torch.device | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.window, self.strides, self.around = tuple(window), tuple(strides), around
        inside = torch.ones((1, 1, *size), device=device, dtype=dtype)
        self.register_buffer("counts", self._sums(inside), persistent=False)

    def _sums(self, image: Tensor) -> Tensor:
        padded = functional.pad(image, self.around)
        return functional.avg_pool2d(padded, self.window, self.strides, divisor_override=1)

    def forward(self, input: Tensor) -> Tensor:
        return self._sums(input) / self.counts

    def extra_repr(self) -> str:
        return f"kernel_size={self.window}, stride={self.strides}, around={self.around}"


class GlobalMaxPool(nn.Module):
    """max over every axis but the first and the last; equal maxima share the gradient evenly."""

    def forward(self, x: Tensor) -> Tensor:
        return x.amax(dim=tuple(range(1, x.dim() - 1)))


class GlobalAveragePool(nn.Module):
    """mean over every axis but the first and the last."""

    def forward(self, x: Tensor) -> Tensor:
        return x.mean(dim=tuple(range(1, x.dim() - 1)))
