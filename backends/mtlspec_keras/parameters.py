"""Parameters: key paths and the Keras variables that hold them."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import Any

import numpy as np

from mtlspec.backend import Parameters
from mtlspec.expectation import expect_parameters
from mtlspec.graph import Graph
from mtlspec.tensors import Array
from mtlspec_keras import attention
from mtlspec_keras.engine import keras
from mtlspec_keras.extension import ExtensionLayer
from mtlspec_keras.model import NativeModel
from mtlspec_keras.recurrent import variable_of

NATIVE_LEAVES = {
    "table": "embeddings",
    "scale": "gamma",
    "offset": "beta",
    "running_mean": "moving_mean",
    "running_variance": "moving_variance",
    **attention.NATIVE_LEAVES,
    "slope": "alpha",
}
"""Names that Keras has for a leaf; the others are the same, and so are all layouts."""


def _variable(layer: Any, leaf: str) -> Any:
    """Return the variable of a Keras layer that holds a leaf."""
    if isinstance(layer, keras.layers.RNN):
        return variable_of(layer, leaf)
    if isinstance(layer, ExtensionLayer):
        return layer.parameter(leaf)
    return attrgetter(NATIVE_LEAVES.get(leaf, leaf))(layer)


class ParameterTable:
    """The Keras variable of every parameter, by key path."""

    def __init__(self, graph: Graph, native: NativeModel) -> None:
        self.graph = graph
        self.variables: dict[str, Any] = {
            parameter.path: _variable(native.layers[parameter.node], parameter.leaf) for parameter in graph.parameters
        }
        served = {path for node in graph.nodes if node.tasks for path in (node.path, node.reuses)}
        self.statistics = tuple(p.path for p in graph.parameters if p.role == "statistic" and p.node in served)
        """Key paths of the statistics that a training pass writes."""

    def tensors(self) -> Parameters:
        """Return a copy of every parameter."""
        return Parameters({path: np.array(variable.numpy()) for path, variable in self.variables.items()})

    def assign(self, values: Mapping[str, Array]) -> None:
        """Take over some or all parameters; on an error, none.

        Raises:
            ValueError: a key path is unknown, or a shape is another.
        """
        expect_parameters(self.graph, values)
        for path, value in values.items():
            variable = self.variables[path]
            variable.assign(np.asarray(value, dtype=variable.dtype))
