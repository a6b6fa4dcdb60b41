"""Adaptation: the statistics of normalization layers, taken from the training data before the first step."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mtlspec.backend import Program
from mtlspec.batch import Dataset
from mtlspec.graph import Graph
from mtlspec.mapped_array import MappedArray, slices
from mtlspec.spec.layers import Normalization
from mtlspec.tensors import Array, Arrays, Tensors


def adapt(program: Program, data: Dataset) -> None:
    """Set mean and biased variance, per feature of the last axis, of every normalization layer to those of `data`."""
    values = adapted(program.graph, data)
    if values:
        program.parameters = values


def adapted(graph: Graph, data: Dataset) -> Tensors:
    """Return mean and variance of every normalization layer of `graph` by key path, in float64."""
    mapped = [array for array in data.inputs.values() if isinstance(array, MappedArray)]
    values: dict[str, Array] = {}
    for node in graph.nodes:
        if isinstance(node.layer, Normalization):
            statistics = _in_parts if mapped else _at_once
            mean, variance = statistics(graph, data.inputs, node.sources[0])
            values[f"{node.path}.mean"], values[f"{node.path}.variance"] = mean, variance
    return Tensors(values)


def _at_once(graph: Graph, inputs: Arrays, path: str) -> tuple[Array, Array]:
    features = _source(graph, inputs, path)
    axes = tuple(range(features.ndim - 1))
    return features.mean(axis=axes), features.var(axis=axes)


def _in_parts(graph: Graph, inputs: Arrays, path: str) -> tuple[Array, Array]:
    """Return what `_at_once` does of inputs that lie in files, which are read twice and never held as a whole."""

    def parts() -> Iterator[Array]:
        for part in slices(len(next(iter(inputs.values())))):
            features = _source(graph, {name: array[part] for name, array in inputs.items()}, path)
            yield features.reshape(-1, features.shape[-1])

    count = sum(len(part) for part in parts())
    mean = np.asarray(sum(part.sum(axis=0) for part in parts()) / count)
    return mean, np.asarray(sum(np.square(part - mean).sum(axis=0) for part in parts()) / count)


def _source(graph: Graph, inputs: Arrays, path: str) -> Array:
    """Return the values at `path`: an input, or a merge of inputs."""
    if path in inputs:
        return inputs[path]
    node = next(node for node in graph.nodes if node.path == path)
    parts = [_source(graph, inputs, source) for source in node.sources]
    match node.merge:
        case "concatenate":
            return np.concatenate(parts, axis=-1)
        case "add":
            return np.asarray(sum(parts))
        case "multiply":
            return np.asarray(np.prod(np.stack(parts), axis=0))
        case "average":
            return np.asarray(np.mean(np.stack(parts), axis=0))
        case "subtract":
            return np.asarray(parts[0] - parts[1])
        case "maximum":
            return np.asarray(np.max(np.stack(parts), axis=0))
        case "minimum":
            return np.asarray(np.min(np.stack(parts), axis=0))
    raise NotImplementedError(f"{path}: a normalization reads an input or a merge of inputs")
