"""Groupings: which tasks to train together, every partition looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MOST_TASKS = 12
"""The search takes time of the order of 3^tasks."""
Best = dict[int, tuple[float, int]]
"""By set of tasks (bit i is the i-th) the best score, and the group of its first task."""


@dataclass(frozen=True)
class Grouping:
    """A partition of the tasks, and how much they help each other in it."""

    groups: tuple[tuple[str, ...], ...]
    score: float

    @property
    def number(self) -> int:
        """How many groups there are."""
        return len(self.groups)

    @property
    def text(self) -> str:
        """The groups in a line: `a + c | b`."""
        return " | ".join(" + ".join(group) for group in self.groups)


def groupings(tasks: Sequence[str], affinities: NDArray[np.float64]) -> tuple[Grouping, ...]:
    """Return for each number of groups, from one, the partition with the largest Σ_j mean_(i in j's group, i ≠ j) Z_ij.

    Z_ij is what a step of task i does to the loss of j; pairs stand for larger groups, as in Fifty et al. 2021. A task
    in a group of its own adds 0: nothing else helps or harms it. Of equal partitions it is the first found.
    """
    size = len(tasks)
    scores = [_score(affinities, mask) for mask in range(1 << size)]
    best: list[Best] = [{mask: (scores[mask], mask) for mask in range(1, 1 << size)}]
    for _ in range(size - 1):
        best.append(dict(_with_one_more(best[-1], scores)))
    full = (1 << size) - 1
    return tuple(_grouping(tasks, best, number, full) for number in range(size))


def _score(affinities: NDArray[np.float64], mask: int) -> float:
    members = [index for index in range(len(affinities)) if mask >> index & 1]
    if len(members) < 2:
        return 0.0
    own = affinities[np.ix_(members, members)]
    return float((own.sum() - np.trace(own)) / (len(members) - 1))


def _with_one_more(before: Best, scores: list[float]) -> Iterator[tuple[int, tuple[float, int]]]:
    """Yield the entries of what is best with one group more than in `before`."""
    for mask in range(1, len(scores)):
        first = mask & -mask
        rest = sub = mask ^ first
        found: tuple[float, int] | None = None
        while sub:
            sub = (sub - 1) & rest
            group = sub | first
            if mask ^ group in before:
                score = scores[group] + before[mask ^ group][0]
                if found is None or score > found[0]:
                    found = score, group
        if found is not None:
            yield mask, found


def _grouping(tasks: Sequence[str], best: list[Best], index: int, mask: int) -> Grouping:
    score, groups = best[index][mask][0], []
    for level in range(index, -1, -1):
        group = best[level][mask][1]
        groups.append(tuple(task for place, task in enumerate(tasks) if group >> place & 1))
        mask ^= group
    return Grouping(tuple(groups), score)
