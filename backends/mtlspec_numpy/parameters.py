"""Parameters: arrays by key path in canonical layout, which is also the reference's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mtlspec.expectation import expect_parameters
from mtlspec.graph import Graph, Parameter
from mtlspec.tensors import Array, Tensors


class ParameterTable:
    """Every parameter of a graph. Arrays are replaced, never written to, so that what was handed out stays."""

    def __init__(self, graph: Graph, dtype: np.dtype[Any]) -> None:
        self.graph, self.dtype = graph, dtype
        self.arrays: dict[str, Array] = {p.path: np.zeros(p.shape, self._dtype(p)) for p in graph.parameters}
        self._leaves: dict[str, list[Parameter]] = {}
        for parameter in graph.parameters:
            self._leaves.setdefault(parameter.node, []).append(parameter)

    def _dtype(self, parameter: Parameter) -> np.dtype[Any]:
        return self.dtype if parameter.dtype == "float" else np.dtype(np.int64)

    def of_node(self, path: str) -> dict[str, Array]:
        """Return the parameters of the node at `path`, by leaf."""
        return {p.leaf: self.arrays[p.path] for p in self._leaves.get(path, ())}

    def tensors(self) -> Tensors:
        """Return all parameters as a value."""
        return Tensors(self.arrays)

    def assign(self, values: Mapping[str, Any]) -> None:
        """Copy in the values of some or all parameters.

        Raises:
            ValueError: a key path is unknown, or a shape is another; then nothing is assigned.
        """
        expect_parameters(self.graph, values)
        by_path = self.graph.by_path
        self.arrays |= {path: np.array(value, dtype=self._dtype(by_path[path])) for path, value in values.items()}
