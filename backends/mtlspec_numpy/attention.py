"""Attention of several heads: scores, weights over the positions that count, and what they gather."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from mtlspec.randomness import dropout_kept
from mtlspec.spec.attention import Attention, told_apart
from mtlspec.spec.layer import Layer
from mtlspec.tensors import Array
from mtlspec_numpy.activations import softmax, softmax_pullback
from mtlspec_numpy.pullback import Applied, Cotangents, Mode, Pullback

Leaves = Mapping[str, Array]


def attention(layer: Attention, sources: Sequence[Array], parameters: Leaves, mode: Mode) -> Applied:
    """softmax(q·kᵀ / sqrt(key_units))·v for each head (B, heads, T, ·), all heads projected."""
    x, others = sources[0], sources[1:]
    memory, values, mask = told_apart(x, others, masked=layer.mask is not None)
    scale = x.dtype.type(1 / math.sqrt(parameters["query_kernel"].shape[-1]))
    q = projected(x, parameters, "query") * scale
    k, v = projected(memory, parameters, "key"), projected(values, parameters, "value")
    sees = seen(layer, mask, q.shape[2], k.shape[2])
    p, through_weights = weights(layer, np.einsum("bhtd,bhsd->bhts", q, k), sees)
    kept, through_dropout = dropped(layer, p, parameters, mode)
    gathered = np.einsum("bhts,bhsd->bhtd", kept, v)
    output = np.einsum("bhtd,hdu->btu", gathered, parameters["output_kernel"])
    if layer.bias:
        output = output + parameters["output_bias"]

    def pullback(cotangent: Array) -> Cotangents:
        above = np.einsum("btu,hdu->bhtd", cotangent, parameters["output_kernel"])
        gradients = {"output_kernel": np.einsum("bhtd,btu->hdu", gathered, cotangent)}
        if layer.bias:
            gradients["output_bias"] = cotangent.sum(axis=(0, 1))
        scores = through_weights(through_dropout(np.einsum("bhtd,bhsd->bhts", above, v)))
        each = {
            "query": (x, np.einsum("bhts,bhsd->bhtd", scores, k) * scale),
            "key": (memory, np.einsum("bhts,bhtd->bhsd", scores, q)),
            "value": (values, np.einsum("bhts,bhtd->bhsd", kept, above)),
        }
        below = {name: _unprojected(name, *pair, parameters, gradients, layer) for name, pair in each.items()}
        return Cotangents(_by_source(layer, below), gradients)

    return Applied(output, pullback, _advanced(layer, parameters, mode))


def projected(x: Array, parameters: Leaves, name: str) -> Array:
    """Return what the projection `name` makes of x, with the heads on the second axis (B, heads, T, units)."""
    made = np.einsum("btf,fhd->bhtd", x, parameters[f"{name}_kernel"])
    bias = parameters.get(f"{name}_bias")
    return np.asarray(made if bias is None else made + bias[:, None])


def _unprojected(
    name: str, x: Array, cotangent: Array, parameters: Leaves, gradients: dict[str, Array], layer: Attention
) -> Array:
    """Return the gradient of what a projection reads, and note those of its parameters."""
    gradients[f"{name}_kernel"] = np.einsum("btf,bhtd->fhd", x, cotangent)
    if layer.bias and name != "key":  # one number for all scores of a position does nothing to their softmax
        gradients[f"{name}_bias"] = cotangent.sum(axis=(0, 2))
    return np.asarray(np.einsum("bhtd,fhd->btf", cotangent, parameters[f"{name}_kernel"]))


def seen(layer: Attention, mask: Array | None, positions: int, memory: int) -> Array:
    """Return which positions of the memory each position sees (B or 1, 1, T, S)."""
    sees = np.tri(positions, memory, dtype=bool) if layer.causal else np.ones((positions, memory), dtype=bool)
    return sees[None, None] if mask is None else sees & (mask != 0)[:, None, None]


def weights(layer: Attention, scores: Array, sees: Array) -> tuple[Array, Pullback]:
    """Return the weights of each position over those that it sees, and their pullback to the scores."""
    p = softmax(np.where(sees, scores, np.finfo(scores.dtype).min))
    if layer.masked_rows == "zero":
        p = np.where(sees.any(axis=-1, keepdims=True), p, p.dtype.type(0))
    back = softmax_pullback(p)
    return p, lambda cotangent: np.where(sees, back(cotangent), p.dtype.type(0))


def dropped(layer: Attention, p: Array, parameters: Leaves, mode: Mode) -> tuple[Array, Pullback]:
    """Return the weights of which training drops some, and their pullback."""
    if not (mode.training and layer.drops):
        return p, lambda cotangent: cotangent
    size = int(np.prod(p.shape[1:]))
    kept = dropout_kept(mode.dropout_key, int(parameters["step"]), len(p), size, layer.dropout).reshape(p.shape)

    def masked(array: Array) -> Array:
        return np.where(kept, array / (1 - layer.dropout), array.dtype.type(0))

    return masked(p), masked


def _advanced(layer: Attention, parameters: Leaves, mode: Mode) -> dict[str, Array]:
    if not (mode.training and layer.drops):
        return {}
    return {"step": np.asarray(int(parameters["step"]) + 1, dtype=np.int64)}


def _by_source(layer: Attention, below: Mapping[str, Array]) -> tuple[Array | None, ...]:
    """Return the gradients in the order of the sources; keys and values may read one tensor, or all three."""
    query, key, value = below["query"], below["key"], below["value"]
    mask = (None,) * (layer.mask is not None)
    if layer.memory is None:
        return (query + key + value, *mask)
    return (query, *((key + value,) if layer.values is None else (key, value)), *mask)


def _alone(layer: Attention, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    return attention(layer, (x,), parameters, mode)


LAYERS: Mapping[type[Layer], Callable[[Any, Array, Leaves, Mode], Applied]] = {Attention: _alone}
LAYERS_OF_SEVERAL: Mapping[type[Layer], Callable[[Any, tuple[Array, ...], Leaves, Mode], Applied]] = {
    Attention: attention
}
