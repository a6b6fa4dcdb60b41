"""Documents of the drafts, and what most of them share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mtlspec_conformance.draft import Document

SGD: Document = {"kind": "sgd", "learning_rate": 0.1}


def model(
    *layers: Any,
    shape: Sequence[int] = (3,),
    dtype: str = "float",
    head: Sequence[Any] = ({"kind": "dense", "units": 2},),
    loss: Any = "squared_error",
    **training: Any,
) -> Document:
    """Return a document with one input x, one block trunk and one task y."""
    return several(
        inputs=[{"name": "x", "shape": list(shape), "dtype": dtype}],
        blocks=[{"name": "trunk", "layers": list(layers)}] if layers else [],
        tasks=[{"name": "y", "head": list(head), "loss": loss}],
        **training,
    )


def several(
    *,
    inputs: Sequence[Any] = ({"name": "x", "shape": [3]},),
    blocks: Sequence[Any] = (),
    tasks: Sequence[Any],
    **training: Any,
) -> Document:
    """Return a document of named parts; `training` is plain sgd unless it says otherwise."""
    document: Document = {"mtlspec": 1}
    if "like" in training:
        document["like"] = training.pop("like")
    document |= {"inputs": list(inputs), "blocks": list(blocks), "tasks": list(tasks)}
    if not blocks:
        del document["blocks"]
    return document | {"training": {"optimizer": SGD} | training}


def dense(units: int, activation: Any = None, **fields: Any) -> Document:
    """Return a dense layer."""
    return {"kind": "dense", "units": units} | ({"activation": activation} if activation else {}) | fields


def conv(filters: int, size: Any, **fields: Any) -> Document:
    """Return a convolution."""
    return {"kind": "conv2d", "filters": filters, "kernel_size": size} | fields


def two_heads(*trunk: Any, **training: Any) -> Document:
    """Return a classifier and a regression of different weights on a shared trunk."""
    return several(
        blocks=[{"name": "trunk", "layers": list(trunk) or [dense(4, "tanh")]}],
        tasks=[
            {"name": "a", "head": [dense(3)], "loss": "softmax_cross_entropy", "weight": 0.5},
            {"name": "b", "head": [dense(1)], "loss": "squared_error", "weight": 2.0},
        ],
        **training,
    )
