"""Arrays on the way to the device: in the dtypes of a program, and the signatures of its traced functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mtlspec.batch import Batch, Dataset
from mtlspec.graph import Graph
from mtlspec.spec.training import Precision
from mtlspec.tensors import Array, Arrays
from mtlspec_keras.engine import tf


class Layout:
    """The names, shapes and dtypes of what a graph reads."""

    def __init__(self, graph: Graph, precision: Precision) -> None:
        self.graph, self.precision = graph, precision
        self._inputs = {part.name: _dtype(part.dtype == "integer", precision) for part in graph.inputs}
        self._targets = {head.task: _dtype(head.targets_are_classes, precision) for head in graph.heads}

    def inputs(self, arrays: Arrays) -> dict[str, Any]:
        """Return exactly the inputs that the graph declares."""
        return {name: _tensor(arrays[name], dtype) for name, dtype in self._inputs.items()}

    def data(self, data: Batch | Dataset) -> dict[str, Any]:
        """Return inputs, targets and weights of examples."""
        return {
            "inputs": self.inputs(data.inputs),
            "targets": {task: _tensor(data.targets[task], dtype) for task, dtype in self._targets.items()},
            "weights": {task: _tensor(data.weights[task], self.precision) for task in self._targets},
        }

    def batch(self, batch: Batch) -> dict[str, Any]:
        """Return a batch with the denominators [T] that the host gave it."""
        denominators = self.by_task(batch.denominators)
        return {**self.data(batch), "denominators": denominators}

    def by_task(self, numbers: Mapping[str, float]) -> Any:
        """Return numbers by name as one tensor [T]."""
        return tf.constant([numbers[task] for task in self.graph.tasks], self.precision)

    def input_signature(self) -> dict[str, Any]:
        """Return what `inputs` gives, for any number of examples."""
        return {part.name: _spec((None, *part.shape), self._inputs[part.name]) for part in self.graph.inputs}

    def data_signature(self) -> dict[str, Any]:
        """Return what `data` gives, for any number of examples."""
        targets = {
            head.task: _spec((None, *head.target_shape), dtype)
            for head, dtype in zip(self.graph.heads, self._targets.values(), strict=True)
        }
        weights = {head.task: _spec((None, *head.positions), self.precision) for head in self.graph.heads}
        return {"inputs": self.input_signature(), "targets": targets, "weights": weights}

    def batch_signature(self) -> dict[str, Any]:
        """Return what `batch` gives, for any number of examples."""
        return {**self.data_signature(), "denominators": self.task_signature()}

    def task_signature(self) -> Any:
        """Return what `by_task` gives."""
        return _spec((len(self.graph.tasks),), self.precision)

    def step_signature(self, chunk: int) -> dict[str, Any]:
        """Return a chunk of steps, for any size of a batch."""
        tasks, phases = len(self.graph.tasks), len(self.graph.phases)
        return {
            "rows": _spec((chunk, None), "int64"),
            "learning_rates": _spec((chunk, phases), "float64"),
            "weights": _spec((chunk, tasks), self.precision),
            "denominators": _spec((chunk, tasks), self.precision),
        }


def padded(array: Array, length: int) -> Array:
    """Return `array` with zeros after it."""
    return np.concatenate([array, np.zeros((length - len(array), *array.shape[1:]), array.dtype)])


def _tensor(array: Array, dtype: str) -> Any:
    return tf.constant(np.asarray(array, dtype=dtype))


def _dtype(integer: bool, precision: Precision) -> str:
    return "int64" if integer else precision


def _spec(shape: tuple[int | None, ...], dtype: str) -> Any:
    return tf.TensorSpec(shape, dtype)
