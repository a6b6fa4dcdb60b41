"""Gradients at the border between NumPy and a traced function, where slices travel as ids and values."""

from __future__ import annotations

from typing import Any

import numpy as np

from mtlspec.backend import Gradients
from mtlspec.graph import Graph
from mtlspec.spec.training import Precision
from mtlspec.tensors import Array, Rows, dense
from mtlspec_keras.engine import tf


class GradientBorder:
    """How the gradient of each parameter of a graph passes in and out."""

    def __init__(self, graph: Graph, precision: Precision) -> None:
        self.graph, self.precision = graph, precision

    def read(self, path: str, found: Any) -> Array | Rows:
        """Return what a traced function found as an entry of `Gradients`."""
        if isinstance(found, tf.IndexedSlices):
            return Rows(found.indices.numpy(), found.values.numpy(), self.graph.by_path[path].shape[0])
        return np.asarray(found.numpy())

    def written(self, path: str, along: Gradients) -> Any:
        """Return an entry as a traced function takes it: a tensor, or ids and values."""
        parameter, entry = self.graph.by_path[path], along[path]
        if isinstance(entry, Rows) and parameter.by_row:
            return tf.constant(entry.ids, "int64"), tf.constant(entry.values, self.precision)
        tensor = tf.constant(dense(entry), self.precision)
        # The sum of two gradients is dense: for a table it counts as one that touches every row once.
        return (tf.range(parameter.shape[0], dtype=tf.int64), tensor) if parameter.by_row else tensor

    def signature(self, path: str) -> Any:
        """Return what `written` gives, for any number of ids."""
        parameter = self.graph.by_path[path]
        if not parameter.by_row:
            return tf.TensorSpec(parameter.shape, self.precision)
        return tf.TensorSpec((None,), "int64"), tf.TensorSpec((None, *parameter.shape[1:]), self.precision)

    def inside(self, path: str, given: Any) -> Any:
        """Return what `written` gave as the gradient that TensorFlow finds, dense or slices."""
        parameter = self.graph.by_path[path]
        if not parameter.by_row:
            return given
        ids, values = given
        return tf.IndexedSlices(values, ids, tf.constant(parameter.shape, tf.int64))
