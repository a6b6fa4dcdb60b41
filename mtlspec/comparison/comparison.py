"""The outcome of a comparison: losses by backend, the largest difference, and the floor beside it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtlspec.spec.training import Precision
from mtlspec.tensors import Array

SCALE_FLOOR = 1e-6
"""Losses below this share of the task's largest loss are measured against that share."""


@dataclass(frozen=True)
class Difference:
    """How far two backends part at the step and task where they part most; steps are counted from 0."""

    loss: float
    task: str
    step: int
    backends: tuple[str, str]


@dataclass(frozen=True, eq=False)
class Comparison:
    """Losses [K, T] by backend, of K steps and the tasks in order, all from the same values and batches."""

    spec: str
    """The digest of the spec."""
    precision: Precision
    tasks: tuple[str, ...]
    losses: Mapping[str, Array]
    floor: float
    """The largest difference that the NumPy reference shows when every initial value moves by one ulp."""

    @property
    def steps(self) -> int:
        """The number of steps."""
        return len(next(iter(self.losses.values())))

    @property
    def largest_difference(self) -> Difference:
        """The largest difference between any two backends, at any step and task."""
        return max(
            (self._largest_between(first, second) for first, second in combinations(self.losses, 2)),
            key=lambda difference: difference.loss,
        )

    def differences(self, first: str, second: str) -> NDArray[np.float64]:
        """Return the relative difference [K, T] of two backends."""
        return relative_difference(self.losses[first], self.losses[second])

    def widest(self) -> NDArray[np.float64]:
        """Return the relative difference [K, T] of the two backends that differ most, step by step."""
        pairs = [self.differences(first, second) for first, second in combinations(self.losses, 2)]
        return np.asarray(np.max(pairs, axis=0), dtype=np.float64)

    def _largest_between(self, first: str, second: str) -> Difference:
        differences = self.differences(first, second)
        step, task = np.unravel_index(int(differences.argmax()), differences.shape)
        return Difference(float(differences[step, task]), self.tasks[int(task)], int(step), (first, second))

    @property
    def verdict(self) -> str:
        """One line: the largest difference, where it is, and the floor."""
        largest = self.largest_difference
        where = f"at step {largest.step}, task {largest.task}"
        between = f" between {' and '.join(largest.backends)}" if len(self.losses) > 2 else ""
        return f"largest difference {largest.loss:.1e} {where}{between}; floor {self.floor:.1e}"

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain data; a number that is not finite is None."""
        largest = self.largest_difference
        return {
            "spec": self.spec,
            "precision": self.precision,
            "steps": self.steps,
            "floor": _number(self.floor),
            "backends": {
                name: {"losses": {task: [*map(_number, losses[:, i])] for i, task in enumerate(self.tasks)}}
                for name, losses in self.losses.items()
            },
            "largest_difference": {"loss": _number(largest.loss), "task": largest.task, "step": largest.step},
        }


def relative_difference(first: Array, second: Array) -> NDArray[np.float64]:
    """Return |a - b| / max(|a|, |b|, 1e-6·the task's largest loss) for losses [K, T].

    It is infinite where a loss is not finite.
    """
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    finite = np.isfinite(a) & np.isfinite(b)
    a, b = np.where(finite, a, 0.0), np.where(finite, b, 0.0)
    sizes = np.maximum(np.abs(a), np.abs(b))
    scales = np.maximum(sizes, SCALE_FLOOR * sizes.max(axis=0, initial=0.0))
    found = np.abs(a - b) / np.where(scales > 0, scales, 1.0)
    return np.where(finite, found, np.inf)


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
