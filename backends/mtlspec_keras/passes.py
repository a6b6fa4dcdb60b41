"""Passes: forward through the model, and back, as functions of the parameters that change nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mtlspec.graph import Graph
from mtlspec_keras.engine import keras, tf
from mtlspec_keras.model import NativeModel
from mtlspec_keras.parameters import ParameterTable
from mtlspec_keras.penalty import regularizer
from mtlspec_keras.rows import summed

Values = Mapping[str, Any]
"""Tensors by key path."""


class Pulled(NamedTuple):
    """What one pass forward and back gives: losses [T], penalty, gradients by weighting, new statistics."""

    losses: Any
    penalty: Any
    gradients: list[dict[str, Any]]
    statistics: dict[str, Any]


class Passes:
    """The traced arithmetic of one graph."""

    def __init__(
        self, graph: Graph, native: NativeModel, table: ParameterTable, loss_functions: Mapping[str, Any]
    ) -> None:
        self.graph, self.native, self.table, self.loss_functions = graph, native, table, loss_functions
        self._sparse = {p.path for p in graph.parameters if p.by_row and graph.embedding(p).untouched_rows == "skip"}
        """Tables that no pass reads as a whole: once rows of a variable are written, TensorFlow copies all of it for
        whoever reads it."""
        self._penalties: dict[str, Any] = {p.path: regularizer(p.penalty) for p in graph.penalized}

    def values(self) -> dict[str, Any]:
        """Return the present value of every parameter that is read as a whole."""
        variables = self.table.variables
        return {p: tf.convert_to_tensor(v.value) for p, v in variables.items() if p not in self._sparse}

    def forward(self, values: Values, inputs: Mapping[str, Any], *, training: bool) -> tuple[list[Any], dict[str, Any]]:
        """Return the logits in the order of the tasks, and what the statistics become."""
        variables = self.table.variables
        with keras.StatelessScope([(variables[path], value) for path, value in values.items()]) as scope:
            logits = self.native(dict(inputs), training=training)
        return logits, {path: scope.get_current_value(variables[path]) for path in self.table.statistics}

    def losses(self, logits: Sequence[Any], batch: Mapping[str, Any]) -> Any:
        """Return Σ weight·loss / denominator of each task [T]."""
        totals = []
        for task, z in zip(self.graph.tasks, logits, strict=True):
            each, weights = self.loss_functions[task].losses(batch["targets"][task], z, batch["weights"][task])
            totals.append(tf.reduce_sum(weights * each))
        return tf.stack(totals) / batch["denominators"]

    def penalty(self, values: Values, dtype: Any) -> Any:
        """Return the sum of all penalties."""
        return sum((one.exact(values[path]) for path, one in self._penalties.items()), tf.zeros((), dtype))

    def pulled(self, batch: Mapping[str, Any], weightings: Sequence[Any]) -> Pulled:
        """Return a training pass with the gradient of Σ weight·loss + penalty for each of `weightings` [T]."""
        values = self.values()
        trainable = {path: self._source(path, values) for path in self.graph.trainable}
        with tf.GradientTape(persistent=len(weightings) > 1, watch_accessed_variables=False) as tape:
            tape.watch(trainable)
            logits, statistics = self.forward(values, batch["inputs"], training=True)
            losses = self.losses(logits, batch)
            penalty = self.penalty(values, losses.dtype)
            totals = [tf.reduce_sum(weights * losses) + penalty for weights in weightings]
        gradients = [self._completed(tape.gradient(total, trainable), trainable) for total in totals]
        return Pulled(losses, penalty, gradients, statistics)

    def _source(self, path: str, values: Values) -> Any:
        """Return what the gradient of a parameter is taken for: its value, or its variable where rows are read."""
        return self.table.variables[path].value if path in self._sparse else values[path]

    def _completed(self, found: Mapping[str, Any], values: Values) -> dict[str, Any]:
        return {path: self._gradient(path, found[path], value) for path, value in values.items()}

    def _gradient(self, path: str, found: Any, value: Any) -> Any:
        if self.graph.by_path[path].by_row:
            return self._no_rows(path, value.dtype) if found is None else found
        if found is None:
            return tf.zeros_like(value)
        return summed(found, value) if isinstance(found, tf.IndexedSlices) else found

    def _no_rows(self, path: str, dtype: Any) -> Any:
        rows, units = self.graph.by_path[path].shape
        return tf.IndexedSlices(
            tf.zeros((0, units), dtype), tf.zeros((0,), tf.int64), tf.constant([rows, units], tf.int64)
        )
