"""Measures: the numbers by which methods are compared, and whether more of each is better."""

from __future__ import annotations

from dataclasses import dataclass

from mtlspec.spec import Spec
from mtlspec.spec.metric import Better


@dataclass(frozen=True)
class Measure:
    """A metric of a task, or its loss."""

    task: str
    name: str
    better: Better

    @property
    def key(self) -> str:
        """Its name in what `evaluate` returns."""
        return f"{self.task}/{self.name}"


def measures_of(spec: Spec) -> tuple[Measure, ...]:
    """Return the metrics of every task in order; a task without any is measured by its loss."""
    found = []
    for task in spec.tasks:
        metrics = [Measure(task.name, metric.name, metric.better) for metric in task.metrics]
        found += metrics or [Measure(task.name, "loss", "lower")]
    return tuple(found)


def principal(measures: tuple[Measure, ...]) -> tuple[Measure, ...]:
    """Return one measure for each task, the first."""
    first: dict[str, Measure] = {}
    for measure in measures:
        first.setdefault(measure.task, measure)
    return tuple(first.values())
