"""Mutants of padding in tables, and of bags of rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from mtlspec_numpy import embeddings
from mtlspec_numpy.layers import LAYERS, LAYERS_OF_SEVERAL
from mtlspec_numpy.pullback import Applied, Cotangents

from mtlspec.spec.embeddings import Embedding, EmbeddingBag
from mtlspec.tensors import Array
from mtlspec_conformance.mutants.grafting import Graft
from mtlspec_conformance.mutants.mutant import Mutant

BAGS = ("layer/bag-mean-with-padding", "layer/bag-max-with-padding")


def _without_padding(layer: Any) -> Any:
    return layer.replacing(lambda own: own.padding_id, by=None)


def _trained(layer: Embedding, ids: Array, parameters: Any, mode: Any) -> Applied:
    return embeddings.embedding(_without_padding(layer), ids, parameters, mode)


def _counted(layer: EmbeddingBag, ids: Array, parameters: Any, mode: Any) -> Applied:
    return embeddings.embedding_bag(_without_padding(layer), ids, parameters, mode)


def _other(combine: str) -> Callable[..., Applied]:
    def bent(layer: EmbeddingBag, ids: Array, parameters: Any, mode: Any) -> Applied:
        return embeddings.embedding_bag(layer.replacing(lambda own: own.combine, by=combine), ids, parameters, mode)

    return bent


def _shared(layer: EmbeddingBag, ids: Array, parameters: Any, mode: Any) -> Applied:
    """The maximum whose gradient equal rows share."""
    result = embeddings.embedding_bag(layer, ids, parameters, mode)
    if layer.combine != "max":
        return result
    rows = parameters["table"][ids]
    winners = (rows == rows.max(axis=1, keepdims=True)).astype(float)
    share = winners / winners.sum(axis=1, keepdims=True)

    def pullback(cotangent: Array) -> Cotangents:
        return Cotangents((None,), {"table": embeddings._gradient(layer, ids, cotangent[:, None] * share)})

    return replace(result, pullback=pullback)


def _detached(layer: EmbeddingBag, sources: Any, parameters: Any, mode: Any) -> Applied:
    result = embeddings.weighted_bag(layer, sources, parameters, mode)

    def pullback(cotangent: Array) -> Cotangents:
        (ids, weights), gradients = result.pullback(cotangent)
        return Cotangents((ids, np.zeros_like(weights)), gradients)

    return replace(result, pullback=pullback)


def _of_bags(function: Callable[..., Applied]) -> tuple[Graft, ...]:
    return (Graft(LAYERS, EmbeddingBag, function),)


EMBEDDING_MUTANTS = (
    Mutant(
        "padding-trained",
        "Gives the row of padding a gradient.",
        "gradient",
        ("layer/embedding-with-padding", "layer/embedding-with-padding-by-row"),
        grafts=(Graft(LAYERS, Embedding, _trained),),
    ),
    Mutant("padding-in-the-bag", "Counts padding among the rows of a bag.", "forward", BAGS, grafts=_of_bags(_counted)),
    Mutant(
        "mean-for-sum",
        "Takes the mean of a bag where its sum is asked for.",
        "forward",
        ("layer/bag-sum",),
        grafts=_of_bags(_other("mean")),
    ),
    Mutant(
        "bag-maximum-shared",
        "Shares the gradient of a bag's maximum among equal rows.",
        "gradient",
        ("layer/bag-max-without-padding",),
        grafts=_of_bags(_shared),
    ),
    Mutant(
        "bag-weights-detached",
        "Gives the weights of a bag no gradient.",
        "gradient",
        ("layer/bag-weighted",),
        grafts=(Graft(LAYERS_OF_SEVERAL, EmbeddingBag, _detached),),
    ),
)
