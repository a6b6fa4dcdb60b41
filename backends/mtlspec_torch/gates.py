"""Gates: modules that let elements, or their gradients, through in part."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from mtlspec.spec import gates as spec
from mtlspec.spec.activations import Sigmoid
from mtlspec.spec.layer import Layer
from mtlspec.spec.signature import known
from mtlspec_torch.activations import activation

if TYPE_CHECKING:
    from mtlspec_torch.layers import Site

CHANNELS_FIRST = (nn.PReLU,)
"""Modules that take (batch, channels, ...)."""


class ElementwisePReLU(nn.Module):
    """x where x > 0, slope·x elsewhere, with a slope for each element; `torch.nn.PReLU` has one for each channel."""

    def __init__(self, shape: tuple[int, ...], **tensors: Any) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(shape, **tensors))

    def forward(self, x: Tensor) -> Tensor:
        return torch.where(x > 0, x, self.weight * x)


class GatedLinearUnit(nn.Module):
    """value·function(gate), where value and gate are the halves of the last axis."""

    def __init__(self, function: nn.Module, *, gate: str) -> None:
        super().__init__()
        self.function, self.gate = function, gate

    def forward(self, x: Tensor) -> Tensor:
        first, second = x.chunk(2, dim=-1)
        value, gate = (second, first) if self.gate == "first" else (first, second)
        opened: Tensor = self.function(gate)
        return value * opened

    def extra_repr(self) -> str:
        return f"gate={self.gate}"


class GradientReversal(nn.Module):
    """x, whose gradient is multiplied by -factor; made of plain operations, which `torch.compile` and export know."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        still = x.detach()
        return still - self.factor * (x - still)

    def extra_repr(self) -> str:
        return f"factor={self.factor}"


class StopGradient(nn.Module):
    """x, without a gradient."""

    def forward(self, x: Tensor) -> Tensor:
        return x.detach()


def prelu(layer: spec.Prelu, site: Site) -> nn.Module:
    """Return a rectifier with trained slopes; of a vector, a channel is an element."""
    if layer.slopes == "per_element" and len(site.shape) != 1:
        return ElementwisePReLU(known(site.shape), **site.tensors)
    return nn.PReLU(1 if layer.slopes == "one" else site.channels, **site.tensors)


def gated_linear_unit(layer: spec.GatedLinearUnit, site: Site) -> nn.Module:
    """Return a gated unit; the native one opens the second half by a sigmoid."""
    if isinstance(layer.function, Sigmoid) and layer.gate == "second":
        return nn.GLU(dim=-1)
    return GatedLinearUnit(activation(layer.function), gate=layer.gate)


LAYERS: dict[type[Layer], Callable[[Any, Site], nn.Module]] = {
    spec.Prelu: prelu,
    spec.GatedLinearUnit: gated_linear_unit,
    spec.GradientReversal: lambda layer, site: GradientReversal(layer.factor),
    spec.StopGradient: lambda layer, site: StopGradient(),
}
