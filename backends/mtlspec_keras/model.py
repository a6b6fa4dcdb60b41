"""The model: a functional Keras model with inputs by name and logits in the order of the tasks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mtlspec.graph import Graph, Node
from mtlspec.spec.training import Precision
from mtlspec_keras.engine import keras
from mtlspec_keras.layers import Place, native_name, stages


@dataclass(frozen=True, eq=False)
class NativeModel:
    """A functional model, and the layer of every node, also of nodes that serve no task."""

    model: Any
    layers: dict[str, Any]

    def __call__(self, inputs: dict[str, Any], *, training: bool) -> list[Any]:
        """Return the logits in the order of the tasks."""
        outputs = self.model(inputs, training=training)
        return outputs if isinstance(outputs, list) else [outputs]


@keras.saving.register_keras_serializable("mtlspec")
class After(keras.layers.Layer):  # type: ignore[misc]
    """The first of two tensors; the second only has to be there.

    Keras calls the uses of one layer in an order that the outputs decide; this puts them in that of the graph, where a
    use writes statistics that the next one reads.
    """

    def call(self, inputs: list[Any]) -> Any:
        return inputs[0]

    def compute_output_shape(self, input_shape: list[Any]) -> Any:
        return input_shape[0]


def native_model(graph: Graph, precision: Precision) -> NativeModel:
    """Return the Keras model of a graph; its parameters are Keras' own initial values."""
    dtypes = {"float": precision, "integer": "int64"}
    inputs = {part.name: keras.Input(part.shape, name=part.name, dtype=dtypes[part.dtype]) for part in graph.inputs}
    tensors: dict[str, Any] = dict(inputs)
    shapes = {part.name: part.shape for part in graph.inputs}
    built: dict[str, list[Any]] = {}
    statistics = {parameter.node for parameter in graph.parameters if parameter.role == "statistic"}
    written: dict[str | None, str] = {}
    """By node that writes statistics, its last use that a pass computes."""
    for node in graph.nodes:
        first, *others = (shapes[path] for path in node.sources)
        built[node.path] = (
            built[node.reuses] if node.reuses else stages(Place(graph, node, first, tuple(others), precision))
        )
        sources = [tensors[path] for path in node.sources]
        if node.tasks and node.reuses in written:
            after = After(name=f"{native_name(node.path)}.after", dtype=precision)
            sources[0] = after([sources[0], tensors[written[node.reuses]]])
        if node.tasks and (node.reuses or node.path) in statistics:
            written[node.reuses or node.path] = node.path
        tensors[node.path] = _through(node, built[node.path], sources)
        shapes[node.path] = node.shape
    # Keras names an output after the layer that makes it, so each task ends in a layer of its name.
    outputs = [keras.layers.Identity(name=h.task, dtype=precision)(tensors[h.output]) for h in graph.heads]
    return NativeModel(keras.Model(inputs, outputs), {path: layers[-1] for path, layers in built.items()})


def _through(node: Node, layers: list[Any], sources: list[Any]) -> Any:
    """Return what a node makes of its sources: a merge takes them as a list, a layer one by one."""
    first, *rest = layers
    output = first(sources) if node.merge is not None else first(*sources)
    for layer in rest:
        output = layer(output)
    return output
