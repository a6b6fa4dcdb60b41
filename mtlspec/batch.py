"""Examples: a dataset of named arrays, and the batches that it is cut into."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mtlspec.spec.losses import Reduction
from mtlspec.tensors import Array, Arrays


@dataclass(frozen=True, eq=False)
class Batch:
    """Some examples, ready for a backend: no missing number in it, and nothing left to decide.

    For each task: targets (labels filled in where absent), `weights` [B] (0 = absent; sample and class weights
    multiplied) and one `denominators`; the task's loss is Σ weight·loss / denominator.
    """

    inputs: Arrays
    targets: Arrays
    weights: Arrays
    denominators: Mapping[str, float]

    def __len__(self) -> int:
        return len(next(iter(self.inputs.values())))


@dataclass(frozen=True, eq=False)
class Dataset:
    """Examples as named arrays, all of the same length N.

    inputs: float64 or int64 (N, *shape) by input name. targets: by task name; classes int64 (N,), otherwise float64
    (N, units); absent labels hold 0. weights: float64 (N,) by task, sample weight times class weight, 0 where the
    label is absent. present: bool (N,) by task.
    """

    inputs: Arrays
    targets: Arrays
    weights: Arrays
    present: Arrays

    def __len__(self) -> int:
        return len(next(iter(self.inputs.values())))

    def denominator(self, task: str, rows: Array, reduction: Reduction) -> float:
        """Return what Σ weight·loss over `rows` is divided by; 1 if no label is present, so that the loss is 0."""
        present, weights = self.present[task][rows], self.weights[task][rows]
        match reduction:
            case "present":
                value = float(np.count_nonzero(present))
            case "batch":
                value = float(len(rows))
            case "weight_sum":
                value = float(weights.sum())
        return value if value > 0 else 1.0

    def batch(self, rows: Array, reductions: Mapping[str, Reduction]) -> Batch:
        """Return the batch of the examples at `rows`; `reductions` by task."""
        return Batch(
            inputs={name: array[rows] for name, array in self.inputs.items()},
            targets={name: array[rows] for name, array in self.targets.items()},
            weights={name: array[rows] for name, array in self.weights.items()},
            denominators={task: self.denominator(task, rows, reductions[task]) for task in self.targets},
        )
