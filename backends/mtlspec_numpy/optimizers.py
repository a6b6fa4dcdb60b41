"""Optimizers: a whole update of a phase; nothing is written in place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from mtlspec.graph import Graph, Phase
from mtlspec.spec.optimizers import Optimizer, Sgd
from mtlspec.tensors import Array, dense
from mtlspec_numpy import accumulators, factors, moments, signs
from mtlspec_numpy.clipping import clipped
from mtlspec_numpy.constraints import constrained
from mtlspec_numpy.decay import coupled, decoupled
from mtlspec_numpy.directions import Direction, directions
from mtlspec_numpy.extension import update as extended
from mtlspec_numpy.updates import Moved as Moved
from mtlspec_numpy.updates import Slots as Slots
from mtlspec_numpy.updates import Update


class PhaseOptimizer:
    """The optimizer of one phase: slots by parameter and name, and the number of its batches."""

    def __init__(self, phase: Phase, graph: Graph, dtype: np.dtype[Any]) -> None:
        self.phase, self.graph, self.dtype = phase, graph, dtype
        self.steps = 0
        self.slots: dict[str, Slots] = {
            path: {
                rule.name: np.full(rule.shape, rule.initial, dtype) for rule in phase.slots(graph.by_path[path].shape)
            }
            for path in phase.parameters
        }

    def update(
        self, parameters: Mapping[str, Array], *, along: Mapping[str, Any], learning_rate: float
    ) -> dict[str, Array]:
        """Take in one batch, and return the new value of every parameter that it moves."""
        phase = self.phase
        self.steps += 1
        if phase.batches > 1:
            along = self._accumulated(along)
            if self.steps % phase.batches:
                return {}
        number = self.steps // phase.batches
        found = directions(self.graph, phase.parameters, along, self.dtype)
        headings = {path: replace(heading, at=parameters[path]) for path, heading in found.items()}
        bounded = clipped(phase.clipping, coupled(phase, headings, "before_clip"))
        headings = coupled(phase, bounded, "after_clip")
        return {path: self._moved(path, heading, learning_rate, number) for path, heading in headings.items()}

    def _accumulated(self, along: Mapping[str, Any]) -> dict[str, Array]:
        """Add up gradients; return their mean, and begin anew where it is complete."""
        complete = self.steps % self.phase.batches == 0
        means: dict[str, Array] = {}
        for path in self.phase.parameters:
            total = self.slots[path]["accumulated"] + np.asarray(dense(along[path]), dtype=self.dtype)
            means[path] = total / self.phase.batches
            self.slots[path] |= {"accumulated": np.zeros_like(total) if complete else total}
        return means

    def _moved(self, path: str, heading: Direction, learning_rate: float, number: int) -> Array:
        """Return the new value of one parameter; its slots move on."""
        phase, slots = self.phase, self.slots[path]
        average, rate = phase.average, learning_rate * phase.numbers_of[path].rate_factor
        old = np.asarray(heading.at)
        decayed = decoupled(phase, path, old, learning_rate)
        new, news = UPDATES.get(type(phase.optimizer), extended)(phase.optimizer, decayed, heading, slots, rate, number)
        moved = heading.moved(constrained(self.graph.by_path[path].constraint, new), old)
        self.slots[path] = slots | {name: heading.moved(array, slots[name]) for name, array in news.items()}
        if average is not None:
            keeps = average.keeps if number > average.start else 0.0
            self.slots[path]["average"] = keeps * slots["average"] + (1 - keeps) * moved
        return moved


def sgd(optimizer: Sgd, w: Array, direction: Direction, slots: Slots, rate: float, step: int) -> Moved:
    """v = momentum·v + g; w -= r·v (`at_update`), or v = momentum·v + r·g; w -= v (`into_velocity`)."""
    g, momentum = direction.sum, optimizer.momentum
    if not momentum:
        return w - rate * g, {}
    if optimizer.rate_applied == "at_update":
        v = momentum * slots["velocity"] + g
        return w - rate * (g + momentum * v if optimizer.nesterov else v), {"velocity": v}
    v = momentum * slots["velocity"] + rate * g
    return w - (rate * g + momentum * v if optimizer.nesterov else v), {"velocity": v}


UPDATES: Mapping[type[Optimizer], Update] = {
    Sgd: sgd,
    **moments.UPDATES,
    **accumulators.UPDATES,
    **signs.UPDATES,
    **factors.UPDATES,
}
