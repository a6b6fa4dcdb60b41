"""Mutants: programs with one planted mistake, made of any backend, so that every check can be seen to bite."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mtlspec_numpy import NumpyBackend

from mtlspec.backend import (
    Backend,
    Gradients,
    Program,
    Source,
    Statistics,
    StepLosses,
    Steps,
    TaskWeights,
    ValueWithGradient,
)
from mtlspec.batch import Batch
from mtlspec.expectation import initial_state
from mtlspec.graph import Graph
from mtlspec.spec.training import Precision
from mtlspec.tensors import Array, Arrays
from mtlspec_conformance.mutants.grafting import Graft, grafted
from mtlspec_conformance.wrapper import Wrapper


class Grafted(Wrapper):
    """The reference, with other functions in it while it computes, and in no one else's."""

    def __init__(self, inner: Program, grafts: tuple[Graft, ...]) -> None:
        super().__init__(inner, inner.graph)
        self.grafts = grafts

    def outputs(self, inputs: Arrays, *, linked: bool = True) -> dict[str, Array]:
        with grafted(self.grafts):
            return self.inner.outputs(inputs, linked=linked)

    def losses(self, *, on: Batch, training: bool = True) -> dict[str, float]:
        with grafted(self.grafts):
            return self.inner.losses(on=on, training=training)

    def value_with_gradient(self, *, on: Batch, weights: TaskWeights) -> ValueWithGradient:
        with grafted(self.grafts):
            return self.inner.value_with_gradient(on=on, weights=weights)

    def update(self, *, along: Gradients, statistics: Statistics, learning_rate: float, phase: int = 0) -> None:
        with grafted(self.grafts):
            self.inner.update(along=along, statistics=statistics, learning_rate=learning_rate, phase=phase)

    def train(self, source: Source, steps: Steps) -> StepLosses:
        with grafted(self.grafts):
            return self.inner.train(source, steps)


Compiled = dict[tuple[str, str, Precision], Program]


def unchanged(graph: Graph) -> Graph:
    """Return `graph`."""
    return graph


A_STEP_UPDATES_TOO = "One step ends in an update too; the law tells that the optimizer is wrong, not the gradient."


@dataclass(frozen=True)
class Mutant:
    """One mistake: its name, a sentence, the level that has to see it, and cases that can."""

    name: str
    mistake: str
    level: str
    cases: tuple[str, ...]
    graph: Callable[[Graph], Graph] = unchanged
    """Changes what the backend compiles."""
    program: Callable[[Program, Graph], Program] = Wrapper
    """Wraps what the backend compiled, as a program of the graph that was asked for."""
    precision: Precision | None = None
    """Computes in another precision than asked for."""
    grafts: tuple[Graft, ...] = ()
    """Functions of the reference that are replaced; then the subject is the reference, whatever is being tested."""
    host: tuple[Graft, ...] = ()
    """Functions of the host that are replaced for the reference and the subject, which is the reference then, alike."""
    earlier: str = ""
    """Why levels before `level` see it as well, although it belongs there; empty if none does."""

    @property
    def of_the_reference(self) -> bool:
        """Whether it can only be planted in the reference, or in the host around it."""
        return bool(self.grafts or self.host)


class MutantBackend:
    """A backend that makes one mistake."""

    def __init__(self, inner: Backend, mutant: Mutant, compiled: Compiled | None = None) -> None:
        self.inner: Backend = NumpyBackend() if mutant.of_the_reference else inner
        self.mutant = mutant
        self.name = f"{inner.name} with {mutant.name}"
        self.capabilities = self.inner.capabilities
        self.compiled = {} if compiled is None else compiled
        """Programs by backend, graph and precision, for the mutants that compile the same: that takes most time."""

    def compile(self, graph: Graph, *, precision: Precision, device: str) -> Program:
        """Return the program of `graph` with the mistake in it."""
        changed, own = self.mutant.graph(graph), self.mutant.precision or precision
        made = self.mutant.program(self._program(changed, own, device), graph)
        if self.mutant.precision is not None:
            made.precision = precision
        return made

    def _program(self, graph: Graph, precision: Precision, device: str) -> Program:
        if self.mutant.of_the_reference:
            with grafted(self.mutant.grafts):
                return Grafted(self.inner.compile(graph, precision=precision, device=device), self.mutant.grafts)
        key = self.inner.name, graph.to_json(), precision
        if key in self.compiled:
            self.compiled[key].state = initial_state(graph)
        else:
            self.compiled[key] = self.inner.compile(graph, precision=precision, device=device)
        return self.compiled[key]
