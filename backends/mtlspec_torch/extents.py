"""Extents: sequences and images made longer or shorter."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from mtlspec.spec import layers as spec
from mtlspec.spec.signature import Ends, Sizes
from mtlspec_torch.windows import in_order

if TYPE_CHECKING:
    from mtlspec_torch.layers import Site


class Repeated(nn.Module):
    """Every element so many times along each axis after the channels."""

    def __init__(self, factors: Sizes) -> None:
        super().__init__()
        self.factors = factors

    def forward(self, x: Tensor) -> Tensor:
        for axis, factor in enumerate(self.factors, start=2):
            x = x.repeat_interleave(factor, dim=axis)
        return x

    def extra_repr(self) -> str:
        return f"factors={self.factors}"


def around(*sides: Ends, sign: int = 1) -> nn.Module:
    """Return zeros on all sides; with the sign -1, a crop."""
    pads: Any = tuple(sign * number for number in in_order(list(sides)))
    return nn.ZeroPad1d(pads) if len(sides) == 1 else nn.ZeroPad2d(pads)


def up_sampling(*factors: int) -> nn.Module:
    """Return an up-sampling: the native one finds an element by a float32 factor, which is exact for powers of two."""
    if any(factor & (factor - 1) for factor in factors):
        return Repeated(factors)
    return nn.Upsample(scale_factor=tuple(float(factor) for factor in factors), mode="nearest")


LAYERS: dict[type[spec.Layer], Callable[[Any, Site], nn.Module]] = {
    spec.ZeroPadding1d: lambda layer, site: around(layer.padding),
    spec.ZeroPadding2d: lambda layer, site: around(*layer.padding),
    spec.Cropping1d: lambda layer, site: around(layer.cropping, sign=-1),
    spec.Cropping2d: lambda layer, site: around(*layer.cropping, sign=-1),
    spec.UpSampling1d: lambda layer, site: up_sampling(layer.factor),
    spec.UpSampling2d: lambda layer, site: up_sampling(*layer.factors),
}
CHANNELS_FIRST = (nn.ZeroPad1d, nn.ZeroPad2d, nn.Upsample, Repeated)
