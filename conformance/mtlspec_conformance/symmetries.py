"""Symmetries: other orders of rows, features and hidden units, which change every rounding and no result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

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
from mtlspec.expectation import slot_rules
from mtlspec.graph import Graph
from mtlspec.randomness import permutation, uniform
from mtlspec.spec.training import Precision
from mtlspec.tensors import Array, Arrays, Rows, Tensors
from mtlspec_conformance.channels import Orders, orders
from mtlspec_conformance.wrapper import Wrapper

REVERSED = 1
"""The key under which every order is the other way round: no axis of two stays as it is under all keys."""


def order(key: int, use: str, size: int) -> NDArray[np.int64]:
    """Return the order of `size` things under `key`."""
    return np.arange(size)[::-1] if key == REVERSED else permutation(key, f"symmetry of {use}", size)


class Symmetric:
    """A backend whose programs compute in another order, and give every result in the order that was asked for.

    If `moved`, every value that is set as a parameter moves by one unit in the last place as well.
    """

    def __init__(self, inner: Backend, key: int, *, moved: bool = False) -> None:
        self.inner, self.key, self.moved = inner, key, moved
        self.name = inner.name  # by which kinds of a user's own know it
        self.capabilities = inner.capabilities

    def compile(self, graph: Graph, *, precision: Precision, device: str) -> Program:
        """Return the program of `graph` under the symmetry."""
        program = self.inner.compile(graph, precision=precision, device=device)
        return SymmetricProgram(program, self.key, moved=self.moved)


@dataclass(frozen=True)
class Symmetry:
    """What is reordered in the programs of one graph."""

    graph: Graph
    key: int

    @cached_property
    def channels(self) -> Orders:
        """The orders of the last axes of inputs, and of the axes of parameters."""
        return orders(self.graph, lambda use, size: order(self.key, use, size))

    @cached_property
    def keeps_rows(self) -> bool:
        """Whether something holds the examples in their place.

        A node that drops by a mask that is keyed by row; or a table by row whose occurrences cannot be told by example,
        since padding is left out or several nodes read it.
        """
        if any(node.layer is not None and node.layer.drops and node.tasks for node in self.graph.nodes):
            return True
        reused = {node.reuses for node in self.graph.nodes}
        tables = [parameter for parameter in self.graph.parameters if parameter.by_row]
        return any(table.node in reused or self.graph.embedding(table).padding_id is not None for table in tables)

    @property
    def moving(self) -> bool:
        """Whether more can be reordered than the rows of a batch."""
        return self.channels.moving

    def rows(self, size: int) -> NDArray[np.int64]:
        """Return the order of the examples of a batch."""
        return np.arange(size) if self.keeps_rows else order(self.key, "rows", size)


class SymmetricProgram(Wrapper):
    """A program that sees every batch, parameter and slot in another order."""

    def __init__(self, inner: Program, key: int, *, moved: bool = False) -> None:
        super().__init__(inner, inner.graph)
        self.moved, self.symmetry = moved, Symmetry(inner.graph, key)

    def read_parameters(self) -> Parameters:
        return self._ordered(self.inner.parameters, inverse=True)

    def write_parameters(self, values: Mapping[str, Array]) -> None:
        own = {path: self._nudged(path, array) for path, array in values.items()} if self.moved else values
        self.inner.parameters = self._ordered(own)

    def read_state(self) -> ProgramState:
        return self._ordered_state(self.inner.state, inverse=True)

    def write_state(self, state: ProgramState) -> None:
        self.inner.state = self._ordered_state(state)

    def outputs(self, inputs: Arrays, *, linked: bool = True) -> dict[str, Array]:
        rows = self._rows(next(iter(inputs.values())))
        found = self.inner.outputs(self._inputs(inputs, rows), linked=linked)
        return {task: output[np.argsort(rows)] for task, output in found.items()}

    def losses(self, *, on: Batch, training: bool = True) -> dict[str, float]:
        return self.inner.losses(on=self._batch(on), training=training)

    def value_with_gradient(self, *, on: Batch, weights: TaskWeights) -> ValueWithGradient:
        value, gradients, statistics = self.inner.value_with_gradient(on=self._batch(on), weights=weights)
        back = {path: self._gradient_undone(path, entry, len(on)) for path, entry in gradients.items()}
        return ValueWithGradient(value, Gradients(back), self._ordered(statistics, inverse=True))

    def update(self, *, along: Gradients, statistics: Statistics, learning_rate: float, phase: int = 0) -> None:
        reordered = Gradients({path: self._gradient(path, entry) for path, entry in along.items()})
        self.inner.update(
            along=reordered, statistics=self._ordered(statistics), learning_rate=learning_rate, phase=phase
        )

    def place(self, data: Dataset) -> Source:
        channels = self.symmetry.channels
        inputs = {name: channels.of_input(name, array) for name, array in data.inputs.items()}
        return self.inner.place(replace(data, inputs=inputs))

    def train(self, source: Source, steps: Steps) -> StepLosses:
        rows = steps.rows[:, self.symmetry.rows(steps.rows.shape[1])]
        return self.inner.train(source, replace(steps, rows=rows))

    def _nudged(self, path: str, array: Array) -> Array:
        """Return numbers one unit in the last place away, up or down by their place; zeros, which are exact, stay."""
        if not np.issubdtype(array.dtype, np.floating):
            return array
        up = uniform(self.symmetry.key, f"last place of {path}", array.size).reshape(array.shape) < 0.5
        own = array.astype(self.precision)
        return np.asarray(np.where(own == 0, own, np.nextafter(own, np.where(up, np.inf, -np.inf).astype(own.dtype))))

    def _ordered(self, arrays: Mapping[str, Array], *, inverse: bool = False) -> Tensors:
        channels = self.symmetry.channels
        return Tensors({path: channels.of_parameter(path, array, inverse=inverse) for path, array in arrays.items()})

    def _ordered_state(self, state: ProgramState, *, inverse: bool = False) -> ProgramState:
        channels = self.symmetry.channels
        slots = {
            slot: channels.of_slot(slot.path, rule, state.slots[slot], inverse=inverse)
            for slot, rule in slot_rules(self.graph).items()
            if slot in state.slots
        }
        return ProgramState(slots, state.steps)

    def _rows(self, array: Array) -> NDArray[np.int64]:
        return self.symmetry.rows(len(array))

    def _inputs(self, inputs: Arrays, rows: NDArray[np.int64]) -> dict[str, Array]:
        return {name: self.symmetry.channels.of_input(name, array[rows]) for name, array in inputs.items()}

    def _batch(self, batch: Batch) -> Batch:
        rows = self.symmetry.rows(len(batch))
        return Batch(
            inputs=self._inputs(batch.inputs, rows),
            targets={task: array[rows] for task, array in batch.targets.items()},
            weights={task: array[rows] for task, array in batch.weights.items()},
            denominators=batch.denominators,
        )

    def _gradient(self, path: str, entry: Array | Rows) -> Array | Rows:
        """Return a gradient in the new order; the occurrences of ids, which may come in any, are turned round."""
        if not isinstance(entry, Rows):
            return self.symmetry.channels.of_parameter(path, entry)
        values = self.symmetry.channels.of_rows(path, entry.values)
        turned = order(self.symmetry.key, "occurrences", len(entry.ids))
        return Rows(entry.ids[turned], values[turned], entry.count)

    def _gradient_undone(self, path: str, entry: Array | Rows, examples: int) -> Array | Rows:
        if not isinstance(entry, Rows):
            return self.symmetry.channels.of_parameter(path, entry, inverse=True)
        values = self.symmetry.channels.of_rows(path, entry.values, inverse=True)
        if self.symmetry.keeps_rows or not len(entry.ids):
            return Rows(entry.ids, values, entry.count)
        back = np.argsort(self.symmetry.rows(examples))
        by_example = np.arange(len(entry.ids)).reshape(examples, -1)[back].reshape(-1)
        return Rows(entry.ids[by_example], values[by_example], entry.count)
