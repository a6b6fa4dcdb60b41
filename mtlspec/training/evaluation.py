"""Evaluation and prediction: what a program makes of examples in inference mode."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mtlspec.backend import Program
from mtlspec.batch import Batch, Dataset
from mtlspec.errors import MtlspecError
from mtlspec.graph import Graph
from mtlspec.spec.value import nearest
from mtlspec.tensors import Array, Arrays
from mtlspec.training.averages import evaluated_parameters
from mtlspec.training.batches import denominators
from mtlspec.training.dataset import checked_inputs, expect_dataset_of
from mtlspec.training.metrics import metrics as metrics_of
from mtlspec.training.own_metrics import OwnFunction, expect_dotted

EXAMPLES_PER_CALL = 1024
"""How many examples a program sees at once; what comes out does not depend on it."""


def evaluate(program: Program, data: Dataset, *, metrics: Mapping[str, OwnFunction] | None = None) -> dict[str, float]:
    """Return the loss and the metrics of each task over all of `data`, as `task/loss` and `task/metric`.

    A loss is Σ weight·loss / denominator of the whole data by the task's reduction; NaN where no label is present.

    Args:
        program: What predicts.
        data: The examples.
        metrics: Further ones, functions of predictions, targets and weights, by dotted name: `acme.cost` for every
            task, `task/acme.cost` for one.

    Raises:
        DataError: the data was made for another spec.
        MtlspecError: a name in `metrics` has no dot or an unknown task, or a function returns no number.
    """
    expect_dataset_of(program.graph, data)
    own = _by_task(program.graph, metrics or {})
    with evaluated_parameters(program):
        losses = _losses(program, data)
        predicted = _outputs(program, data.inputs)
    result: dict[str, float] = {}
    for head in program.graph.heads:
        result[f"{head.task}/loss"] = losses[head.task]
        found = metrics_of(head, data, predicted[head.task], own=own[head.task])
        result |= {f"{head.task}/{name}": value for name, value in found.items()}
    return result


def _by_task(graph: Graph, given: Mapping[str, OwnFunction]) -> dict[str, dict[str, OwnFunction]]:
    """Return the functions of each task by the names that its results have."""
    own: dict[str, dict[str, OwnFunction]] = {task: {} for task in graph.tasks}
    for name, function in given.items():
        task, _, kind = name.rpartition("/")
        expect_dotted(kind)
        if task and task not in own:
            raise MtlspecError(f"metric {name!r}: unknown task {task!r}{nearest(task, own)}; known: {', '.join(own)}")
        for each in (task,) if task else graph.tasks:
            own[each][kind] = function
    return own


def predict(program: Program, inputs: Mapping[str, Any]) -> dict[str, Array]:
    """Return by task the probabilities (softmax, sigmoid) or numbers that a program predicts, (N, *positions, units).

    Raises:
        DataError: the inputs do not fit the spec.
    """
    found = checked_inputs(program.graph, inputs)
    with evaluated_parameters(program):
        return _outputs(program, found)


def _outputs(program: Program, inputs: Arrays) -> dict[str, Array]:
    size = len(next(iter(inputs.values())))
    parts = []
    for start in range(0, size, EXAMPLES_PER_CALL):
        part = {name: array[start : start + EXAMPLES_PER_CALL] for name, array in inputs.items()}
        parts.append(program.outputs(part))
    return {task: np.concatenate([part[task] for part in parts]) for task in program.graph.tasks}


def _losses(program: Program, data: Dataset) -> dict[str, float]:
    graph = program.graph
    sums = dict.fromkeys(graph.tasks, 0.0)
    for start in range(0, len(data), EXAMPLES_PER_CALL):
        rows = np.arange(start, min(start + EXAMPLES_PER_CALL, len(data)))
        for task, loss in program.losses(on=_undivided(data, rows), training=False).items():
            sums[task] += loss
    whole = denominators(data, graph, np.arange(len(data))[None])[0]
    nan = float("nan")
    return {
        task: sums[task] / float(divisor) if data.present[task].any() and divisor > 0 else nan
        for task, divisor in zip(graph.tasks, whole, strict=True)
    }


def _undivided(data: Dataset, rows: Array) -> Batch:
    """Return a batch whose losses are sums, so that parts add up to the whole."""
    return Batch(
        inputs={name: array[rows] for name, array in data.inputs.items()},
        targets={name: array[rows] for name, array in data.targets.items()},
        weights={name: array[rows] for name, array in data.weights.items()},
        denominators=dict.fromkeys(data.targets, 1.0),
    )
