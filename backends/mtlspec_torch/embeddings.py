"""Embeddings: native tables, whose gradient is sparse where the laws tell rows apart, and bags of their rows."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from mtlspec.spec import embeddings as spec


def embedding(layer: spec.Embedding, dtype: torch.dtype) -> nn.Embedding:
    """Return a table without memory."""
    return nn.Embedding(layer.rows, layer.units, **_options(layer, dtype))


def embedding_bag(layer: spec.EmbeddingBag, dtype: torch.dtype) -> nn.Module:
    """Return a table of bags without memory; the native one lacks a maximum with a sparse gradient."""
    if layer.combine == "max" and layer.by_row:
        return HighestRow(layer.rows, layer.units, **_options(layer, dtype))
    return WeighedBag(layer.rows, layer.units, mode=layer.combine, **_options(layer, dtype))


def _options(layer: spec.Table, dtype: torch.dtype) -> dict[str, Any]:
    return {"padding_idx": layer.padding_id, "sparse": layer.by_row, "device": "meta", "dtype": dtype}


class WeighedBag(nn.EmbeddingBag):
    """`torch.nn.EmbeddingBag` that takes weights as its second argument, in place of offsets."""

    def forward(self, input: Tensor, weights: Tensor | None = None) -> Tensor:  # type: ignore[override]
        return super().forward(input, per_sample_weights=weights)


class HighestRow(nn.Embedding):
    """The maximum over the rows of a bag, the first of equal ones; padding never wins, and of no ids it is 0."""

    def forward(self, input: Tensor) -> Tensor:
        rows = super().forward(input)
        if self.padding_idx is None:
            return rows.max(dim=1).values
        counted = (input != self.padding_idx)[..., None]
        highest = rows.masked_fill(~counted, float("-inf")).max(dim=1).values
        return torch.where(counted.any(dim=1), highest, 0.0)
