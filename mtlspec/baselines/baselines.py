"""The outcome of a comparison: methods with their records, and what follows from them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mtlspec.baselines.folder import About
from mtlspec.baselines.measures import Measure
from mtlspec.baselines.methods import ALONE, Origin
from mtlspec.baselines.record import Record, number_or_none
from mtlspec.baselines.statistics import (
    CONFIDENCE,
    Estimate,
    delta_over_metrics,
    delta_over_tasks,
    estimate,
    mean_ranks,
)
from mtlspec.baselines.tuning import Tried, gains
from mtlspec.spec.value import nearest

Rule = Callable[[tuple[Measure, ...], Mapping[str, float], Mapping[str, float]], float]


@dataclass(frozen=True)
class Method:
    """One of what is compared, with a record for each seed, in order; of each task alone they are added up."""

    name: str
    origin: Origin
    records: tuple[Record, ...]
    weights: Mapping[str, float] = field(default_factory=dict)
    """Those that were found by a sweep."""


@dataclass(frozen=True, eq=False)
class Baselines:
    """Methods beside each task alone, by what they come to on the held-out examples at the end of training."""

    about: About
    measures: tuple[Measure, ...]
    seeds: tuple[int, ...]
    methods: tuple[Method, ...]
    tried: tuple[Tried, ...] = ()
    """The weights of the sweep, with the first seed."""

    def method(self, name: str) -> Method:
        """Return the method called `name`.

        Raises:
            KeyError: there is none.
        """
        for method in self.methods:
            if method.name == name:
                return method
        names = [method.name for method in self.methods]
        raise KeyError(f"no method {name!r}{nearest(name, names)}; known: {', '.join(names)}")

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks, in order."""
        return tuple(dict.fromkeys(measure.task for measure in self.measures))

    def value(self, name: str, key: str) -> Estimate:
        """Return a measure, or `task/loss`, of the held-out examples."""
        return estimate([record.held_out.get(key, math.nan) for record in self.method(name).records])

    def gap(self, name: str, task: str) -> Estimate:
        """Return held-out loss - training loss, both of the parameters at the end."""
        key, records = f"{task}/loss", self.method(name).records
        return estimate([r.held_out.get(key, math.nan) - r.training.get(key, math.nan) for r in records])

    def delta_over_metrics(self, name: str) -> Estimate:
        """Return the change against each task alone, in percent over all metrics; LOWER is better.

        The mean over seeds, each against each task alone with the same seed.
        """
        return self._delta(name, delta_over_metrics)

    def delta_over_tasks(self, name: str) -> Estimate:
        """Return the gain against each task alone, in percent over tasks, one metric each; HIGHER is better.

        The mean over seeds, each against each task alone with the same seed.
        """
        return self._delta(name, delta_over_tasks)

    def _delta(self, name: str, rule: Rule) -> Estimate:
        pairs = zip(self.method(name).records, self.method(ALONE).records, strict=True)
        found = [
            math.nan if own.failure or alone.failure else rule(self.measures, own.held_out, alone.held_out)
            for own, alone in pairs
        ]
        return Estimate(estimate(found).mean) if name == ALONE else estimate(found)

    def mean_rank(self, name: str) -> Estimate | None:
        """Return the mean rank among the joint methods, 1 is best; None for each task alone, which has no rank."""
        if name == ALONE:
            return None
        ranked = [method for method in self.methods if method.name != ALONE]
        place = [method.name for method in ranked].index(self.method(name).name)
        unknown = {measure.key: math.nan for measure in self.measures}
        found = []
        for index in range(len(self.seeds)):
            values = [{**unknown, **method.records[index].held_out} for method in ranked]
            found.append(mean_ranks(self.measures, values)[place])
        return estimate(found)

    def seconds(self, name: str) -> Estimate:
        """Return how long a training takes; of each task alone, all of them together."""
        return estimate([record.seconds for record in self.method(name).records])

    def memory(self, name: str) -> int | None:
        """Return the most bytes that the process of a run held."""
        return max((r.memory for r in self.method(name).records if r.memory is not None), default=None)

    @property
    def notes(self) -> Iterator[str]:
        """What a reader of the numbers has to know of these."""
        for method in self.methods:
            for seed, record in zip(self.seeds, method.records, strict=True):
                if record.failure:
                    yield f"{method.name}, seed {seed}: {record.failure}"
        for measure in self.measures:
            if any(record.held_out.get(measure.key) == 0 for record in self.method(ALONE).records):
                yield f"{measure.key} of the task alone is 0, so no change against it can be told in percent"
        for method in self.methods:
            if method.weights:
                told = ", ".join(f"{task} {weight:.4g}" for task, weight in method.weights.items())
                yield (
                    f"{method.name}: {told}; the best of {len(self.tried)} on the held-out examples with seed "
                    f"{self.seeds[0]}, which flatters them"
                )

    def to_json(self) -> dict[str, Any]:
        """Return the comparison as plain data; a number that is not finite is None."""
        return {
            "spec": self.about.spec,
            "backend": self.about.backend,
            "precision": self.about.precision,
            "seeds": list(self.seeds),
            "confidence": CONFIDENCE,
            "measures": [{"task": m.task, "name": m.name, "better": m.better} for m in self.measures],
            "methods": {method.name: self._method_json(method) for method in self.methods},
            "sweep": [
                {
                    "weights": dict(zip(self.tasks, each.point.weights, strict=True)),
                    "delta_over_tasks": number_or_none(g),
                }
                for each, g in zip(
                    self.tried, gains(self.tried, self.measures, self.methods[0].records[0]), strict=True
                )
            ],
            "notes": list(self.notes),
        }

    def _method_json(self, method: Method) -> dict[str, Any]:
        name, rank = method.name, self.mean_rank(method.name)
        return {
            "origin": method.origin,
            "weights": dict(method.weights),
            "held_out": {measure.key: _json(self.value(name, measure.key)) for measure in self.measures},
            "loss": {task: _json(self.value(name, f"{task}/loss")) for task in self.tasks},
            "gap": {task: _json(self.gap(name, task)) for task in self.tasks},
            "mean_rank": None if rank is None else _json(rank),
            "delta_over_metrics": _json(self.delta_over_metrics(name)),
            "delta_over_tasks": _json(self.delta_over_tasks(name)),
            "parameters": method.records[0].parameters,
            "seconds": _json(self.seconds(name)),
            "memory": self.memory(name),
        }


def _json(found: Estimate) -> dict[str, float | None]:
    half = found.half
    return {"mean": number_or_none(found.mean), "half_interval": None if half is None else number_or_none(half)}
