"""Shaping: modules that put the elements of an example elsewhere, repeat some or leave some out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from mtlspec.spec import shaping as spec
from mtlspec.spec.layer import Layer
from mtlspec.spec.signature import Sizes, elements

if TYPE_CHECKING:
    from mtlspec_torch.layers import Site


class Permute(nn.Module):
    """The axes of an example in another order."""

    def __init__(self, axes: Sizes) -> None:
        super().__init__()
        self.axes = axes

    def forward(self, x: Tensor) -> Tensor:
        return x.permute(0, *(axis + 1 for axis in self.axes))

    def extra_repr(self) -> str:
        return f"{self.axes}"


class Slice(nn.Module):
    """x[begin:end:stride] along one axis of a batch."""

    def __init__(self, axis: int, places: slice) -> None:
        super().__init__()
        self.axis, self.places = axis, places

    def forward(self, x: Tensor) -> Tensor:
        return x[(slice(None),) * self.axis + (self.places,)]

    def extra_repr(self) -> str:
        return f"axis={self.axis}, {self.places}"


class RepeatVector(nn.Module):
    """A vector several times, one below the other."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count

    def forward(self, x: Tensor) -> Tensor:
        return x[:, None].expand(-1, self.count, -1)

    def extra_repr(self) -> str:
        return f"{self.count}"


def reshape(shape: Sizes, site: Site) -> nn.Module:
    """Return a layer that gives examples another shape, row-major."""
    flatten, unflatten = nn.Flatten(), nn.Unflatten(1, shape)
    if not site.shape:  # a number has no axis to flatten or unflatten
        return nn.Unflatten(0, (-1, *shape))
    if len(shape) == 1:
        return flatten
    return unflatten if len(site.shape) == 1 else nn.Sequential(flatten, unflatten)


def sliced(layer: spec.Slice, site: Site) -> nn.Module:
    """Return a slice of one axis, counted with that of the batch."""
    return Slice(layer.axis % len(site.shape) + 1, slice(layer.begin, layer.end, layer.stride))


LAYERS: dict[type[Layer], Callable[[Any, Site], nn.Module]] = {
    spec.Flatten: lambda layer, site: reshape((elements(site.shape),), site),
    spec.Reshape: lambda layer, site: reshape(layer.shape, site),
    spec.Permute: lambda layer, site: Permute(layer.axes),
    spec.Slice: sliced,
    spec.RepeatVector: lambda layer, site: RepeatVector(layer.count),
}
