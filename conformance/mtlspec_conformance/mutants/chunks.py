"""Mutants of the fast path in its chunks: what a call does at its end, at its beginning, and with another size."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from mtlspec.backend import Gradients, Source, StepLosses, Steps, TotalLoss, ValueWithGradient
from mtlspec.batch import Batch
from mtlspec.step import one_step
from mtlspec.tensors import Tensors, dense
from mtlspec_conformance.mutants.mutant import Mutant
from mtlspec_conformance.wrapper import Wrapper

CHUNK = 16


def part(steps: Steps, which: slice) -> Steps:
    """Return some of `steps`."""
    names = ("rows", "learning_rates", "weights", "denominators")
    return replace(steps, **{name: getattr(steps, name)[which] for name in names})


class _ChunkOfSixteen(Wrapper):
    """Makes what is left after whole chunks at the rates of the last whole chunk's end."""

    def train(self, source: Source, steps: Steps) -> StepLosses:
        if len(steps) <= CHUNK:
            return self.inner.train(source, steps)
        rates = steps.learning_rates.copy()
        rates[CHUNK:] = rates[CHUNK - 1]
        return self.inner.train(source, replace(steps, learning_rates=rates))


class _DenominatorsOfTheFirst(Wrapper):
    def train(self, source: Source, steps: Steps) -> StepLosses:
        first = np.repeat(steps.denominators[:1], len(steps), axis=0)
        return self.inner.train(source, replace(steps, denominators=first))


class _PartialBatchDropped(Wrapper):
    """Tells the losses of a batch that is smaller than the one before, and does not train on it."""

    size = 0

    def train(self, source: Source, steps: Steps) -> StepLosses:
        self.size = max(self.size, steps.rows.shape[1])
        if steps.rows.shape[1] == self.size:
            return self.inner.train(source, steps)
        parameters, state = self.inner.parameters, self.inner.state
        told = self.inner.train(source, steps)
        self.inner.parameters, self.inner.state = parameters, state
        return told


class _Accumulating(Wrapper):
    """Adds the gradients of all steps of a call, as one does that never sets them to zero."""

    def train(self, source: Source, steps: Steps) -> StepLosses:
        kept = _Kept(self.inner, self.graph)
        losses = [self._one(kept, source, part(steps, slice(k, k + 1))) for k in range(len(steps))]
        tasks = self.graph.tasks
        told = np.asarray([[loss.losses[task] for task in tasks] for loss in losses])
        return StepLosses(told, np.asarray([loss.penalty for loss in losses]))

    def _one(self, program: Any, source: Source, step: Steps) -> TotalLoss:
        tasks = self.graph.tasks
        batch = source.data.batch(step.rows[0], {head.task: head.loss.reduction for head in self.graph.heads})
        batch = replace(batch, denominators=dict(zip(tasks, step.denominators[0].tolist(), strict=True)))
        weights = dict(zip(tasks, step.weights[0].tolist(), strict=True))
        return one_step(program, on=batch, weights=weights, learning_rates=step.learning_rates[0])


class _Kept(Wrapper):
    """Returns the sum of all gradients that it has returned."""

    total: Tensors | None = None

    def value_with_gradient(self, *, on: Batch, weights: Any) -> ValueWithGradient:
        value, gradients, statistics = self.inner.value_with_gradient(on=on, weights=weights)
        own = Tensors({path: dense(gradient) for path, gradient in gradients.items()})
        self.total = own if self.total is None else self.total + own
        return ValueWithGradient(value, Gradients(self.total), statistics)


CHUNK_MUTANTS = (
    Mutant(
        "chunk-of-sixteen",
        "Goes on at the rate of its sixteenth step.",
        "trajectory",
        ("layer/dense",),
        program=_ChunkOfSixteen,
    ),
    Mutant(
        "denominators-of-the-first",
        "Divides every step of a call as its first.",
        "trajectory",
        ("tasks/all-labels-absent", "tasks/sample-weights"),
        program=_DenominatorsOfTheFirst,
    ),
    Mutant(
        "partial-batch-dropped",
        "Does not train on a smaller batch.",
        "trajectory",
        ("tasks/last-partial-batch",),
        program=_PartialBatchDropped,
    ),
    Mutant(
        "gradients-accumulate",
        "Never sets gradients back to zero.",
        "trajectory",
        ("layer/dense",),
        program=_Accumulating,
    ),
)
