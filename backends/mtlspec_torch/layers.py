"""Layers: the module of each kind, native where a native one is exact."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import nn

from mtlspec.randomness import dropout_key
from mtlspec.spec import layers as spec
from mtlspec.spec.signature import Shape, channels, known
from mtlspec_torch import attention, convolutions, extents, gates, normalizations, pools, positions, recurrent, shaping
from mtlspec_torch.activations import activation
from mtlspec_torch.crosses import Cross, DotInteraction, DotProduct, FactorizationMachine, LowRankCross
from mtlspec_torch.dropout import HashDropout
from mtlspec_torch.embeddings import embedding, embedding_bag
from mtlspec_torch.masks import LengthMask, PaddingMask

Module = TypeVar("Module", bound=nn.Module)
CHANNELS_FIRST = (
    *convolutions.CHANNELS_FIRST,
    *pools.CHANNELS_FIRST,
    *extents.CHANNELS_FIRST,
    *normalizations.CHANNELS_FIRST,
    *gates.CHANNELS_FIRST,
)
"""Modules that take (batch, channels, ...); the model hands them a permuted view."""


@dataclass(frozen=True)
class Site:
    """Where a layer stands: its key path, the shape that it reads, and what its tensors are made of."""

    path: str
    shape: Shape
    others: tuple[Shape, ...]
    """The shapes of the tensors that the layer names beside the one before it."""
    seed: int
    device: torch.device
    dtype: torch.dtype
    reused: bool = False
    """Whether other nodes have the same parameters."""

    def filled(self, module: Module) -> Module:
        """Return `module`, made on the device `meta`, with memory; so no number of the global generator is drawn."""
        return module.to_empty(device=self.device)

    @property
    def channels(self) -> int:
        """The size of the last axis."""
        return channels(self.shape)

    @property
    def tensors(self) -> dict[str, Any]:
        """Device and dtype, as keyword arguments."""
        return {"device": self.device, "dtype": self.dtype}


def dense(layer: spec.Dense, site: Site) -> nn.Module:
    """Return a linear layer on the last axis."""
    return site.filled(nn.Linear(site.channels, layer.units, bias=layer.bias, device="meta", dtype=site.dtype))


def cross(layer: spec.Cross, site: Site) -> nn.Module:
    """Return a cross of what it reads with where its network began."""
    size = site.channels
    if layer.rank is None:
        return site.filled(Cross(size, size, bias=layer.bias, device="meta", dtype=site.dtype))
    return site.filled(LowRankCross(size, layer.rank, bias=layer.bias, device="meta", dtype=site.dtype))


LAYERS: dict[type[spec.Layer], Callable[[Any, Site], nn.Module]] = {
    spec.Dense: dense,
    spec.Embedding: lambda layer, site: site.filled(embedding(layer, site.dtype, reused=site.reused)),
    spec.EmbeddingBag: lambda layer, site: site.filled(embedding_bag(layer, site.dtype, reused=site.reused)),
    spec.ActivationLayer: lambda layer, site: activation(layer.function),
    spec.Dropout: lambda layer, site: HashDropout(
        layer.rate, key=dropout_key(site.seed, site.path), device=site.device
    ),
    spec.DotProduct: lambda layer, site: DotProduct(layer.epsilon if layer.normalize else None),
    spec.DotInteraction: lambda layer, site: DotInteraction(
        known(site.shape)[0], itself=layer.itself, device=site.device
    ),
    spec.FactorizationMachine: lambda layer, site: FactorizationMachine(pooled=layer.pooled),
    spec.Cross: cross,
    spec.PaddingMask: lambda layer, site: PaddingMask(layer.padding, site.dtype),
    spec.LengthMask: lambda layer, site: LengthMask(),
    **convolutions.LAYERS,
    **pools.LAYERS,
    **extents.LAYERS,
    **recurrent.LAYERS,
    **attention.LAYERS,
    **positions.LAYERS,
    **normalizations.LAYERS,
    **gates.LAYERS,
    **shaping.LAYERS,
}
