"""Small programs of the reference, with batches that follow from names alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from central_differences import indices, numbers
from mtlspec_numpy import NumpyBackend, NumpyProgram

from mtlspec.batch import Batch
from mtlspec.graph import Graph
from mtlspec.registry import compile
from mtlspec.spec import Spec
from mtlspec.spec.training import Precision
from mtlspec.tensors import Array, Rows, Tensors


def program_of(document: dict[str, Any], precision: Precision = "float64") -> NumpyProgram:
    """Return the reference's program of a document."""
    program = compile(Spec.model_validate(document), backend=NumpyBackend(), precision=precision)
    assert isinstance(program, NumpyProgram)
    return program


def batch_of(graph: Graph, size: int = 5) -> Batch:
    """Return examples with weights that differ (one of them 0), and denominators that are not their sum."""
    return Batch(
        inputs={part.name: _input(graph, part.name, size) for part in graph.inputs},
        targets={head.task: _target(graph, head.task, size) for head in graph.heads},
        weights={t: np.where(np.arange(size) == 1, 0.0, 1.5 + np.tanh(numbers(t, size))) for t in graph.tasks},
        denominators={task: 3.0 + index for index, task in enumerate(graph.tasks)},
    )


def _input(graph: Graph, name: str, size: int) -> Array:
    part = next(part for part in graph.inputs if part.name == name)
    return indices(name, 4, size, *part.shape) if part.dtype == "integer" else numbers(name, size, *part.shape)


def _target(graph: Graph, task: str, size: int) -> Array:
    head = next(head for head in graph.heads if head.task == task)
    if head.loss.kind == "softmax_cross_entropy":
        return indices(task, head.units, size)
    if head.loss.kind == "sigmoid_cross_entropy":
        return indices(task, 2, size, head.units).astype(np.float64)
    return numbers(f"target {task}", size, head.units)


def one_number(training: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """Return a document of two tasks with one parameter each, `tasks.a.head[0].kernel` and `tasks.b.head[0].kernel`."""
    head = [{"kind": "dense", "units": 1, "bias": False}]
    return {
        "inputs": [{"name": "x", "shape": [1]}],
        "tasks": [{"name": name, "head": head, "loss": "squared_error"} for name in "ab"],
        "training": training or {},
        **changes,
    }


A, B = "tasks.a.head[0].kernel", "tasks.b.head[0].kernel"


def update(program: NumpyProgram, along: Mapping[str, Any], rate: float, *, phase: int = 0) -> None:
    """Update along gradients given as rows, arrays or numbers, without new statistics."""
    shapes = {path: parameter.shape for path, parameter in program.graph.by_path.items()}
    entries = {p: g if isinstance(g, Rows) else np.asarray(g, dtype=np.float64) for p, g in along.items()}
    arrays = {p: g.reshape(shapes[p]) if isinstance(g, np.ndarray) and g.ndim == 0 else g for p, g in entries.items()}
    program.update(along=Tensors(arrays), statistics=Tensors(), learning_rate=rate, phase=phase)


def assign(program: NumpyProgram, values: Mapping[str, Any]) -> None:
    """Set some parameters of any shape from nested lists or numbers."""
    shapes = program.graph.by_path
    program.parameters = {p: np.reshape(np.asarray(v), shapes[p].shape) for p, v in values.items()}
