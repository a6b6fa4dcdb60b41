"""Embeddings: rows of a table by id, and bags of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from mtlspec.errors import DataError
from mtlspec.spec.embeddings import Embedding, EmbeddingBag, Table
from mtlspec.spec.layer import Layer
from mtlspec.tensors import Array, Rows
from mtlspec_numpy.pullback import Applied, Cotangents, Mode

Leaves = Mapping[str, Array]


def embedding(layer: Embedding, ids: Array, parameters: Leaves, mode: Mode) -> Applied:
    """table[ids]; the gradient goes to the rows, one by one where the laws tell rows apart."""
    output = _rows(layer, ids, parameters["table"])
    return Applied(output, lambda cotangent: Cotangents((None,), {"table": _gradient(layer, ids, cotangent)}))


def embedding_bag(layer: EmbeddingBag, ids: Array, parameters: Leaves, mode: Mode) -> Applied:
    """The sum, mean or maximum of table[ids] over the ids of each example but padding."""
    rows, counted = _rows(layer, ids, parameters["table"]), _counted(layer, ids)[..., None]
    if layer.combine == "max":
        return _highest(layer, ids, rows, counted)
    count = np.maximum(counted.sum(axis=1), 1) if layer.combine == "mean" else np.ones((len(ids), 1), dtype=int)
    shares = (counted / count[:, None]).astype(rows.dtype)

    def pullback(cotangent: Array) -> Cotangents:
        return Cotangents((None,), {"table": _gradient(layer, ids, cotangent[:, None] * shares)})

    return Applied(_total(rows, shares), pullback)


def weighted_bag(layer: EmbeddingBag, sources: tuple[Array, ...], parameters: Leaves, mode: Mode) -> Applied:
    """Σ_n w_n·table[id_n], of which the weights have a gradient too."""
    ids, weights = sources
    rows, counted = _rows(layer, ids, parameters["table"]), _counted(layer, ids)
    shares = (weights * counted)[..., None]

    def pullback(cotangent: Array) -> Cotangents:
        each = cotangent[:, None]
        return Cotangents((None, (each * rows).sum(axis=-1) * counted), {"table": _gradient(layer, ids, each * shares)})

    return Applied(_total(rows, shares), pullback)


def _total(rows: Array, shares: Array) -> Array:
    return np.asarray((rows * shares).sum(axis=1), dtype=rows.dtype)


def _highest(layer: EmbeddingBag, ids: Array, rows: Array, counted: Array) -> Applied:
    """The maximum over the rows that count, whose gradient goes to the first of equal ones; 0 where none counts."""
    below = np.where(counted, rows, -np.inf)
    winner = below.argmax(axis=1)[:, None] == np.arange(rows.shape[1])[:, None]
    output = np.where(counted.any(axis=1), below.max(axis=1), 0).astype(rows.dtype)

    def pullback(cotangent: Array) -> Cotangents:
        return Cotangents((None,), {"table": _gradient(layer, ids, cotangent[:, None] * (winner & counted))})

    return Applied(output, pullback)


def _rows(layer: Table, ids: Array, table: Array) -> Array:
    if ids.size and (ids.min() < 0 or ids.max() >= layer.rows):
        found = int(ids.min() if ids.min() < 0 else ids.max())
        raise DataError(f"an embedding of {layer.rows} rows expects ids from 0 to {layer.rows - 1}, found {found}")
    return np.asarray(table[ids])


def _counted(layer: Table, ids: Array) -> Array:
    return np.asarray(ids != (-1 if layer.padding_id is None else layer.padding_id))


def _gradient(layer: Table, ids: Array, values: Array) -> Array | Rows:
    """Return the gradient of a table from one of each occurrence; padding has none."""
    kept = _counted(layer, ids).ravel()
    rows = Rows(ids.ravel()[kept], values.reshape(-1, layer.units)[kept], layer.rows)
    return rows if layer.by_row else rows.dense()


LAYERS: Mapping[type[Layer], Callable[[Any, Array, Leaves, Mode], Applied]] = {
    Embedding: embedding,
    EmbeddingBag: embedding_bag,
}
LAYERS_OF_SEVERAL: Mapping[type[Layer], Callable[[Any, tuple[Array, ...], Leaves, Mode], Applied]] = {
    EmbeddingBag: weighted_bag
}
