"""Layers: from a node of the graph to a native Keras layer, or to the smallest one of our own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mtlspec.errors import BackendError
from mtlspec.graph import Graph, Node
from mtlspec.randomness import dropout_key
from mtlspec.spec import layers
from mtlspec.spec.signature import Shape
from mtlspec.spec.training import Precision
from mtlspec_keras import attention, convolutions, extents, gates, normalizations, pools, positions, recurrent, shaping
from mtlspec_keras.activations import ACTIVATIONS as ACTIVATIONS
from mtlspec_keras.activations import activation
from mtlspec_keras.crosses import Cross, DotInteraction, DotProduct, FactorizationMachine
from mtlspec_keras.dropout import HashDropout
from mtlspec_keras.embeddings import table
from mtlspec_keras.engine import keras
from mtlspec_keras.extension import extension_layer
from mtlspec_keras.masks import LengthMask, PaddingMask
from mtlspec_keras.merges import MERGES as MERGES
from mtlspec_keras.penalty import regularizer


@dataclass(frozen=True)
class Place:
    """Where a layer stands: its node, its graph and the shape that it reads; and how exact it has to be."""

    graph: Graph
    node: Node
    shape: Shape
    others: tuple[Shape, ...]
    """The shapes of the tensors that the layer names beside the one before it."""
    precision: Precision

    @property
    def options(self) -> dict[str, Any]:
        """What every Keras layer takes."""
        return {"name": native_name(self.node.path), "dtype": self.precision}

    @property
    def glorot_uniform(self) -> Any:
        """Keras' own initializer of kernels, with a seed: without one it takes it from Python's global stream."""
        return keras.initializers.GlorotUniform(seed=self._seed)

    @property
    def uniform(self) -> Any:
        """Keras' own initializer of embeddings, with a seed."""
        return keras.initializers.RandomUniform(seed=self._seed)

    @property
    def _seed(self) -> int:
        return dropout_key(self.graph.seed, self.node.path)


def native_name(path: str) -> str:
    """Return a key path as Keras takes it for a name: `trunk[0]` as `trunk.0`."""
    return path.replace("[", ".").replace("]", "")


def stages(place: Place) -> list[Any]:
    """Return the Keras layers of a node: the first takes its sources, the last owns its parameters.

    Raises:
        BackendError: there is no rule for its kind.
    """
    layer, merge = place.node.layer, place.node.merge
    if merge is not None:
        return [MERGES[merge](place)]
    if layer is not None and "." in layer.kind:
        return extension_layer(layer, (place.shape, *place.others), place.options)
    build = LAYERS.get(type(layer)) if layer is not None else None
    if build is None:
        raise BackendError(f"{place.node.path}: backend 'keras' has no layer {getattr(layer, 'kind', None)!r}")
    return build(layer, place)


def _dense(layer: layers.Dense, place: Place) -> list[Any]:
    return [
        keras.layers.Dense(
            layer.units,
            use_bias=layer.bias,
            kernel_initializer=place.glorot_uniform,
            kernel_regularizer=regularizer(layer.kernel_penalty),
            bias_regularizer=regularizer(layer.bias_penalty) if layer.bias else None,
            **place.options,
        )
    ]


def _embedding(layer: layers.Table, place: Place) -> list[Any]:
    options = {"embeddings_initializer": place.uniform, "embeddings_regularizer": regularizer(layer.penalty)}
    return [table(layer, **options, **place.options)]


def _cross(layer: layers.Cross, place: Place) -> list[Any]:
    options = {"initializer": place.glorot_uniform, "regularizer": regularizer(layer.kernel_penalty)}
    return [Cross(layer.rank, layer.bias, **options, **place.options)]


def _activation(layer: layers.ActivationLayer, place: Place) -> list[Any]:
    return [activation(layer.function, place.options)]


def _dropout(layer: layers.Dropout, place: Place) -> list[Any]:
    return [HashDropout(layer.rate, dropout_key(place.graph.seed, place.node.path), **place.options)]


LAYERS: Mapping[type[layers.Layer], Callable[[Any, Place], list[Any]]] = {
    layers.Dense: _dense,
    layers.Embedding: _embedding,
    layers.EmbeddingBag: _embedding,
    layers.ActivationLayer: _activation,
    layers.Dropout: _dropout,
    layers.DotProduct: lambda layer, place: [DotProduct(layer.epsilon if layer.normalize else None, **place.options)],
    layers.DotInteraction: lambda layer, place: [DotInteraction(layer.itself, **place.options)],
    layers.FactorizationMachine: lambda layer, place: [FactorizationMachine(layer.pooled, **place.options)],
    layers.Cross: _cross,
    layers.PaddingMask: lambda layer, place: [PaddingMask(layer.padding, **place.options)],
    layers.LengthMask: lambda layer, place: [LengthMask(**place.options)],
    **convolutions.LAYERS,
    **pools.LAYERS,
    **extents.LAYERS,
    **recurrent.LAYERS,
    **attention.LAYERS,
    **positions.LAYERS,
    **normalizations.LAYERS,
    **gates.LAYERS,
    **shaping.LAYERS,
}
"""The rule of each kind; the last layer of a rule owns the node's parameters."""

WINDOWED = (layers.Convolution, layers.MaxPool1d, layers.MaxPool2d, layers.AveragePool1d, layers.AveragePool2d)
"""Layers that XLA's CPU loops run many times slower than TensorFlow's own kernels."""


def loops_well(layer: layers.Layer | None) -> bool:
    """Return whether XLA's loops take a layer, and are not slowed down by it; of a user's own, nobody knows.

    Where the gradient of a table leaves padding out, its number of rows depends on the ids, which XLA cannot have.
    """
    dynamic = isinstance(layer, layers.Table) and layer.by_row and layer.padding_id is not None
    own = layer is not None and "." in layer.kind
    return not dynamic and not own and not isinstance(layer, WINDOWED)
