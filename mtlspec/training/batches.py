"""Batches: which examples each step takes, at which rates; a function of the step alone, so that a run can resume."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtlspec.backend import Steps
from mtlspec.batch import Batch, Dataset, divisible
from mtlspec.errors import DataError
from mtlspec.graph import Graph
from mtlspec.randomness import permutation
from mtlspec.spec import Spec
from mtlspec.spec.training import Training
from mtlspec.tensors import Array
from mtlspec.training.plateau import Plateau

STEPS_PER_CHUNK = 64
"""How many steps a program makes in one call: many enough to hide the call, few enough to be interrupted between."""


@dataclass(frozen=True, eq=False)
class Chunk:
    """Consecutive steps with batches of one size, from global step `first` on.

    `denominators` [K, T] are those of the laws, 0 where a batch has no label of a task.
    """

    first: int
    steps: Steps
    denominators: NDArray[np.float64]

    @property
    def stop(self) -> int:
        """The global step after the last."""
        return self.first + len(self.steps)


def steps_per_epoch(size: int, training: Training) -> int:
    """Return how many batches an epoch over `size` examples has.

    Raises:
        DataError: there is not one whole batch, and others are dropped.
    """
    if training.last_batch == "keep":
        return -(-size // training.batch_size)
    if size < training.batch_size:
        hint = "set `last_batch: keep`, or a smaller `batch_size`"
        raise DataError(f"expected at least one batch of {training.batch_size} examples, found {size}; {hint}")
    return size // training.batch_size


def order(size: int, *, epoch: int, training: Training) -> NDArray[np.int64]:
    """Return the order of the examples in `epoch`, counted from 0: drawn from (seed, epoch), or that of the data."""
    if not training.shuffle:
        return np.arange(size, dtype=np.int64)
    return permutation(training.seed, f"order of epoch {epoch}", size)


def plan(
    data: Dataset,
    graph: Graph,
    *,
    training: Training,
    start: int,
    stop: int,
    steps_per_chunk: int = STEPS_PER_CHUNK,
    plateau: Plateau | None = None,
) -> Iterator[Chunk]:
    """Yield the chunks of the global steps from `start` to before `stop`; a partial batch is a chunk of its own.

    A chunk's rates are multiplied by the factor that `plateau` has when the chunk is asked for.
    """
    size, per_epoch = len(data), steps_per_epoch(len(data), training)
    rates = _Rates(graph, training, per_epoch)
    for epoch in range(start // per_epoch, -(-stop // per_epoch)):
        rows = order(size, epoch=epoch, training=training)
        end = min(stop, (epoch + 1) * per_epoch)
        first = max(start, epoch * per_epoch)
        whole = min(end, epoch * per_epoch + size // training.batch_size)
        while first < end:
            last = min(first + steps_per_chunk, whole) if first < whole else end
            begin = (first - epoch * per_epoch) * training.batch_size
            factor = 1.0 if plateau is None else plateau.factor
            taken = rows[begin : begin + (last - first) * training.batch_size].reshape(last - first, -1)
            yield _chunk(data, graph, taken, first, factor * rates.at(range(first, last)))
            first = last


@dataclass(frozen=True)
class _Rates:
    """Learning rates of all phases."""

    graph: Graph
    training: Training
    per_epoch: int

    def _time(self, step: int) -> int:
        """Return what the schedule counts as the step of a batch; epochs are made of batches either way."""
        accumulation = self.training.accumulation
        if accumulation is None or accumulation.schedule_counts == "batches" or self.training.schedule.unit == "epoch":
            return step
        return step // accumulation.batches

    def at(self, steps: range) -> NDArray[np.float64]:
        """Return the rates [K, P] of `steps`."""
        schedule = self.training.schedule
        factors = np.array([schedule.factor(self._time(step), steps_per_epoch=self.per_epoch) for step in steps])
        bases = np.array([phase.optimizer.learning_rate for phase in self.graph.phases])
        return np.asarray(factors[:, None] * bases)


def batches(spec: Spec, data: Dataset, *, epoch: int = 0) -> Iterator[Batch]:
    """Yield the batches of one epoch, counted from 0, in the order in which `train` takes them."""
    reductions = {task.name: task.loss.reduction for task in spec.tasks}
    rows, size = order(len(data), epoch=epoch, training=spec.training), spec.training.batch_size
    for index in range(steps_per_epoch(len(data), spec.training)):
        yield data.batch(rows[index * size : (index + 1) * size], reductions)


def _chunk(data: Dataset, graph: Graph, rows: Array, first: int, rates: Array) -> Chunk:
    weights = np.array([head.weight for head in graph.heads])
    found = denominators(data, graph, rows)
    steps = Steps(
        rows=rows,
        learning_rates=rates,
        weights=np.tile(weights, (len(rows), 1)),
        denominators=divisible(found),
    )
    return Chunk(first, steps, found)


def denominators(data: Dataset, graph: Graph, rows: Array) -> NDArray[np.float64]:
    """Return what the loss of each batch [K] and task [T] is divided by, `rows` [K, B]; 0 where no label is present."""
    return np.stack([data.denominator(head.task, rows, head.loss.reduction) for head in graph.heads], axis=1)
