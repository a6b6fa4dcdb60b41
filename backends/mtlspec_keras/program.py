"""The program: a graph's Keras model with its losses and optimizers, and the traced functions that run them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

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
from mtlspec.extension import extensions_in
from mtlspec.graph import Graph
from mtlspec.registry import kinds_of
from mtlspec.spec.training import Precision
from mtlspec.tensors import Array, Arrays
from mtlspec_keras.arrays import Layout, padded
from mtlspec_keras.engine import tf, traced
from mtlspec_keras.gradients import GradientBorder
from mtlspec_keras.layers import loops_well
from mtlspec_keras.losses import linked as predictions
from mtlspec_keras.losses import loss_function
from mtlspec_keras.model import native_model
from mtlspec_keras.parameters import ParameterTable
from mtlspec_keras.passes import Passes
from mtlspec_keras.phases import PhaseOptimizer
from mtlspec_keras.steps import CHUNK, StepLoop


@dataclass(frozen=True, eq=False)
class PlacedData:
    """A dataset on the device."""

    data: Dataset
    tensors: Mapping[str, Any]


class KerasProgram:
    """A compiled graph in Keras: one functional model, a loss for each task, an optimizer for each phase."""

    def __init__(self, graph: Graph, precision: Precision, device: str) -> None:
        self.graph, self.precision, self.device = graph, precision, device
        self.jit_compile = all(loops_well(node.layer) for node in graph.nodes) and not extensions_in(kinds_of(graph))
        """Whether `train` goes through XLA: not with convolutions or pooling, which its CPU loops slow down, nor with
        functions of a user's own, of which nobody knows whether it takes them.

        XLA compiles for each size of a batch; one step alone, such as a last partial batch, goes without.
        """
        self._layout, self._border = Layout(graph, precision), GradientBorder(graph, precision)
        with tf.device(device):
            self._native = native_model(graph, precision)
            self._table = ParameterTable(graph, self._native)
            self._phases = [PhaseOptimizer(graph, phase, self._table, precision) for phase in graph.phases]
        self.loss_functions = {head.task: loss_function(head, precision) for head in graph.heads}
        self._passes = Passes(graph, self._native, self._table, self.loss_functions)

    @property
    def model(self) -> Any:
        return self._native.model

    @property
    def optimizers(self) -> tuple[Any, ...]:
        """The native optimizers, by phase."""
        return tuple(phase.native for phase in self._phases)

    @property
    def optimizer(self) -> Any:
        return self.optimizers[0]

    @property
    def parameters(self) -> Parameters:
        return self._table.tensors()

    @parameters.setter
    def parameters(self, values: Mapping[str, Array]) -> None:
        self._table.assign(values)

    @property
    def state(self) -> ProgramState:
        slots = {slot: np.array(variable.numpy()) for slot, variable in self._slots.items()}
        return ProgramState(slots, tuple(phase.steps for phase in self._phases))

    @state.setter
    def state(self, state: ProgramState) -> None:
        expect_state(self.graph, state)
        for slot, variable in self._slots.items():
            variable.assign(np.asarray(state.slots[slot], dtype=self.precision))
        for phase, steps in zip(self._phases, state.steps, strict=True):
            phase.count(steps)

    @cached_property
    def _slots(self) -> dict[Slot, Any]:
        return {slot: v for index, phase in enumerate(self._phases) for slot, v in phase.slots(index).items()}

    def outputs(self, inputs: Arrays, *, linked: bool = True) -> dict[str, Array]:
        expect_inputs(self.graph, inputs)
        with tf.device(self.device):
            found = self._traced_outputs(self._layout.inputs(inputs))[int(linked)]
        return {task: output.numpy() for task, output in zip(self.graph.tasks, found, strict=True)}

    @cached_property
    def _traced_outputs(self) -> Any:
        heads = self.graph.heads

        def outputs(inputs: Any) -> tuple[list[Any], list[Any]]:
            logits = self._native(inputs, training=False)
            return logits, [predictions(head.loss, z) for head, z in zip(heads, logits, strict=True)]

        return traced(outputs, self._layout.input_signature())

    def losses(self, *, on: Batch, training: bool = True) -> dict[str, float]:
        expect_batch(self.graph, on)
        with tf.device(self.device):
            run = self._traced_losses if training else self._traced_inference_losses
            found = run(self._layout.batch(on)).numpy()
        return dict(zip(self.graph.tasks, found.tolist(), strict=True))

    @cached_property
    def _traced_losses(self) -> Any:
        return self._losses(training=True)

    @cached_property
    def _traced_inference_losses(self) -> Any:
        return self._losses(training=False)

    def _losses(self, *, training: bool) -> Any:
        def losses(batch: Any) -> Any:
            logits, _ = self._passes.forward(self._passes.values(), batch["inputs"], training=training)
            return self._passes.losses(logits, batch)

        return traced(losses, self._layout.batch_signature())

    def value_with_gradient(self, *, on: Batch, weights: TaskWeights) -> ValueWithGradient:
        expect_batch(self.graph, on)
        expect_task_weights(self.graph, weights)
        with tf.device(self.device):
            found = self._traced_pass(self._layout.batch(on), self._layout.by_task(weights))
        losses = dict(zip(self.graph.tasks, found.losses.numpy().tolist(), strict=True))
        value = TotalLoss(losses, float(found.penalty.numpy()))
        gradients = {path: self._border.read(path, found.gradients[0][path]) for path in self.graph.trainable}
        statistics = {path: statistic.numpy() for path, statistic in found.statistics.items()}
        return ValueWithGradient(value, Gradients(gradients), Statistics(statistics))

    @cached_property
    def _traced_pass(self) -> Any:
        signature = (self._layout.batch_signature(), self._layout.task_signature())
        return traced(lambda batch, weights: self._passes.pulled(batch, [weights]), *signature)

    def update(self, *, along: Gradients, statistics: Statistics, learning_rate: float, phase: int = 0) -> None:
        expect_update(self.graph, along=along, statistics=statistics, phase=phase)
        with tf.device(self.device):
            gradients = {path: self._border.written(path, along) for path in self._phases[phase].paths}
            self._traced_updates[phase](gradients, tf.constant(learning_rate, "float64"))
        self._table.assign(statistics)

    @cached_property
    def _traced_updates(self) -> list[Any]:
        return [self._traced_update(phase) for phase in self._phases]

    def _traced_update(self, phase: PhaseOptimizer) -> Any:
        border = self._border

        def update(gradients: Any, learning_rate: Any) -> None:
            phase.apply({path: border.inside(path, found) for path, found in gradients.items()}, learning_rate)

        signature = {path: border.signature(path) for path in phase.paths}
        return traced(update, signature, tf.TensorSpec((), "float64"))

    def place(self, data: Dataset) -> PlacedData:
        expect_examples(self.graph, data)
        with tf.device(self.device):
            return PlacedData(data, self._layout.data(data))

    def train(self, source: Source, steps: Steps) -> StepLosses:
        if not isinstance(source, PlacedData):
            raise TypeError(f"expected data placed by this program, found {type(source).__name__}; call `place` first")
        starts = range(0, len(steps), CHUNK)
        chunks = [self._chunk(source, steps, slice(start, min(start + CHUNK, len(steps)))) for start in starts]
        tasks = len(self.graph.tasks)
        losses = np.concatenate([np.zeros((0, tasks)), *(losses for losses, _ in chunks)])
        return StepLosses(losses, np.concatenate([np.zeros(0), *(penalties for _, penalties in chunks)]))

    def _chunk(self, source: PlacedData, steps: Steps, part: slice) -> tuple[Array, Array]:
        count = part.stop - part.start
        dtypes = {
            "rows": "int64",
            "learning_rates": "float64",
            "weights": self.precision,
            "denominators": self.precision,
        }
        with tf.device(self.device):
            chunk = {
                name: tf.constant(padded(getattr(steps, name)[part], CHUNK), dtype) for name, dtype in dtypes.items()
            }
            run = self._compiled_steps if self.jit_compile and len(steps) > 1 else self._traced_steps
            losses, penalties = run(source.tensors, chunk, tf.constant(count))
        return losses.numpy()[:count], penalties.numpy()[:count]

    @cached_property
    def _traced_steps(self) -> Any:
        return self._steps(jit_compile=False)

    @cached_property
    def _compiled_steps(self) -> Any:
        return self._steps(jit_compile=True)

    def _steps(self, *, jit_compile: bool) -> Any:
        loop = StepLoop(self.graph, self._passes, self._phases)
        layout = self._layout
        signature = (layout.data_signature(), layout.step_signature(CHUNK), tf.TensorSpec((), "int32"))
        return traced(loop.run, *signature, jit_compile=jit_compile)
