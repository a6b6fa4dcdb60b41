"""Mutants of the update in one step."""

from __future__ import annotations

from typing import Any

import numpy as np

from mtlspec.backend import Gradients, Parameters, Program, ProgramState, Statistics
from mtlspec.graph import Graph
from mtlspec.tensors import Array, Tensors, dense
from mtlspec_conformance.mutants.mutant import Mutant
from mtlspec_conformance.wrapper import Wrapper


class OtherUpdate(Wrapper):
    """Follows other gradients at other rates, or does more than that."""

    def update(self, *, along: Gradients, statistics: Statistics, learning_rate: float, phase: int = 0) -> None:
        self.before(phase)
        rate, gradients = self.rate(learning_rate), self.direction(along, phase)
        self.inner.update(along=gradients, statistics=statistics, learning_rate=rate, phase=phase)
        self.after(along, statistics, learning_rate, phase)

    def before(self, phase: int) -> None:
        """Do something before the update."""

    def rate(self, rate: float) -> float:
        return rate

    def direction(self, along: Gradients, phase: int) -> Gradients:
        return along

    def after(self, along: Gradients, statistics: Statistics, rate: float, phase: int) -> None:
        """Do something after the update."""

    def set_steps(self, *, to: Any) -> None:
        state = self.inner.state
        self.inner.state = ProgramState(state.slots, tuple(to(count) for count in state.steps))


class _UpdateTwice(OtherUpdate):
    def after(self, along: Gradients, statistics: Statistics, rate: float, phase: int) -> None:
        self.inner.update(along=along, statistics=statistics, learning_rate=rate, phase=phase)


class _StoredInFloat32(OtherUpdate):
    def after(self, along: Gradients, statistics: Statistics, rate: float, phase: int) -> None:
        held = self.inner.parameters
        self.inner.parameters = Tensors({p: held[p].astype(np.float32) for p in self.graph.trainable})


class _OthersMove(OtherUpdate):
    """Moves what is outside the phase too."""

    def after(self, along: Gradients, statistics: Statistics, rate: float, phase: int) -> None:
        held, own = self.inner.parameters, self.graph.phases[phase].parameters
        others = (path for path in self.graph.trainable if path not in own)
        self.inner.parameters = Tensors({path: held[path] - rate * dense(along[path]) for path in others})


class _StatisticsDropped(Wrapper):
    def update(self, *, along: Gradients, statistics: Statistics, learning_rate: float, phase: int = 0) -> None:
        self.inner.update(along=along, statistics=Statistics(), learning_rate=learning_rate, phase=phase)


class _FirstPhaseAlways(Wrapper):
    def update(self, *, along: Gradients, statistics: Statistics, learning_rate: float, phase: int = 0) -> None:
        self.inner.update(along=along, statistics=statistics, learning_rate=learning_rate, phase=0)


class _LiveParameters(Wrapper):
    """Hands out its parameters themselves, which the next update changes under the reader's hands."""

    def __init__(self, inner: Program, graph: Graph) -> None:
        super().__init__(inner, graph)
        self.live: dict[str, Array] = {path: np.array(array) for path, array in inner.parameters.items()}

    def read_parameters(self) -> Parameters:
        for path, array in self.inner.parameters.items():
            np.copyto(self.live[path], array)
        return Tensors(self.live)


STEP_MUTANTS = (
    Mutant("update-twice", "Makes every update twice.", "step", ("layer/dense",), program=_UpdateTwice),
    Mutant("stored-in-float32", "Keeps its parameters in float32.", "step", ("layer/dense",), program=_StoredInFloat32),
    Mutant("others-move", "Moves what is outside the phase.", "step", ("phases/own-once",), program=_OthersMove),
    Mutant(
        "statistics-dropped",
        "Does not take the new statistics over.",
        "step",
        ("layer/batch-normalization",),
        program=_StatisticsDropped,
    ),
    Mutant("first-phase-always", "Has one optimizer.", "step", ("phases/own-once",), program=_FirstPhaseAlways),
    Mutant("live-parameters", "Hands out views.", "step", ("layer/dense",), program=_LiveParameters),
)
