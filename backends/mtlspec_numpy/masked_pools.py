"""Global pools of the positions that a mask counts; 0 where it counts none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from mtlspec.spec.layer import Layer
from mtlspec.spec.pools import GlobalAveragePool, GlobalMaxPool
from mtlspec.tensors import Array
from mtlspec_numpy.pullback import Applied, Cotangents, Mode

Leaves = Mapping[str, Array]


def masked_max_pool(layer: GlobalMaxPool, sources: tuple[Array, ...], parameters: Leaves, mode: Mode) -> Applied:
    """max over the positions that count; equal maxima share the gradient evenly."""
    x, counts = _flat(*sources)
    highest = np.where(counts, x, -np.inf).max(axis=1, keepdims=True)
    winners = (counts & (x == highest)).astype(x.dtype)
    share = winners / np.maximum(winners.sum(axis=1, keepdims=True), 1)
    output = np.where(counts.any(axis=1), highest[:, 0], x.dtype.type(0))
    return _pooled(output.astype(x.dtype), share, sources)


def masked_average_pool(
    layer: GlobalAveragePool, sources: tuple[Array, ...], parameters: Leaves, mode: Mode
) -> Applied:
    """mean over the positions that count."""
    x, counts = _flat(*sources)
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1).astype(x.dtype)
    return _pooled((x * share).sum(axis=1), np.broadcast_to(share, x.shape), sources)


def _flat(x: Array, mask: Array) -> tuple[Array, Array]:
    """Return the examples and what counts with one axis of positions: (B, T, channels) and (B, T, 1)."""
    return x.reshape(len(x), -1, x.shape[-1]), (mask != 0).reshape(len(mask), -1, 1)


def _pooled(output: Array, share: Array, sources: tuple[Array, ...]) -> Applied:
    shape = sources[0].shape
    return Applied(output, lambda cotangent: Cotangents(((cotangent[:, None] * share).reshape(shape), None), {}))


LAYERS_OF_SEVERAL: Mapping[type[Layer], Callable[[Any, tuple[Array, ...], Leaves, Mode], Applied]] = {
    GlobalMaxPool: masked_max_pool,
    GlobalAveragePool: masked_average_pool,
}
