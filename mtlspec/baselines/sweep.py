"""The sweep: fixed weights of the tasks, on a grid of the simplex or drawn from it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from mtlspec.errors import MtlspecError
from mtlspec.randomness import uniform
from mtlspec.spec import Spec

MOST = 1000
"""More points are refused as a slip."""
PREFIX = "weights "


@dataclass(frozen=True)
class Point:
    """Weights of the tasks, in order; they sum to the number of tasks, so that equal ones are all 1."""

    name: str
    weights: tuple[float, ...]


@dataclass(frozen=True)
class Sweep:
    """Which weights are tried: points of a grid, or drawn ones."""

    grid: int | None = None
    """Weights are T·k/grid for whole k >= 1 that sum to it; by default T + 2, which gives T·(T + 1)/2 points."""
    draws: int | None = None
    """In place of a grid, so many points, uniform on the simplex, from the seed."""

    def __post_init__(self) -> None:
        if self.grid is not None and self.draws is not None:
            raise MtlspecError("expected a grid of weights or drawn ones, found both; leave one out")
        if self.draws is not None and not 0 < self.draws <= MOST:
            raise MtlspecError(f"expected from 1 to {MOST} drawn weights, found {self.draws}")

    def points(self, tasks: int, *, seed: int) -> tuple[Point, ...]:
        """Return the points for so many tasks.

        Raises:
            MtlspecError: the grid is too coarse for them, or has too many points.
        """
        if tasks < 2:
            raise MtlspecError("a sweep of weights needs two tasks or more, found one")
        return tuple(self._grid(tasks) if self.draws is None else self._drawn(tasks, self.draws, seed))

    def _grid(self, tasks: int) -> Iterator[Point]:
        whole = tasks + 2 if self.grid is None else self.grid
        if whole < tasks:
            raise MtlspecError(f"expected a grid of at least {tasks}, one part for each task, found {whole}")
        count = math.comb(whole - 1, tasks - 1)
        if count > MOST:
            raise MtlspecError(f"a grid of {whole} for {tasks} tasks has {count} points; draw some in place of it")
        for cuts in combinations(range(1, whole), tasks - 1):
            parts = np.diff((0, *cuts, whole))
            name = ":".join(str(part) for part in parts)
            yield Point(f"{PREFIX}{name}", tuple(float(tasks * part / whole) for part in parts))

    def _drawn(self, tasks: int, count: int, seed: int) -> Iterator[Point]:
        for index in range(count):
            lengths = -np.log1p(-uniform(seed, f"weights {index}", tasks))  # exponential: their shares are uniform
            weights = tuple(float(weight) for weight in tasks * lengths / lengths.sum())
            yield Point(PREFIX + ":".join(f"{weight:.3g}" for weight in weights), weights)


def weighted(spec: Spec, weights: tuple[float, ...]) -> Spec:
    """Return `spec` with these weights of its tasks, in order."""
    pairs = zip(spec.tasks, weights, strict=True)
    return spec.replacing(
        lambda s: s.tasks, by=tuple(task.replacing(lambda t: t.weight, by=weight) for task, weight in pairs)
    )
