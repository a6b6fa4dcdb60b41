"""Convolutions: native modules, with the smallest subclass where zeros differ from side to side."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from torch import Tensor, nn
from torch.nn import functional

from mtlspec.spec import layers as spec
from mtlspec.spec.signature import Ends, Window
from mtlspec_torch.windows import Padded, Pads, even, in_order, known_pads

if TYPE_CHECKING:
    from mtlspec_torch.layers import Site


class PaddedConv1d(Padded, nn.Conv1d):
    """`torch.nn.Conv1d` with zeros that differ from side to side."""


class PaddedConv2d(Padded, nn.Conv2d):
    """`torch.nn.Conv2d` with zeros that differ from side to side."""


class SeparableConv(nn.Sequential):
    """A convolution of each channel by itself, then one of all channels at each place."""


class _Cropped(nn.Module):
    """A native transposed convolution, the next base, whose output is cropped."""

    around: Pads = ()
    """Numbers at most 0."""

    def forward(self, input: Tensor, output_size: list[int] | None = None) -> Tensor:
        return functional.pad(super().forward(input, output_size), self.around)

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, around={self.around}"


class CroppedConvTranspose1d(_Cropped, nn.ConvTranspose1d):
    """`torch.nn.ConvTranspose1d` of which more is cropped after than before."""


class CroppedConvTranspose2d(_Cropped, nn.ConvTranspose2d):
    """`torch.nn.ConvTranspose2d` of which more is cropped after than before."""


NATIVE: dict[int, tuple[type[nn.Conv1d | nn.Conv2d], type[PaddedConv1d | PaddedConv2d]]] = {
    1: (nn.Conv1d, PaddedConv1d),
    2: (nn.Conv2d, PaddedConv2d),
}
TRANSPOSED: dict[int, tuple[type[nn.Module], type[_Cropped]]] = {
    1: (nn.ConvTranspose1d, CroppedConvTranspose1d),
    2: (nn.ConvTranspose2d, CroppedConvTranspose2d),
}
"""By the number of axes: the native class, and the one for what differs from side to side."""


def convolution(layer: spec.Conv1d | spec.Conv2d, site: Site) -> nn.Module:
    """Return a convolution, in groups where the layer says so."""
    return _windowed(layer.window, site, layer.filters, groups=layer.groups, bias=layer.bias)


def depthwise(layer: spec.DepthwiseConv1d | spec.DepthwiseConv2d, site: Site) -> nn.Module:
    """Return a convolution with a group for each channel."""
    channels = site.channels
    return _windowed(layer.window, site, channels * layer.depth_multiplier, groups=channels, bias=layer.bias)


def separable(layer: spec.SeparableConv1d | spec.SeparableConv2d, site: Site) -> nn.Module:
    """Return both convolutions in a row; the bias is that of the second."""
    channels = site.channels
    deep = channels * layer.depth_multiplier
    native = NATIVE[len(layer.window.size)][0]
    first = _windowed(layer.window, site, deep, groups=channels, bias=False)
    second = native(deep, layer.filters, 1, bias=layer.bias, device="meta", dtype=site.dtype)
    return SeparableConv(OrderedDict(depthwise=first, pointwise=site.filled(second)))


def _windowed(window: Window, site: Site, filters: int, *, groups: int, bias: bool) -> nn.Module:
    around = known_pads(site.shape[:-1], window)
    both = even(around)
    native, padded = NATIVE[len(window.size)]
    made = (padded if both is None else native)(
        site.channels,
        filters,
        cast(Any, window.size),
        stride=cast(Any, window.strides),
        padding=cast(Any, both or 0),
        dilation=cast(Any, window.dilation),
        groups=groups,
        bias=bias,
        device="meta",
        dtype=site.dtype,
    )
    if isinstance(made, Padded):
        made.bordered_by(around, window)
    return site.filled(made)


def transposed(layer: spec.TransposedConv1d | spec.TransposedConv2d, site: Site) -> nn.Module:
    """Return a transposed convolution: what lies after a native one's output is cropped, or its `output_padding`."""
    window = layer.window
    ends = [_cut(window, axis) for axis in range(len(window.size))]
    native, cropped = TRANSPOSED[len(window.size)]
    fits = all(0 <= before - after < s for (before, after), s in zip(ends, window.strides, strict=True))
    made: Any = (native if fits else cropped)(
        site.channels,
        layer.filters,
        window.size,
        stride=window.strides,
        padding=tuple(before for before, _ in ends) if fits else 0,
        output_padding=tuple(before - after if fits else max(-after, 0) for before, after in ends),
        bias=layer.bias,
        device="meta",
        dtype=site.dtype,
    )
    if not fits:
        made.around = in_order([(-before, -max(after, 0)) for before, after in ends])
    return site.filled(cast(nn.Module, made))


def _cut(window: Window, axis: int) -> Ends:
    """Return what is cut off the whole (n - 1)·s + k on one axis; below 0, what is added."""
    over = window.reach[axis] - window.strides[axis]
    if window.padding == "same":
        return (over // 2, over - over // 2) if over > 0 else (0, over)
    if isinstance(window.padding, str):
        return 0, min(over, 0)
    return window.padding[axis]


LAYERS: dict[type[spec.Layer], Callable[[Any, Site], nn.Module]] = {
    spec.Conv1d: convolution,
    spec.Conv2d: convolution,
    spec.DepthwiseConv1d: depthwise,
    spec.DepthwiseConv2d: depthwise,
    spec.SeparableConv1d: separable,
    spec.SeparableConv2d: separable,
    spec.TransposedConv1d: transposed,
    spec.TransposedConv2d: transposed,
}
CHANNELS_FIRST = (nn.Conv1d, nn.Conv2d, nn.ConvTranspose1d, nn.ConvTranspose2d, SeparableConv)
