"""Mutants: programs with one planted mistake, made of any backend, so that every check can be seen to bite."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mtlspec.backend import (
    Backend,
    Gradients,
    Parameters,
    Program,
    ProgramState,
    Source,
    Statistics,
    StepLosses,
    Steps,
    TaskWeights,
    ValueWithGradient,
)
from mtlspec.batch import Batch, Dataset
from mtlspec.graph import Graph
from mtlspec.spec.training import Precision
from mtlspec.tensors import Array, Arrays


class Wrapper:
    """A program that passes everything on to another; a mutant overrides one method."""

    def __init__(self, inner: Program, graph: Graph) -> None:
        self.inner, self.graph = inner, graph
        self.precision: Precision = "float64"

    @property
    def model(self) -> Any:
        return self.inner.model

    @property
    def optimizer(self) -> Any:
        return self.inner.optimizer

    @property
    def loss_functions(self) -> Any:
        return self.inner.loss_functions

    @property
    def parameters(self) -> Parameters:
        return self.read_parameters()

    @parameters.setter
    def parameters(self, values: Mapping[str, Array]) -> None:
        self.write_parameters(values)

    @property
    def state(self) -> ProgramState:
        return self.read_state()

    @state.setter
    def state(self, state: ProgramState) -> None:
        self.write_state(state)

    def read_parameters(self) -> Parameters:
        """Return the parameters; properties cannot be overridden one by one."""
        return self.inner.parameters

    def write_parameters(self, values: Mapping[str, Array]) -> None:
        """Set parameters."""
        self.inner.parameters = values

    def read_state(self) -> ProgramState:
        """Return the state."""
        return self.inner.state

    def write_state(self, state: ProgramState) -> None:
        """Set the state."""
        self.inner.state = state

    def outputs(self, inputs: Arrays, *, linked: bool = True) -> dict[str, Array]:
        return self.inner.outputs(inputs, linked=linked)

    def losses(self, *, on: Batch, training: bool = True) -> dict[str, float]:
        return self.inner.losses(on=on, training=training)

    def value_with_gradient(self, *, on: Batch, weights: TaskWeights) -> ValueWithGradient:
        return self.inner.value_with_gradient(on=on, weights=weights)

    def update(self, *, along: Gradients, statistics: Statistics, learning_rate: float, phase: int = 0) -> None:
        self.inner.update(along=along, statistics=statistics, learning_rate=learning_rate, phase=phase)

    def place(self, data: Dataset) -> Source:
        return self.inner.place(data)

    def train(self, source: Source, steps: Steps) -> StepLosses:
        return self.inner.train(source, steps)


def unchanged(graph: Graph) -> Graph:
    """Return `graph`."""
    return graph


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


class MutantBackend:
    """A backend that makes one mistake."""

    def __init__(self, inner: Backend, mutant: Mutant, compiled: dict[tuple[str, str], Program] | None = None) -> None:
        self.inner, self.mutant = inner, mutant
        self.name = f"{inner.name} with {mutant.name}"
        self.capabilities = inner.capabilities
        self.compiled = {} if compiled is None else compiled
        """Programs by graph and precision, for the mutants that compile the same: compiling takes most of the time."""

    def compile(self, graph: Graph, *, precision: Precision, device: str) -> Program:
        """Return the program of `graph` with the mistake in it."""
        changed, own = self.mutant.graph(graph), self.mutant.precision or precision
        key = changed.to_json(), own
        if key not in self.compiled:
            self.compiled[key] = self.inner.compile(changed, precision=own, device=device)
        return self.mutant.program(self.compiled[key], graph)
