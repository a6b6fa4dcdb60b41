"""Pools: native modules where both sides are padded alike, and what torch does not have."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from mtlspec.spec import layers as spec
from mtlspec.spec.signature import Sizes, Window
from mtlspec_torch.masked_pools import MaskedAveragePool, MaskedMaxPool
from mtlspec_torch.windows import Padded, Pads, even, known_pads, pads

if TYPE_CHECKING:
    from mtlspec_torch.layers import Site


class PaddedMaxPool1d(Padded, nn.MaxPool1d):
    """`torch.nn.MaxPool1d` with -inf around the sequence, which never wins."""

    fill = float("-inf")


class PaddedMaxPool2d(Padded, nn.MaxPool2d):
    """`torch.nn.MaxPool2d` with -inf around the image, which never wins."""

    fill = float("-inf")


class PaddedAvgPool(nn.Module):
    """The sum over each window divided by the number of its elements, of those inside the image or of all."""

    def __init__(self, window: Window, around: Pads | None, *, counting: bool) -> None:
        super().__init__()
        self.window, self.around, self.counting = window, around, counting

    def _sums(self, image: Tensor, around: Pads) -> Tensor:
        padded, (size, strides) = functional.pad(image, around), (self.window.size, self.window.strides)
        if len(size) == 2:
            return functional.avg_pool2d(padded, size, strides, divisor_override=1)
        return functional.avg_pool2d(padded.unsqueeze(-2), (1, *size), (1, *strides), divisor_override=1).squeeze(-2)

    def forward(self, input: Tensor) -> Tensor:
        around = pads(tuple(input.shape[2:]), self.window) if self.around is None else self.around
        sums = self._sums(input, around)
        if self.counting:
            return sums / prod(self.window.size)
        return sums / self._sums(torch.ones_like(input[:1, :1]), around)

    def extra_repr(self) -> str:
        return f"kernel_size={self.window.size}, stride={self.window.strides}, around={self.around}"


class GlobalMaxPool(nn.Module):
    """max over every axis but the first and the last; equal maxima share the gradient evenly."""

    def forward(self, x: Tensor) -> Tensor:
        return x.amax(dim=tuple(range(1, x.dim() - 1)))


class GlobalAveragePool(nn.Module):
    """mean over every axis but the first and the last."""

    def forward(self, x: Tensor) -> Tensor:
        return x.mean(dim=tuple(range(1, x.dim() - 1)))


MAXIMA: dict[int, tuple[Any, Any]] = {1: (nn.MaxPool1d, PaddedMaxPool1d), 2: (nn.MaxPool2d, PaddedMaxPool2d)}
AVERAGES: dict[int, Any] = {1: nn.AvgPool1d, 2: nn.AvgPool2d}
"""By the number of axes."""


def max_pool(layer: spec.MaxPool1d | spec.MaxPool2d, site: Site) -> nn.Module:
    """Return a maximum over windows, never won by padding."""
    window = layer.window
    around = known_pads(site.shape[:-1], window)
    both = _native(window, around)
    native, padded = MAXIMA[len(window.size)]
    made: nn.Module = (padded if both is None else native)(window.size, window.strides, padding=both or 0)
    if isinstance(made, Padded):
        made.bordered_by(around, window)
    return made


def average_pool(layer: spec.AveragePool1d | spec.AveragePool2d, site: Site) -> nn.Module:
    """Return a mean over the elements of each window, of those inside the image or of all."""
    window, counting = layer.window, layer.padding_counts
    around = known_pads(site.shape[:-1], window)
    both = _native(window, around)
    if both is None:
        return PaddedAvgPool(window, around, counting=counting)
    made: nn.Module = AVERAGES[len(window.size)](window.size, window.strides, both, count_include_pad=counting)
    return made


def _native(window: Window, around: Pads | None) -> Sizes | None:
    """Return the padding of each axis as the native pools take it: alike on both ends, and at most half a window."""
    both = even(around)
    small = both is not None and all(2 * p <= k for p, k in zip(both, window.size, strict=True))
    return both if small else None


LAYERS: dict[type[spec.Layer], Callable[[Any, Site], nn.Module]] = {
    spec.MaxPool1d: max_pool,
    spec.MaxPool2d: max_pool,
    spec.AveragePool1d: average_pool,
    spec.AveragePool2d: average_pool,
    spec.GlobalMaxPool: lambda layer, site: MaskedMaxPool() if layer.mask else GlobalMaxPool(),
    spec.GlobalAveragePool: lambda layer, site: MaskedAveragePool() if layer.mask else GlobalAveragePool(),
}
CHANNELS_FIRST = (nn.MaxPool1d, nn.MaxPool2d, nn.AvgPool1d, nn.AvgPool2d, PaddedAvgPool)
