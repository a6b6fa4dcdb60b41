"""The affinity of tasks: measurements over a training, their mean, and the groupings that follow."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtlspec.affinities.grouping import MOST_TASKS, Grouping, groupings
from mtlspec.errors import MtlspecError


@dataclass(frozen=True, eq=False)
class Affinity:
    """What a step of task i does to the loss of task j: measurements [M, T, T], NaN where one of them has no label."""

    spec: str
    """The digest of the spec."""
    tasks: tuple[str, ...]
    at: tuple[int, ...]
    """How many updates had been made before each measurement."""
    measurements: NDArray[np.float64]
    steps: int
    """How many updates the training had."""

    @property
    def measured(self) -> int:
        """The number of measurements."""
        return len(self.at)

    @cached_property
    def mean(self) -> NDArray[np.float64]:
        """The mean [T, T] over the measurements that have the pair; NaN where none has."""
        defined = np.isfinite(self.measurements)
        counts = defined.sum(axis=0)
        sums = np.where(defined, self.measurements, 0.0).sum(axis=0)
        return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)

    @property
    def ungroupable(self) -> str:
        """Why no grouping is suggested, or an empty string."""
        if len(self.tasks) > MOST_TASKS:
            return f"there are {len(self.tasks)} tasks, and every partition is looked at for {MOST_TASKS} at most"
        pairs = [(i, j) for i, j in np.argwhere(np.isnan(self.mean)) if i != j]
        if pairs:
            first, second = (self.tasks[index] for index in pairs[0])
            return f"no batch has labels of both {first!r} and {second!r}"
        return ""

    @property
    def groupable(self) -> bool:
        """Whether groupings are known."""
        return not self.ungroupable

    @cached_property
    def groupings(self) -> tuple[Grouping, ...]:
        """The best partition into one group, two, ..., one for each task.

        Raises:
            MtlspecError: there are too many tasks, or two have no labels together.
        """
        if self.ungroupable:
            raise MtlspecError(f"no grouping is suggested: {self.ungroupable}")
        return groupings(self.tasks, self.mean)

    def grouping(self, groups: int | None = None) -> Grouping:
        """Return the best partition into `groups`; None: of any number, the fewest that are best.

        Raises:
            MtlspecError: there are not so many tasks, or no grouping is known.
        """
        if groups is None:
            return max(self.groupings, key=lambda each: each.score)
        expect_groups(groups, tasks=len(self.tasks))
        return self.groupings[groups - 1]

    def to_json(self, *, groups: int | None = None) -> dict[str, Any]:
        """Return the mean and the groupings as plain data, the suggested one into `groups`; NaN is None."""
        told = {
            task: {
                other: None if np.isnan(value) else float(value) for other, value in zip(self.tasks, row, strict=True)
            }
            for task, row in zip(self.tasks, self.mean, strict=True)
        }
        return {
            "spec": self.spec,
            "tasks": list(self.tasks),
            "steps": self.steps,
            "measured": self.measured,
            "affinity": told,
            "grouping": _json(self.grouping(groups)) if self.groupable else None,
            "groupings": [_json(each) for each in self.groupings] if self.groupable else [],
        }


def expect_groups(groups: int, *, tasks: int) -> None:
    """Raise unless so many tasks can be parted into `groups`.

    Raises:
        MtlspecError: they cannot.
    """
    if not 1 <= groups <= tasks:
        raise MtlspecError(f"expected from 1 to {tasks} groups, one for each task, found {groups}")


def _json(grouping: Grouping) -> dict[str, Any]:
    return {"groups": [list(group) for group in grouping.groups], "score": grouping.score}
