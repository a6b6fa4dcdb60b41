"""Drafts: a case as it is written by hand, before its numbers are drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Document = dict[str, Any]
SGD: Document = {"kind": "sgd", "learning_rate": 0.1}


@dataclass(frozen=True)
class Draft:
    """The document of a case and what is special about its data."""

    id: str
    why: str
    spec: Document
    examples: int = 6
    batches: Sequence[Sequence[int]] = ((0, 1, 2, 3),)
    inputs: Mapping[str, Any] = field(default_factory=dict)
    """Stored as they are, instead of drawn."""
    targets: Mapping[str, Any] = field(default_factory=dict)
    absent: Mapping[str, Sequence[int]] = field(default_factory=dict)
    """Examples without a label, by task."""
    weighted: bool = False
    """Whether every task has sample weights."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Stored as they are, instead of drawn."""
    initial: bool = False
    """Whether the parameters are the initial values of the spec."""
    steps: bool = False
    """Whether the case has a trajectory."""
    rows: Sequence[Sequence[int]] = ()
    """The rows of the trajectory, instead of drawn ones of the size of the first batch."""
    rates: Sequence[Any] = ()
    """The rates of the trajectory, instead of the ones that rise, drop and touch zero."""
    task_weights: Sequence[Sequence[float]] = ()
    law: bool = False
    """Whether the case has scripted gradients."""


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
