"""Programs of the documents, and data for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from torch_documents import Document
from torch_trainings import IDS

from mtlspec.backend import Program, Steps
from mtlspec.batch import Batch, Dataset, divisible
from mtlspec.class_weights import class_factors
from mtlspec.graph import Graph, lower
from mtlspec.randomness import normal, permutation, uniform
from mtlspec.registry import compile
from mtlspec.spec import Spec
from mtlspec.spec.losses import SigmoidCrossEntropy, SoftmaxCrossEntropy
from mtlspec.tensors import Array


def spec_of(document: Document) -> Spec:
    return Spec.model_validate(document)


def program(document: Document, backend: str, *, precision: str = "float64") -> Program:
    """Return the program of a document, its constants adapted to something that shows."""
    made = compile(spec_of(document), backend=backend, precision=precision)  # type: ignore[arg-type]
    made.parameters = values(made.graph)
    return made


def values(graph: Graph) -> dict[str, Array]:
    """Return parameters none of which is special: no zero bias, no scale of one."""
    made: dict[str, Array] = {}
    for parameter in graph.parameters:
        size = int(np.prod(parameter.shape))
        drawn = normal(1, parameter.path, size).reshape(parameter.shape) / 2
        if parameter.dtype == "integer":
            drawn = np.full(parameter.shape, 3, dtype=np.int64)
        elif parameter.leaf in ("running_variance", "variance", "scale"):
            drawn = np.exp(drawn)
        made[parameter.path] = drawn
    return made


def dataset(graph: Graph, size: int = 64, *, even: bool = False) -> Dataset:
    """Return examples with some labels absent and uneven weights; `even`: all present, each with weight 1."""
    inputs: dict[str, Array] = {}
    for entry in graph.inputs:
        shape = (size, *entry.shape)
        count = int(np.prod(shape))
        if entry.dtype == "integer":
            inputs[entry.name] = (uniform(2, entry.name, count) * IDS).astype(np.int64).reshape(shape)
        else:
            inputs[entry.name] = normal(2, entry.name, count).reshape(shape)
    targets = {head.task: _targets(head.loss, head.units, head.task, size) for head in graph.heads}
    present = {task: (uniform(4, task, size) > 0.25) | even for task in graph.tasks}
    uneven = {task: np.ones(size) if even else 0.5 + uniform(5, task, size) for task in graph.tasks}
    weights = {task: np.where(present[task], uneven[task], 0.0) for task in graph.tasks}
    absent = {task: np.zeros_like(y[:1]) for task, y in targets.items()}
    filled = {
        task: np.where(present[task].reshape(-1, *[1] * (y.ndim - 1)), y, absent[task]) for task, y in targets.items()
    }
    factors = {head.task: class_factors(head.loss, filled[head.task]) for head in graph.heads}
    weighing = {task: weights[task] * each.weighing for task, each in factors.items()}
    dividing = {task: weights[task] * each.dividing for task, each in factors.items()}
    return Dataset(inputs=inputs, targets=filled, weights=weighing, present=present, dividing_weights=dividing)


def _targets(loss: Any, units: int, name: str, size: int) -> Array:
    if isinstance(loss, SoftmaxCrossEntropy):
        if loss.targets == "integer":
            return (uniform(3, name, size) * units).astype(np.int64)
        mass = uniform(3, name, size * units).reshape(size, units) ** 3
        return np.asarray(mass / mass.sum(axis=-1, keepdims=True))
    if isinstance(loss, SigmoidCrossEntropy):
        return (uniform(3, name, size * units).reshape(size, units) > 0.4).astype(np.float64)
    return np.asarray(normal(3, name, size * units).reshape(size, units))


def batch(graph: Graph, rows: Array | None = None, *, even: bool = False) -> Batch:
    """Return the examples at `rows`, by default ten."""
    chosen = np.arange(10) if rows is None else rows
    return dataset(graph, even=even).batch(chosen, {head.task: head.loss.reduction for head in graph.heads})


def steps(graph: Graph, data: Dataset, *, count: int = 20, size: int = 12) -> Steps:
    """Return steps whose rates change, touching 0, and whose task weights change."""
    order = np.concatenate([permutation(epoch, "order", len(data)) for epoch in range(count * size // len(data) + 1)])
    rows = order[: count * size].reshape(count, size)
    rates = np.array([p.optimizer.learning_rate for p in graph.phases]) * _factors(count)[:, None]
    weights = np.array([head.weight for head in graph.heads]) * (1 + np.arange(count) % 3)[:, None] / 2
    each = np.stack([data.denominator(h.task, rows, h.loss.reduction) for h in graph.heads], axis=1)
    return Steps(rows, rates, weights, divisible(each))


def _factors(count: int) -> Array:
    factors = 1 + np.sin(np.arange(count))
    factors[3:5] = 0.0
    return np.asarray(factors)


def step_batch(data: Dataset, chosen: Steps, index: int, graph: Graph) -> tuple[Batch, Mapping[str, float]]:
    """Return what step `index` says, as a batch and task weights."""
    rows, tasks = chosen.rows[index], graph.tasks
    made = Batch(
        inputs={name: array[rows] for name, array in data.inputs.items()},
        targets={task: data.targets[task][rows] for task in tasks},
        weights={task: data.weights[task][rows] for task in tasks},
        denominators=dict(zip(tasks, chosen.denominators[index].tolist(), strict=True)),
    )
    return made, dict(zip(tasks, chosen.weights[index].tolist(), strict=True))


def graph_of(document: Document) -> Graph:
    return lower(spec_of(document))
