"""Attention, positions and pools of the reference with a mistake in them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from mtlspec_numpy import attention, masked_pools, positions
from mtlspec_numpy.activations import softmax, softmax_pullback
from mtlspec_numpy.pullback import Applied, Cotangents, Mode, Pullback

from mtlspec.graph import Graph, Node
from mtlspec.randomness import dropout_kept
from mtlspec.spec.attention import Attention
from mtlspec.spec.layers import LayerNormalization
from mtlspec.spec.positions import ClassToken, LearnedPositions, SinusoidalPositions
from mtlspec.tensors import Array
from mtlspec_conformance.mutants.rewriting import having

Leaves = Mapping[str, Array]
Weights = tuple[Array, Pullback]
SEEN, PROJECTED, SINES = attention.seen, attention.projected, positions.sines
WEIGHTS, DROPPED = attention.weights, attention.dropped


def scaled(to: Callable[[int], float]) -> Callable[[Array, Leaves, str], Array]:
    """Return projections whose queries are as if the scale were `to` the units of a head."""

    def bent(x: Array, parameters: Leaves, name: str) -> Array:
        made, units = PROJECTED(x, parameters, name), parameters["query_kernel"].shape[-1]
        return made * (to(units) * math.sqrt(units)) if name == "query" else made

    return bent


def heads_turned(x: Array, parameters: Leaves, name: str) -> Array:
    """The projections that take the units of a head for heads."""
    kernel = parameters[f"{name}_kernel"]
    return PROJECTED(x, {**parameters, f"{name}_kernel": kernel.swapaxes(1, 2).reshape(kernel.shape)}, name)


def blocked(layer: Attention, mask: Array | None, count: int, memory: int) -> Array:
    """The mask that is 1 where a position is left out, as PyTorch's."""
    return SEEN(layer, None if mask is None else 1 - mask, count, memory)


def of_queries(layer: Attention, mask: Array | None, count: int, memory: int) -> Array:
    """The mask that leaves out the positions that look, not those that are seen."""
    return SEEN(layer, mask, count, memory) if mask is None else SEEN(layer, mask, count, memory).swapaxes(2, 3)


def without_mask(layer: Attention, mask: Array | None, count: int, memory: int) -> Array:
    """What a causal attention sees that forgets the mask."""
    return SEEN(layer, None if layer.causal else mask, count, memory)


def causal_by(offset: Callable[[int, int], int]) -> Callable[[Attention, Array | None, int, int], Array]:
    """Return what a causal attention sees whose last position is off."""

    def bent(layer: Attention, mask: Array | None, count: int, memory: int) -> Array:
        if not layer.causal:
            return SEEN(layer, mask, count, memory)
        sees = np.tri(count, memory, offset(count, memory), dtype=bool)
        return sees[None, None] if mask is None else sees & (mask != 0)[:, None, None]

    return bent


def uniform_rows(layer: Attention, scores: Array, sees: Array) -> Weights:
    """The weights of a softmax alone, which shares out among all where nothing counts."""
    return WEIGHTS(having(layer, masked_rows="uniform"), scores, sees)


def zero_rows(layer: Attention, scores: Array, sees: Array) -> Weights:
    """The weights that are 0 where nothing counts, whatever the law."""
    return WEIGHTS(having(layer, masked_rows="zero"), scores, sees)


def through_masked(layer: Attention, scores: Array, sees: Array) -> Weights:
    """The weights whose gradient reaches scores that the mask has replaced."""
    p, _ = WEIGHTS(layer, scores, sees)
    return p, softmax_pullback(p)


def constant_weights(layer: Attention, scores: Array, sees: Array) -> Weights:
    """The weights that are taken for constants."""
    p, _ = WEIGHTS(layer, scores, sees)
    return p, np.zeros_like


def masked_after(layer: Attention, scores: Array, sees: Array) -> Weights:
    """The weights that are cut off after a softmax over all positions, and do not add up to 1."""
    p = np.where(sees, softmax(scores), 0.0)
    return p, lambda cotangent: softmax_pullback(softmax(scores))(np.where(sees, cotangent, 0.0))


def one_mask_for_all_heads(layer: Attention, p: Array, parameters: Leaves, mode: Mode) -> Weights:
    """The dropout of weights that drops the same ones in every head."""
    if not (mode.training and layer.drops):
        return p, lambda cotangent: cotangent
    count, _, *rest = p.shape
    kept = dropout_kept(mode.dropout_key, int(parameters["step"]), count, math.prod(rest), layer.dropout)
    mask = kept.reshape(count, 1, *rest) / (1 - layer.dropout)
    return p * mask, lambda cotangent: cotangent * mask


def made_whole_again(layer: Attention, p: Array, parameters: Leaves, mode: Mode) -> Weights:
    """The dropout of weights after which they add up to 1 again."""
    kept, _ = DROPPED(layer, p, parameters, mode)
    total = kept.sum(axis=-1, keepdims=True)
    whole = kept / np.where(total == 0, 1, total)
    return whole, lambda cotangent: cotangent


def table_by_mean(layer: LearnedPositions, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """The positions whose gradient is a mean over the batch."""
    result = positions.learned_positions(layer, x, parameters, mode)

    def pullback(cotangent: Array) -> Cotangents:
        sources, gradients = result.pullback(cotangent)
        return Cotangents(sources, {"table": np.asarray(gradients["table"]) / len(x)})

    return Applied(result.output, pullback)


def rows_from_the_end(layer: LearnedPositions, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """The positions that take the last rows of the table."""
    turned = {"table": np.roll(parameters["table"], x.shape[1] - layer.length, axis=0)}
    return positions.learned_positions(layer, x, turned, mode)


def sines_as(**fields: Any) -> Callable[[SinusoidalPositions, int, int], Array]:
    """Return the sines of a layer with other `fields`."""
    return lambda layer, count, units: SINES(having(layer, **fields), count, units)


def from_one(layer: SinusoidalPositions, count: int, units: int) -> Array:
    """The sines that count positions from 1."""
    return SINES(layer, count + 1, units)[1:]


def token_last(layer: ClassToken, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """x, then the token."""
    result = positions.class_token(layer, x, parameters, mode)
    return Applied(np.roll(result.output, -1, axis=1), lambda cotangent: result.pullback(np.roll(cotangent, 1, axis=1)))


def token_of_one(layer: ClassToken, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """The token that takes the gradient of one example."""
    result = positions.class_token(layer, x, parameters, mode)

    def pullback(cotangent: Array) -> Cotangents:
        return Cotangents(result.pullback(cotangent).sources, {"token": cotangent[0, 0]})

    return Applied(result.output, pullback)


def padding_in_the_mean(layer: Any, sources: Sequence[Array], parameters: Leaves, mode: Mode) -> Applied:
    """The mean that leaves padding out of the sum, and not of the count."""
    x, mask = sources
    result = masked_pools.masked_average_pool(layer, (x, mask), parameters, mode)
    share = (mask != 0).reshape(len(x), -1).mean(axis=1)[:, None]
    return Applied(result.output * share, lambda cotangent: result.pullback(cotangent * share))


def padding_is_zero(layer: Any, sources: Sequence[Array], parameters: Leaves, mode: Mode) -> Applied:
    """The maximum in which padding takes part as 0."""
    x, mask = sources
    here = mask[..., None]
    result = masked_pools.masked_max_pool(layer, (x * here, np.ones_like(mask)), parameters, mode)

    def pullback(cotangent: Array) -> Cotangents:
        source = np.asarray(result.pullback(cotangent).sources[0])
        return Cotangents((source * here, None), {})

    return Applied(result.output, pullback)


def padding_shares(layer: Any, sources: Sequence[Array], parameters: Leaves, mode: Mode) -> Applied:
    """The maximum whose gradient goes to padding of the same height, too."""
    x, mask = sources
    result = masked_pools.masked_max_pool(layer, (x, mask), parameters, mode)
    flat = x.reshape(len(x), -1, x.shape[-1])
    winners = (flat == result.output[:, None]).astype(float)
    share = winners / np.maximum(winners.sum(axis=1, keepdims=True), 1)
    return Applied(result.output, lambda c: Cotangents(((c[:, None] * share).reshape(x.shape), None), {}))


def around_the_normalized(graph: Graph) -> Graph:
    """Return `graph` with residuals that add what their normalization makes of x, in place of x."""
    first = {n.sources[0]: n.path for n in graph.nodes if isinstance(n.layer, LayerNormalization)}
    changed: Graph = having(graph, nodes=tuple(_around(node, first) for node in graph.nodes))
    return changed


def _around(node: Node, first: Mapping[str, str]) -> Node:
    if node.merge != "add":
        return node
    changed: Node = having(node, sources=tuple(first.get(path, path) for path in node.sources))
    return changed
