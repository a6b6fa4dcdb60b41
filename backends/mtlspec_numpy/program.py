"""The program: a graph's model with its losses, penalty and optimizers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from mtlspec.backend import (
    Gradients,
    Parameters,
    ProgramState,
    Slot,
    Source,
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
    expect_state,
    expect_task_weights,
    expect_update,
)
from mtlspec.graph import Graph, Head
from mtlspec.spec.training import Precision
from mtlspec.step import one_step
from mtlspec.tensors import Array, Arrays, Rows
from mtlspec_numpy import losses as rules
from mtlspec_numpy.model import Model
from mtlspec_numpy.optimizers import PhaseOptimizer
from mtlspec_numpy.penalty import penalty_of, with_penalty
from mtlspec_numpy.pullback import Pullback


@dataclass(frozen=True, eq=False)
class PlacedData:
    """A dataset that is where it always was."""

    data: Dataset

    def batch(self, steps: Steps, index: int, tasks: tuple[str, ...]) -> Batch:
        """Return the batch of step `index`, with the denominators that the host gave."""
        rows, data = steps.rows[index], self.data
        return Batch(
            inputs={name: array[rows] for name, array in data.inputs.items()},
            targets={task: data.targets[task][rows] for task in tasks},
            weights={task: data.weights[task][rows] for task in tasks},
            denominators=dict(zip(tasks, steps.denominators[index].tolist(), strict=True)),
        )


class NumpyProgram:
    """A compiled graph in NumPy: gradients by hand-written pullbacks."""

    def __init__(self, graph: Graph, precision: Precision) -> None:
        self.graph, self.precision = graph, precision
        self.dtype = np.dtype(precision)
        self.model = Model(graph, self.dtype)
        self.optimizers = tuple(PhaseOptimizer(phase, graph, self.dtype) for phase in graph.phases)
        self.loss_functions = {head.task: partial(rules.loss_per_example, head.loss) for head in graph.heads}

    @property
    def optimizer(self) -> PhaseOptimizer:
        return self.optimizers[0]

    @property
    def parameters(self) -> Parameters:
        return self.model.parameters.tensors()

    @parameters.setter
    def parameters(self, values: Mapping[str, Array]) -> None:
        self.model.parameters.assign(values)

    @property
    def state(self) -> ProgramState:
        slots = {
            Slot(index, name, path): array
            for index, optimizer in enumerate(self.optimizers)
            for path, named in optimizer.slots.items()
            for name, array in named.items()
        }
        return ProgramState(slots, tuple(optimizer.steps for optimizer in self.optimizers))

    @state.setter
    def state(self, state: ProgramState) -> None:
        expect_state(self.graph, state)
        arrays = {slot: np.array(array, dtype=self.dtype) for slot, array in state.slots.items()}
        for index, optimizer in enumerate(self.optimizers):
            optimizer.steps = state.steps[index]
            optimizer.slots = {
                path: {name: arrays[Slot(index, name, path)] for name in named}
                for path, named in optimizer.slots.items()
            }

    def outputs(self, inputs: Arrays, *, linked: bool = True) -> dict[str, Array]:
        expect_inputs(self.graph, inputs)
        logits = self.model(inputs)
        # copies: a model without layers gives its input back
        return {
            head.task: np.array(rules.linked(head.loss, logits[head.task]) if linked else logits[head.task])
            for head in self.graph.heads
        }

    def losses(self, *, on: Batch, training: bool = True) -> dict[str, float]:
        expect_batch(self.graph, on)
        logits = self.model(on.inputs, training=training)
        return {head.task: self._loss(head, logits[head.task], on)[0] for head in self.graph.heads}

    def value_with_gradient(self, *, on: Batch, weights: TaskWeights) -> ValueWithGradient:
        expect_batch(self.graph, on)
        expect_task_weights(self.graph, weights)
        trace = self.model.traced(on.inputs, training=True)
        losses, cotangents = {}, {}
        for head in self.graph.heads:
            losses[head.task], pullback = self._loss(head, trace.logits[head.task], on)
            cotangents[head.task] = pullback(np.asarray(weights[head.task], dtype=self.dtype))
        reached = trace.gradients(cotangents)
        arrays, by_path = self.model.parameters.arrays, self.graph.by_path
        gradients: dict[str, Array | Rows] = {
            path: reached[path] if path in reached else self.model.zero(by_path[path]) for path in self.graph.trainable
        }
        gradients |= with_penalty(self.graph.penalized, arrays, gradients)
        value = TotalLoss(losses, penalty_of(self.graph.penalized, arrays))
        return ValueWithGradient(value, Gradients(gradients), Statistics(trace.statistics))

    def _loss(self, head: Head, logits: Array, batch: Batch) -> tuple[float, Pullback]:
        """Return Σ weight·loss / denominator, and its pullback to the logits."""
        targets = np.asarray(batch.targets[head.task], dtype=np.int64 if head.targets_are_classes else self.dtype)
        weights = np.asarray(batch.weights[head.task], dtype=self.dtype)
        each, pullback = rules.loss_per_example(head.loss, logits, targets, weights != 0)
        share = weights.max(axis=tuple(range(1, weights.ndim))) if head.loss.scope == "example" else weights
        denominator = float(batch.denominators[head.task])
        return float((share * each).sum() / denominator), lambda cotangent: pullback(share * (cotangent / denominator))

    def update(self, *, along: Gradients, statistics: Statistics, learning_rate: float, phase: int = 0) -> None:
        expect_update(self.graph, along=along, statistics=statistics, phase=phase)
        table = self.model.parameters
        # a NumPy scalar would make float64 of a float32 program
        moved = self.optimizers[phase].update(table.arrays, along=along, learning_rate=float(learning_rate))
        table.assign(statistics)
        table.arrays |= moved

    def place(self, data: Dataset) -> PlacedData:
        expect_examples(self.graph, data)
        return PlacedData(data)

    def train(self, source: Source, steps: Steps) -> StepLosses:
        if not isinstance(source, PlacedData):
            raise TypeError(f"expected data placed by this program, found {type(source).__name__}; call `place` first")
        tasks = self.graph.tasks
        losses, penalties = np.zeros((len(steps), len(tasks))), np.zeros(len(steps))
        with np.errstate(all="ignore"):  # the trainer tells of a loss that is not finite, by task and step
            for index in range(len(steps)):
                batch = source.batch(steps, index, tasks)
                weights = dict(zip(tasks, steps.weights[index].tolist(), strict=True))
                value = one_step(self, on=batch, weights=weights, learning_rates=steps.learning_rates[index])
                losses[index] = [value.losses[task] for task in tasks]
                penalties[index] = value.penalty
        return StepLosses(losses, penalties)
