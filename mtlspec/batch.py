"""Examples: a dataset of named arrays, and the batches that it is cut into."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mtlspec.spec.losses import Reduction
from mtlspec.tensors import Array, Arrays


@dataclass(frozen=True, eq=False)
class Batch:
    """Some examples, ready for a backend: no missing number in it, and nothing left to decide.

    For each task: targets (labels filled in where absent), `weights` [B, *positions] (0 = absent; sample weights, and
    class weights where they apply to examples) and one `denominators`; the task's loss is Σ weight·loss / denominator.
    A loss of whole examples reads the positions whose weight is not 0; the largest of them is the example's weight.
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

    inputs: float64 or int64 (N, *shape) by input name. targets: by task name; classes int64 (N, *positions), otherwise
    float64 (N, *positions, numbers); absent labels hold 0. weights: float64 (N, *positions) by task, 0 where the label
    is absent: what multiplies the loss, so sample weight times class weight where that applies to examples. present:
    bool (N, *positions) by task. dividing_weights: what positions add to `weight_sum`, for tasks where that is not
    `weights`. class_weights: those that are in `weights`, in words, by task; a dataset made by hand need not tell.
    counted: for tasks whose denominators count examples and not positions, whether one has a label (N,); what it adds
    to `weight_sum` is then in `dividing_weights` (N,).
    """

    inputs: Arrays
    targets: Arrays
    weights: Arrays
    present: Arrays
    dividing_weights: Arrays = field(default_factory=dict)
    class_weights: Mapping[str, str] = field(default_factory=dict)
    counted: Arrays = field(default_factory=dict)

    def __len__(self) -> int:
        return len(next(iter(self.inputs.values())))

    def denominator(self, task: str, rows: Array, reduction: Reduction) -> NDArray[np.float64]:
        """Return what Σ weight·loss of each batch of `rows` [..., B] is divided by; 0 where nothing counts."""
        counted = self.counted.get(task, self.present[task])
        axes = tuple(range(rows.ndim - 1, rows.ndim - 1 + counted.ndim))
        match reduction:
            case "present":
                return np.asarray(counted[rows].sum(axis=axes), dtype=np.float64)
            case "batch":
                return np.full(rows.shape[:-1], float(rows.shape[-1] * math.prod(counted.shape[1:])))
            case "weight_sum":
                weights = self.dividing_weights.get(task, self.weights[task])
                return np.asarray(weights[rows].sum(axis=axes), dtype=np.float64)

    def batch(self, rows: Array, reductions: Mapping[str, Reduction]) -> Batch:
        """Return the batch of the examples at `rows`; `reductions` by task."""
        return Batch(
            inputs={name: array[rows] for name, array in self.inputs.items()},
            targets={name: array[rows] for name, array in self.targets.items()},
            weights={name: array[rows] for name, array in self.weights.items()},
            denominators={
                task: float(divisible(self.denominator(task, rows, reductions[task]))) for task in self.targets
            },
        )


def divisible(denominators: Array) -> NDArray[np.float64]:
    """Return `denominators` with 1 in place of 0, so that the loss of a batch without labels is 0."""
    return np.where(denominators > 0, denominators, 1.0)
