"""The program: what the protocol asks of a compiled graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial, reduce
from operator import add

import numpy as np

from mtlspec.backend import (
    Gradients,
    Parameters,
    ProgramState,
    Slot,
    Statistics,
    StepLosses,
    Steps,
    TaskWeights,
    TotalLoss,
    ValueWithGradient,
)
from mtlspec.batch import Batch, Dataset
from mtlspec.expectation import (
    expect_batch,
    expect_examples,
    expect_inputs,
    expect_parameters,
    expect_state,
    expect_task_weights,
    expect_update,
)
from mtlspec.graph import Graph
from mtlspec.spec.layers import ActivationLayer, Dense
from mtlspec.spec.training import Precision
from mtlspec.step import one_step
from mtlspec.tensors import Array, Arrays
from mtlspec_tape.functions import activated
from mtlspec_tape.losses import loss_per_example, predicted
from mtlspec_tape.optimizers import updated
from mtlspec_tape.tape import Recorded, gradients


class TapeProgram:
    """A graph of `core-1`: dense layers and activations in a row, and one phase."""

    def __init__(self, graph: Graph, precision: Precision) -> None:
        self.graph, self.precision = graph, precision
        self.dtype = np.dtype(precision)
        (phase,) = graph.phases
        self.optimizer = phase.optimizer
        self.arrays = {parameter.path: np.zeros(parameter.shape, self.dtype) for parameter in graph.parameters}
        rules = {path: phase.slots(self.arrays[path].shape) for path in phase.parameters}
        self.slots = {
            path: {rule.name: np.full(rule.shape, rule.initial, self.dtype) for rule in own}
            for path, own in rules.items()
        }
        self.steps = 0

    @property
    def parameters(self) -> Parameters:
        return Parameters(self.arrays)

    @parameters.setter
    def parameters(self, values: Mapping[str, Array]) -> None:
        expect_parameters(self.graph, values)
        self.arrays |= {path: np.array(value, dtype=self.dtype) for path, value in values.items()}

    @property
    def state(self) -> ProgramState:
        slots = {Slot(0, name, path): array for path, own in self.slots.items() for name, array in own.items()}
        return ProgramState(slots, (self.steps,))

    @state.setter
    def state(self, state: ProgramState) -> None:
        expect_state(self.graph, state)
        (self.steps,) = state.steps
        self.slots = {
            path: {name: np.array(state.slots[Slot(0, name, path)], dtype=self.dtype) for name in own}
            for path, own in self.slots.items()
        }

    def model(self, inputs: Mapping[str, Recorded], parameters: Mapping[str, Recorded]) -> dict[str, Recorded]:
        """Return the logits of each task."""
        values = dict(inputs)
        for node in self.graph.nodes:
            x = values[node.sources[0]]
            match node.layer:
                case Dense(bias=bias):
                    product = x @ parameters[f"{node.path}.kernel"]
                    values[node.path] = product + parameters[f"{node.path}.bias"] if bias else product
                case ActivationLayer(function=function):
                    values[node.path] = activated(function, x)
                case _:
                    raise NotImplementedError(f"{node.path}: neither a dense layer nor an activation")
        return {head.task: values[head.output] for head in self.graph.heads}

    def logits(self, inputs: Arrays, parameters: Mapping[str, Recorded] | None = None) -> dict[str, Recorded]:
        """Return the logits of each task for arrays, with these parameters or a copy of the program's own."""
        known = self.recorded_parameters() if parameters is None else parameters
        return self.model({part.name: self.recorded(inputs[part.name]) for part in self.graph.inputs}, known)

    def recorded_parameters(self) -> dict[str, Recorded]:
        """Return every parameter as the beginning of a tape."""
        return {path: Recorded(array) for path, array in self.arrays.items()}

    def recorded(self, array: Array) -> Recorded:
        """Return an array of the host in the program's precision."""
        return Recorded(np.asarray(array, dtype=self.dtype))

    def outputs(self, inputs: Arrays, *, linked: bool = True) -> dict[str, Array]:
        expect_inputs(self.graph, inputs)
        logits = {task: each.array for task, each in self.logits(inputs).items()}
        if linked:
            return {head.task: np.array(predicted(head.loss, logits[head.task])) for head in self.graph.heads}
        return {task: np.array(array) for task, array in logits.items()}

    @property
    def loss_functions(self) -> dict[str, Callable[[Recorded, Array], Recorded]]:
        return {head.task: partial(loss_per_example, head.loss) for head in self.graph.heads}

    def task_losses(self, batch: Batch, logits: Mapping[str, Recorded]) -> dict[str, Recorded]:
        """Σ weight·loss / denominator of each task; the host has decided weights and denominators."""
        losses = {}
        for head in self.graph.heads:
            targets = np.asarray(batch.targets[head.task], dtype=np.int64 if head.targets_are_classes else self.dtype)
            each = self.loss_functions[head.task](logits[head.task], targets)
            weighted = each * self.recorded(batch.weights[head.task][:, None])
            losses[head.task] = weighted.summed().scaled(1 / float(batch.denominators[head.task]))
        return losses

    def losses(self, *, on: Batch, training: bool = True) -> dict[str, float]:
        expect_batch(self.graph, on)
        return {task: float(loss.array) for task, loss in self.task_losses(on, self.logits(on.inputs)).items()}

    def value_with_gradient(self, *, on: Batch, weights: TaskWeights) -> ValueWithGradient:
        expect_batch(self.graph, on)
        expect_task_weights(self.graph, weights)
        parameters = self.recorded_parameters()
        losses = self.task_losses(on, self.logits(on.inputs, parameters))
        total = reduce(add, (loss.scaled(float(weights[task])) for task, loss in losses.items()))
        found = gradients(total, [parameters[path] for path in self.graph.trainable])
        value = TotalLoss({task: float(loss.array) for task, loss in losses.items()}, penalty=0.0)
        return ValueWithGradient(value, Gradients(zip(self.graph.trainable, found, strict=True)), Statistics())

    def update(self, *, along: Gradients, statistics: Statistics, learning_rate: float, phase: int = 0) -> None:
        expect_update(self.graph, along=along, statistics=statistics, phase=phase)
        self.steps += 1
        for path in self.graph.phases[phase].parameters:
            w, g = self.arrays[path], np.asarray(along[path], dtype=self.dtype)
            moved = updated(self.optimizer, w, g, self.slots[path], float(learning_rate), self.steps)
            self.arrays[path], self.slots[path] = moved

    def place(self, data: Dataset) -> Placed:
        expect_examples(self.graph, data)
        return Placed(data)

    def train(self, source: Placed, steps: Steps) -> StepLosses:
        tasks, values = self.graph.tasks, []
        for rows, rates, weights, denominators in zip(
            steps.rows, steps.learning_rates, steps.weights, steps.denominators, strict=True
        ):
            batch = source.batch(rows, dict(zip(tasks, denominators.tolist(), strict=True)))
            by_task = dict(zip(tasks, weights.tolist(), strict=True))
            values.append(one_step(self, on=batch, weights=by_task, learning_rates=rates))
        losses = [[value.losses[task] for task in tasks] for value in values]
        return StepLosses(np.array(losses), np.array([value.penalty for value in values]))


@dataclass(frozen=True)
class Placed:
    """A dataset where the program wants it: on the host."""

    data: Dataset

    def batch(self, rows: Array, denominators: Mapping[str, float]) -> Batch:
        """Return the examples at `rows`."""
        parts = (self.data.inputs, self.data.targets, self.data.weights)
        return Batch(*({name: array[rows] for name, array in part.items()} for part in parts), denominators)
