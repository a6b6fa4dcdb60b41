"""The wrapper: a program that passes everything on to another, for what changes one thing about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mtlspec.backend import (
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
    """A program that passes everything on to another; a subclass overrides what it changes."""

    def __init__(self, inner: Program, graph: Graph) -> None:
        self.inner, self.graph = inner, graph
        self.precision: Precision = inner.precision

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
