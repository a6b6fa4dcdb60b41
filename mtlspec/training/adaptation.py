"""Adaptation: the statistics of normalization layers, taken from the training data before the first step."""

from __future__ import annotations

import numpy as np

from mtlspec.backend import Program
from mtlspec.batch import Dataset
from mtlspec.graph import Graph
from mtlspec.spec.layers import Normalization
from mtlspec.tensors import Array, Tensors


def adapt(program: Program, data: Dataset) -> None:
    """Set mean and biased variance, per feature of the last axis, of every normalization layer to those of `data`."""
    values = adapted(program.graph, data)
    if values:
        program.parameters = values


def adapted(graph: Graph, data: Dataset) -> Tensors:
    """Return mean and variance of every normalization layer of `graph` by key path, in float64."""
    values: dict[str, Array] = {}
    for node in graph.nodes:
        if isinstance(node.layer, Normalization):
            features = _source(graph, data, node.sources[0])
            axes = tuple(range(features.ndim - 1))
            values[f"{node.path}.mean"] = features.mean(axis=axes)
            values[f"{node.path}.variance"] = features.var(axis=axes)
    return Tensors(values)


def _source(graph: Graph, data: Dataset, path: str) -> Array:
    """Return the values at `path`: an input, or a merge of inputs."""
    if path in data.inputs:
        return data.inputs[path]
    node = next(node for node in graph.nodes if node.path == path)
    parts = [_source(graph, data, source) for source in node.sources]
    match node.merge:
        case "concatenate":
            return np.concatenate(parts, axis=-1)
        case "add":
            return np.asarray(sum(parts))
        case "multiply":
            return np.asarray(np.prod(np.stack(parts), axis=0))
        case "average":
            return np.asarray(np.mean(np.stack(parts), axis=0))
    raise NotImplementedError(f"{path}: a normalization reads an input or a merge of inputs")
