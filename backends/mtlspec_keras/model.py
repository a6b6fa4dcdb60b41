"""The model: a functional Keras model with inputs by name and logits in the order of the tasks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mtlspec.graph import Graph
from mtlspec.spec.training import Precision
from mtlspec_keras.engine import keras
from mtlspec_keras.layers import Place, applied


@dataclass(frozen=True, eq=False)
class NativeModel:
    """A functional model, and the layer of every node, also of nodes that serve no task."""

    model: Any
    layers: dict[str, Any]

    def __call__(self, inputs: dict[str, Any], *, training: bool) -> list[Any]:
        """Return the logits in the order of the tasks."""
        outputs = self.model(inputs, training=training)
        return outputs if isinstance(outputs, list) else [outputs]


def native_model(graph: Graph, precision: Precision) -> NativeModel:
    """Return the Keras model of a graph; its parameters are Keras' own initial values."""
    dtypes = {"float": precision, "integer": "int64"}
    inputs = {part.name: keras.Input(part.shape, name=part.name, dtype=dtypes[part.dtype]) for part in graph.inputs}
    tensors: dict[str, Any] = dict(inputs)
    shapes = {part.name: part.shape for part in graph.inputs}
    layers: dict[str, Any] = {}
    for node in graph.nodes:
        place = Place(graph, node, shapes[node.sources[0]], precision)
        layers[node.path], tensors[node.path] = applied(place, [tensors[path] for path in node.sources])
        shapes[node.path] = node.shape
    # Keras names an output after the layer that makes it, so each task ends in a layer of its name.
    outputs = [keras.layers.Identity(name=h.task, dtype=precision)(tensors[h.output]) for h in graph.heads]
    return NativeModel(keras.Model(inputs, outputs), layers)
