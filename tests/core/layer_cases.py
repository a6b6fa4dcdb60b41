"""Layers of every kind with the shape of one example, and how to call one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from cases_of_windows import EXTENTS, WINDOWS
from central_differences import indices, numbers
from mtlspec_numpy.layers import applied
from mtlspec_numpy.pullback import Applied, Mode
from norm_cases import LAYER_CASES

from mtlspec.spec import Layer
from mtlspec.tensors import Array

BATCH = 3
CASES: list[tuple[dict[str, Any], tuple[int, ...]]] = [
    ({"kind": "dense", "units": 4}, (3,)),
    ({"kind": "dense", "units": 2}, (2, 3)),
    ({"kind": "dense", "units": 2, "bias": False}, (3,)),
    ({"kind": "conv2d", "filters": 2, "kernel_size": 3}, (4, 5, 2)),
    ({"kind": "conv2d", "filters": 2, "kernel_size": 3, "padding": "same"}, (4, 3, 2)),
    ({"kind": "conv2d", "filters": 3, "kernel_size": [2, 3], "strides": [1, 2], "padding": "same"}, (3, 5, 2)),
    ({"kind": "conv2d", "filters": 2, "kernel_size": [3, 2], "strides": 2, "bias": False}, (5, 4, 1)),
    ({"kind": "conv2d", "filters": 1, "kernel_size": 1, "strides": 2, "padding": "same"}, (4, 5, 2)),
    ({"kind": "embedding", "rows": 4, "units": 2}, ()),
    ({"kind": "embedding", "rows": 4, "units": 2}, (3,)),
    ({"kind": "embedding", "rows": 4, "units": 2, "repeated_ids": "separate"}, (3,)),
    ({"kind": "embedding", "rows": 4, "units": 2, "untouched_rows": "skip"}, ()),
    ({"kind": "activation", "function": "tanh"}, (2, 3)),
    ({"kind": "dropout", "rate": 0.4}, (2, 3)),
    ({"kind": "dropout", "rate": 0.0}, (3,)),
    ({"kind": "batch_normalization", "epsilon": 0.01}, (2,)),
    ({"kind": "batch_normalization", "running_variance": "biased"}, (2, 2, 2)),
    ({"kind": "batch_normalization", "scale": False}, (2,)),
    ({"kind": "batch_normalization", "offset": False}, (2,)),
    ({"kind": "layer_normalization", "epsilon": 0.01}, (4,)),
    ({"kind": "layer_normalization"}, (2, 3)),
    ({"kind": "layer_normalization", "scale": False, "offset": False}, (4,)),
    ({"kind": "normalization"}, (3,)),
    ({"kind": "max_pool2d"}, (4, 5, 2)),
    ({"kind": "max_pool2d", "padding": "same"}, (3, 5, 2)),
    ({"kind": "max_pool2d", "pool_size": [3, 2], "strides": [1, 2], "padding": "same"}, (4, 5, 1)),
    ({"kind": "max_pool2d", "pool_size": 2, "strides": 3}, (5, 5, 1)),
    ({"kind": "average_pool2d"}, (4, 5, 2)),
    ({"kind": "average_pool2d", "padding": "same"}, (3, 5, 2)),
    ({"kind": "average_pool2d", "pool_size": [3, 2], "strides": [2, 1], "padding": "same"}, (4, 5, 1)),
    ({"kind": "global_max_pool"}, (2, 3, 2)),
    ({"kind": "global_max_pool"}, (4, 2)),
    ({"kind": "global_average_pool"}, (2, 3, 2)),
    ({"kind": "global_average_pool"}, (4, 2)),
    ({"kind": "flatten"}, (2, 3)),
    ({"kind": "flatten"}, ()),
    ({"kind": "reshape", "shape": [3, 2]}, (2, 3)),
    *WINDOWS,
    *EXTENTS,
    ({"kind": "simple_rnn", "units": 2}, (3, 2)),
    ({"kind": "simple_rnn", "units": 3, "biases": "none", "direction": "backward", "state_activation": "silu"}, (2, 1)),
    ({"kind": "lstm", "units": 2, "returns": "sequence"}, (3, 2)),
    ({"kind": "lstm", "units": 2, "biases": "two", "gate_activation": "tanh", "state_activation": "gelu"}, (2, 3)),
    ({"kind": "lstm", "units": 1, "direction": "backward", "returns": "sequence"}, (3, 2)),
    ({"kind": "gru", "units": 2, "returns": "sequence", "biases": "two"}, (3, 2)),
    ({"kind": "gru", "units": 2, "reset": "after", "biases": "two", "direction": "backward"}, (3, 2)),
    ({"kind": "gru", "units": 3, "reset": "after", "gate_activation": "softplus"}, (1, 2)),
    ({"kind": "padding_mask", "padding": 1}, (3,)),
    ({"kind": "embedding_bag", "rows": 4, "units": 2, "combine": "sum", "untouched_rows": "skip"}, (3,)),
    ({"kind": "embedding_bag", "rows": 4, "units": 2, "combine": "mean", "padding_id": 1}, (3,)),
    ({"kind": "embedding_bag", "rows": 4, "units": 2, "combine": "max", "padding_id": 1}, (3,)),
    ({"kind": "dot_interaction"}, (3, 2)),
    ({"kind": "dot_interaction", "itself": True}, (3, 2)),
    ({"kind": "factorization_machine"}, (3, 2)),
    ({"kind": "factorization_machine", "pooled": False}, (3, 2)),
    ({"kind": "attention", "heads": 2}, (3, 4)),
    ({"kind": "attention", "heads": 1, "key_units": 2, "value_units": 3, "units": 2, "bias": False}, (2, 3)),
    ({"kind": "attention", "heads": 2, "causal": True, "dropout": 0.3}, (3, 2)),
    ({"kind": "learned_positions", "length": 4}, (3, 2)),
    ({"kind": "sinusoidal_positions", "arrangement": "halves"}, (3, 4)),
    ({"kind": "sinusoidal_positions", "slowest": "base", "base": 20.0}, (3, 2)),
    ({"kind": "scale", "by": -0.3}, (2, 3)),
    ({"kind": "scale", "by": "root_of_units"}, (2, 3)),
    ({"kind": "class_token"}, (2, 3)),
    ({"kind": "class_token_mask"}, (3,)),
    *LAYER_CASES,
]
TRAINING = Mode(training=True, dropout_key=12345)
INFERENCE = Mode(training=False)


def case_name(value: object) -> str:
    """Return a short name of a document or a shape."""
    return "-".join(map(str, value.values())) if isinstance(value, dict) else str(value)


def layer_of(document: dict[str, Any]) -> Layer:
    """Return the layer that a document describes, with the laws of the papers."""
    layer = Layer.read(document)
    assert isinstance(layer, Layer)
    return layer


def argument(layer: Layer, shape: tuple[int, ...], *, batch: int = BATCH) -> Array:
    """Return a batch of examples for `layer`."""
    if layer.reads == "integer":
        return indices(f"ids of {layer.kind}", 4, batch, *shape)
    return numbers(f"examples for {layer.kind}", batch, *shape)


def parameters_of(layer: Layer, shape: tuple[int, ...]) -> dict[str, Array]:
    """Return a value for each parameter, by leaf; variances positive."""
    values: dict[str, Array] = {}
    for rule in layer.signature(shape).parameters:
        drawn = numbers(f"{layer.kind}.{rule.leaf}", *rule.shape)
        if rule.dtype == "integer":
            drawn = np.asarray(5)
        values[rule.leaf] = np.abs(drawn) + 0.5 if "variance" in rule.leaf else drawn
    return values


def trainable(layer: Layer, shape: tuple[int, ...]) -> list[str]:
    """Return the leaves of the trainable parameters."""
    return [rule.leaf for rule in layer.signature(shape).parameters if rule.role == "trainable"]


def called(layer: Layer, arguments: Mapping[str, Array], mode: Mode) -> Applied:
    """Return the application of `layer` to the entry `x` with the other entries as parameters."""
    return applied(layer, [arguments["x"]], {leaf: value for leaf, value in arguments.items() if leaf != "x"}, mode)
