"""Embeddings: native tables, whose gradient is sparse where the laws tell rows apart, and bags of their rows."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from mtlspec.spec import embeddings as spec


def embedding(layer: spec.Embedding, dtype: torch.dtype, *, reused: bool = False) -> nn.Embedding:
    """Return a table without memory; `reused`: other nodes read it, too."""
    kind = JointEmbedding if reused and layer.by_row else nn.Embedding
    return kind(layer.rows, layer.units, **_options(layer, dtype))


def embedding_bag(layer: spec.EmbeddingBag, dtype: torch.dtype, *, reused: bool = False) -> nn.Module:
    """Return a table of bags without memory; the native one lacks a maximum with a sparse gradient."""
    if layer.by_row and (layer.combine == "max" or reused):
        return RowBag(layer.rows, layer.units, combine=layer.combine, **_options(layer, dtype))
    return WeighedBag(layer.rows, layer.units, mode=layer.combine, **_options(layer, dtype))


def _options(layer: spec.Table, dtype: torch.dtype) -> dict[str, Any]:
    return {"padding_idx": layer.padding_id, "sparse": layer.by_row, "device": "meta", "dtype": dtype}


class WeighedBag(nn.EmbeddingBag):
    """`torch.nn.EmbeddingBag` that takes weights as its second argument, in place of offsets."""

    def forward(self, input: Tensor, weights: Tensor | None = None) -> Tensor:  # type: ignore[override]
        return super().forward(input, per_sample_weights=weights)


class JointEmbedding(nn.Embedding):
    """`torch.nn.Embedding` that several nodes read, in one lookup.

    PyTorch merges equal ids where it adds up the sparse gradients of two lookups; of one it keeps every occurrence.
    """

    def lookup(self, *ids: Tensor) -> list[Tensor]:
        """Return the rows for the ids of each node."""
        flat = torch.cat([each.reshape(-1) for each in ids])
        rows = torch.split(super().forward(flat), [each.numel() for each in ids])
        return [found.reshape(*each.shape, -1) for found, each in zip(rows, ids, strict=True)]

    def forward(self, input: Tensor, *, rows: Tensor | None = None) -> Tensor:
        return super().forward(input) if rows is None else rows


class RowBag(JointEmbedding):
    """The sum (with weights, if given), mean or maximum of the rows of a bag; of a maximum the first of equal ones."""

    def __init__(self, rows: int, units: int, *, combine: str, **options: Any) -> None:
        super().__init__(rows, units, **options)
        self.combine = combine

    def forward(self, input: Tensor, weights: Tensor | None = None, *, rows: Tensor | None = None) -> Tensor:
        rows = super().forward(input, rows=rows)
        counted = torch.ones_like(input, dtype=torch.bool) if self.padding_idx is None else input != self.padding_idx
        if self.combine == "max":
            highest = rows.masked_fill(~counted[..., None], float("-inf")).max(dim=1).values
            return torch.where(counted.any(dim=1, keepdim=True), highest, 0.0)
        shares = counted.to(rows.dtype) if weights is None else counted * weights
        if self.combine == "mean":
            shares = shares / counted.sum(dim=1, keepdim=True).clamp(min=1)
        return (rows * shares[..., None]).sum(dim=1)

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, combine={self.combine}"
