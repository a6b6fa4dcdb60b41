"""Data on the device: a dataset placed once, and the steps of a chunk."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mtlspec.backend import Steps
from mtlspec.batch import Batch, Dataset
from mtlspec.graph import Graph, Head
from mtlspec.tensors import Array, Arrays
from mtlspec_torch.arrays import tensor_of

TensorsByName = dict[str, Tensor]
Shares = tuple[Tensor | None, ...]
"""By task: weight / denominator, what each loss (B, *positions) counts; None where it is the same, for their mean."""


@dataclass(frozen=True)
class Placement:
    """Where the tensors of a program lie, and what they are made of."""

    device: torch.device
    dtype: torch.dtype

    def numbers(self, array: Any) -> Tensor:
        """Return a copy of `array` in the program's precision."""
        return tensor_of(array, dtype=self.dtype, device=self.device)

    def integers(self, array: Any) -> Tensor:
        """Return a copy of `array` as int64."""
        return tensor_of(array, dtype=torch.int64, device=self.device)

    def inputs(self, graph: Graph, arrays: Arrays) -> TensorsByName:
        """Return the inputs that the graph declares."""
        return {
            entry.name: (self.integers if entry.dtype == "integer" else self.numbers)(arrays[entry.name])
            for entry in graph.inputs
        }

    def targets(self, graph: Graph, arrays: Arrays) -> TensorsByName:
        """Return the targets by task: classes as integers, all others as numbers."""
        return {
            head.task: (self.integers if head.targets_are_classes else self.numbers)(arrays[head.task])
            for head in graph.heads
        }

    def shares(self, graph: Graph, weights: Arrays, denominators: Array) -> list[Shares]:
        """Return the shares of K steps, from weights (K, B, *positions) by task and denominators (K, T)."""
        by_task = [
            self._shares_of(head, np.asarray(weights[head.task], dtype=np.float64), denominators[:, index])
            for index, head in enumerate(graph.heads)
        ]
        return list(zip(*by_task, strict=True))

    def _shares_of(self, head: Head, weights: Array, denominators: Array) -> list[Tensor | None]:
        shares = weights / denominators.reshape(-1, *(1,) * (weights.ndim - 1))
        axes = tuple(range(1, shares.ndim))
        size = shares.shape[1] if head.loss.scope == "example" else math.prod(shares.shape[1:])
        # of no examples there is no mean
        even = ((shares == 1 / max(size, 1)).all(axis=axes) & (size > 0)).tolist()
        return [None if mean else share for mean, share in zip(even, self.numbers(shares).unbind(), strict=True)]


@dataclass(frozen=True, eq=False)
class PlacedData:
    """A dataset with its inputs and targets on the device."""

    data: Dataset
    inputs: TensorsByName
    targets: TensorsByName

    @classmethod
    def of(cls, data: Dataset, graph: Graph, placement: Placement) -> PlacedData:
        """Return `data`, copied to where the program computes."""
        return cls(data, placement.inputs(graph, data.inputs), placement.targets(graph, data.targets))


@dataclass(frozen=True, eq=False)
class PlacedBatch:
    """The examples of one step on the device, with their shares."""

    inputs: TensorsByName
    targets: TensorsByName
    shares: Shares

    @classmethod
    def of(cls, batch: Batch, graph: Graph, placement: Placement) -> PlacedBatch:
        """Return `batch`, copied to where the program computes."""
        weights = {task: np.asarray(batch.weights[task])[None] for task in graph.tasks}
        denominators = np.array([[batch.denominators[task] for task in graph.tasks]])
        return cls(
            placement.inputs(graph, batch.inputs),
            placement.targets(graph, batch.targets),
            placement.shares(graph, weights, denominators)[0],
        )


@dataclass(frozen=True, eq=False)
class PlacedStep:
    """One step on the device: its examples, task weights and the learning rate of each phase."""

    batch: PlacedBatch
    weights: Tensor
    rates: list[float]


def placed_steps(source: PlacedData, steps: Steps, graph: Graph, placement: Placement) -> Iterator[PlacedStep]:
    """Yield the steps of a chunk; what the host decided goes to the device at once, before the first."""
    rows = np.asarray(steps.rows, dtype=np.int64)
    weights = {task: np.asarray(source.data.weights[task])[rows] for task in graph.tasks}
    shares = placement.shares(graph, weights, np.asarray(steps.denominators))
    task_weights = placement.numbers(steps.weights)
    rates = np.asarray(steps.learning_rates, dtype=np.float64).tolist()
    each = zip(placement.integers(rows).unbind(), shares, task_weights.unbind(), rates, strict=True)
    for ids, share, weight, rate in each:
        yield PlacedStep(_gathered(source, ids, share), weight, rate)


def _gathered(source: PlacedData, ids: Tensor, shares: Shares) -> PlacedBatch:
    inputs = {name: tensor.index_select(0, ids) for name, tensor in source.inputs.items()}
    targets = {task: tensor.index_select(0, ids) for task, tensor in source.targets.items()}
    return PlacedBatch(inputs, targets, shares)
