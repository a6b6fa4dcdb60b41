"""Mutants of the fast path."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from mtlspec.backend import ProgramState, Source, StepLosses, Steps
from mtlspec.graph import Graph
from mtlspec.tensors import Array, Tensors
from mtlspec_conformance.mutants.chunks import part
from mtlspec_conformance.mutants.mutant import Mutant
from mtlspec_conformance.mutants.rewriting import having
from mtlspec_conformance.wrapper import Wrapper


class _OtherSteps(Wrapper):
    """Trains along other steps than it is given."""

    def taken(self, steps: Steps) -> Steps:
        raise NotImplementedError

    def train(self, source: Source, steps: Steps) -> StepLosses:
        return self.inner.train(source, self.taken(steps))


def _first(array: Array) -> Array:
    return np.repeat(array[:1], len(array), axis=0)


class _FirstRows(_OtherSteps):
    def taken(self, steps: Steps) -> Steps:
        return replace(steps, rows=_first(steps.rows))


class _FirstRate(_OtherSteps):
    def taken(self, steps: Steps) -> Steps:
        return replace(steps, learning_rates=_first(steps.learning_rates))


class _FirstWeights(_OtherSteps):
    def taken(self, steps: Steps) -> Steps:
        return replace(steps, weights=_first(steps.weights))


class _RowsDivide(_OtherSteps):
    def taken(self, steps: Steps) -> Steps:
        return replace(steps, denominators=np.full_like(steps.denominators, steps.rows.shape[1]))


class _LateRates(_OtherSteps):
    def taken(self, steps: Steps) -> Steps:
        rates = steps.learning_rates
        return replace(steps, learning_rates=np.concatenate([rates[:1], rates[:-1]]))


class _PhaseOneRate(_OtherSteps):
    def taken(self, steps: Steps) -> Steps:
        return replace(steps, learning_rates=np.repeat(steps.learning_rates[:, :1], len(self.graph.phases), axis=1))


class _OtherReport(Wrapper):
    """Reports other losses of its steps."""

    def told(self, losses: StepLosses) -> StepLosses:
        raise NotImplementedError

    def train(self, source: Source, steps: Steps) -> StepLosses:
        return self.told(self.inner.train(source, steps))


class _RunningMean(_OtherReport):
    def told(self, losses: StepLosses) -> StepLosses:
        counts = np.arange(1, len(losses.losses) + 1)[:, None]
        return StepLosses(np.cumsum(losses.losses, axis=0) / counts, losses.penalties)


class _NoPenaltyTold(_OtherReport):
    def told(self, losses: StepLosses) -> StepLosses:
        return StepLosses(losses.losses, np.zeros_like(losses.penalties))


class _LossAfterUpdate(Wrapper):
    """Reports the losses that a batch has after its update."""

    def train(self, source: Source, steps: Steps) -> StepLosses:
        found = [self._one(source, part(steps, slice(k, k + 1))) for k in range(len(steps))]
        return StepLosses(np.asarray([f.losses[0] for f in found]), np.asarray([f.penalties[0] for f in found]))

    def _one(self, source: Source, step: Steps) -> StepLosses:
        told = self.inner.train(source, step)
        batch = source.data.batch(step.rows[0], {head.task: head.loss.reduction for head in self.graph.heads})
        after = self.inner.losses(on=batch)
        return StepLosses(np.asarray([[after[task] for task in self.graph.tasks]]), told.penalties)


class _LastStepLost(Wrapper):
    """Makes the last step of a call and takes it back."""

    def train(self, source: Source, steps: Steps) -> StepLosses:
        last = len(steps) - 1
        if last == 0:
            return self.inner.train(source, steps)
        first = self.inner.train(source, part(steps, slice(0, last)))
        parameters, state = self.inner.parameters, self.inner.state
        second = self.inner.train(source, part(steps, slice(last, last + 1)))
        self.inner.parameters, self.inner.state = parameters, state
        return StepLosses(
            np.concatenate([first.losses, second.losses]), np.concatenate([first.penalties, second.penalties])
        )


class _MaskOfTheCall(Wrapper):
    """Advances the dropout step once a call."""

    def train(self, source: Source, steps: Steps) -> StepLosses:
        before = self.inner.parameters
        told = self.inner.train(source, steps)
        counters = [path for path in before if path.endswith(".step")]
        self.inner.parameters = Tensors({path: before[path] + 1 for path in counters})
        return told


class _EachCallBeginsAnew(Wrapper):
    """Forgets its slots between calls."""

    def train(self, source: Source, steps: Steps) -> StepLosses:
        state = self.inner.state
        self.inner.state = ProgramState({slot: np.zeros_like(a) for slot, a in state.slots.items()}, state.steps)
        return self.inner.train(source, steps)


def _phases(**laws: str) -> Any:
    def change(graph: Graph) -> Graph:
        changed: Graph = having(graph, **laws)
        return changed

    return change


TRAIN = ("layer/dense",)
MOMENTUM = ("law/sgd-momentum-at-update",)
ABSENT = ("tasks/all-labels-absent",)

TRAJECTORY_MUTANTS = (
    Mutant("first-rows", "Trains on one batch.", "trajectory", TRAIN, program=_FirstRows),
    Mutant("first-rate", "Trains at one rate.", "trajectory", TRAIN, program=_FirstRate),
    Mutant("late-rates", "Trains at the rate before.", "trajectory", TRAIN, program=_LateRates),
    Mutant(
        "phase-one-rate",
        "Trains all phases at the rate of the first.",
        "trajectory",
        ("phases/rates-of-their-own",),
        program=_PhaseOneRate,
    ),
    Mutant(
        "first-weights",
        "Trains with the weights of the first step.",
        "trajectory",
        ("tasks/weights-that-change",),
        program=_FirstWeights,
    ),
    Mutant("rows-divide", "Ignores the denominators given.", "trajectory", ABSENT, program=_RowsDivide),
    Mutant("running-mean", "Reports running means.", "trajectory", TRAIN, program=_RunningMean),
    Mutant("no-penalty-told", "Reports no penalty.", "trajectory", ("penalty/l1-and-l2",), program=_NoPenaltyTold),
    Mutant("loss-after-update", "Reports the loss after the update.", "trajectory", TRAIN, program=_LossAfterUpdate),
    Mutant("last-step-lost", "Does not make the last step.", "trajectory", TRAIN, program=_LastStepLost),
    Mutant("mask-of-the-call", "Draws a mask per call.", "trajectory", ("layer/dropout",), program=_MaskOfTheCall),
    Mutant("each-call-anew", "Forgets its slots between calls.", "trajectory", MOMENTUM, program=_EachCallBeginsAnew),
    Mutant(
        "forward-law-flipped",
        "Goes forward once where it should go again.",
        "trajectory",
        ("phases/own-after-each-update",),
        _phases(forward="once"),
    ),
    Mutant(
        "forward-again",
        "Goes forward again where it should go once.",
        "trajectory",
        ("phases/own-once",),
        _phases(forward="after_each_update"),
    ),
    Mutant(
        "summed-for-own",
        "Follows all tasks where it should follow one.",
        "trajectory",
        ("phases/own-once",),
        _phases(gradient="summed"),
    ),
    Mutant(
        "own-for-summed",
        "Follows one task where it should follow all.",
        "trajectory",
        ("phases/summed",),
        _phases(gradient="own"),
    ),
)
