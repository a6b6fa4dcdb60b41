"""The program: a graph as a native model with its losses and optimizers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.optim import Optimizer

from mtlspec.backend import (
    Gradients,
    Parameters,
    ProgramState,
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
from mtlspec.graph import Graph, Numbers
from mtlspec.spec.training import Precision
from mtlspec.tensors import Array, Arrays, Rows
from mtlspec_torch.accumulation import Accumulation
from mtlspec_torch.data import PlacedBatch, PlacedData, Placement, placed_steps
from mtlspec_torch.losses import linked as predictions
from mtlspec_torch.losses import loss_function
from mtlspec_torch.model import MultiTaskModel
from mtlspec_torch.moving import Moving
from mtlspec_torch.optimizers import native_optimizer
from mtlspec_torch.parameters import ParameterTable
from mtlspec_torch.passes import Differentiation, Penalty, mode, occurrences, task_losses
from mtlspec_torch.rows import RowLaw
from mtlspec_torch.state import program_state, set_program_state
from mtlspec_torch.training import Observed, PhaseOptimizer, Stepper

DTYPES = {"float32": torch.float32, "float64": torch.float64}


class TorchProgram:
    """A compiled graph in PyTorch.

    `model`, `loss_functions`, `penalty` and `optimizers` are native: in a plain loop they train as `train` does.
    """

    def __init__(self, graph: Graph, precision: Precision, device: torch.device) -> None:
        self.graph, self.precision = graph, precision
        self._placement = Placement(device, DTYPES[precision])
        self.model = MultiTaskModel(graph, device=device, dtype=DTYPES[precision])
        self._table = table = ParameterTable(graph, self.model, self.model.module_names)
        table.assign({path: np.zeros(graph.by_path[path].shape) for path in graph.trainable})
        self.loss_functions = {
            head.task: loss_function(head.loss, device=device, dtype=DTYPES[precision]) for head in graph.heads
        }
        terms = [(p.penalty, table.trained(p.path)) for p in graph.penalized]
        self.penalty = Penalty(terms, zero=self._placement.numbers(0.0))
        rows = {table.trained(p.path): RowLaw.of(graph.embedding(p)) for p in graph.parameters if p.by_row}
        self._differentiation = Differentiation(by_row=rows)
        self._phases = tuple(self._phase(index, rows) for index in range(len(graph.phases)))

    def _phase(self, index: int, rows: Mapping[nn.Parameter, RowLaw]) -> PhaseOptimizer:
        phase = self.graph.phases[index]
        moving = {path: self._moving(path, phase.numbers_of[path], rows) for path in phase.parameters}
        native = native_optimizer(phase, tuple(moving.values()), device=self._placement.device)
        parameters = [one.parameter for one in moving.values()]
        accumulation = Accumulation(parameters, phase.batches) if phase.batches > 1 else None
        own = self._placement.numbers([float(task in phase.tasks) for task in self.graph.tasks])
        return PhaseOptimizer(native, moving, own, accumulation)

    def _moving(self, path: str, numbers: Numbers, rows: Mapping[nn.Parameter, RowLaw]) -> Moving:
        parameter, layout = self._table.trained(path), self._table.places[path].layout
        return Moving(parameter, layout, numbers, self.graph.by_path[path].constraint, rows.get(parameter))

    @property
    def optimizers(self) -> tuple[Optimizer, ...]:
        """The native optimizer of each phase."""
        return tuple(phase.native for phase in self._phases)

    @property
    def optimizer(self) -> Optimizer:
        return self._phases[0].native

    @property
    def parameters(self) -> Parameters:
        return self._table.tensors()

    @parameters.setter
    def parameters(self, values: Mapping[str, Array]) -> None:
        self._table.assign(values)

    @property
    def state(self) -> ProgramState:
        return program_state(self.graph, self._table, self._phases)

    @state.setter
    def state(self, state: ProgramState) -> None:
        expect_state(self.graph, state)
        set_program_state(state, self.graph, self._table, self._phases)

    def outputs(self, inputs: Arrays, *, linked: bool = True) -> dict[str, Array]:
        expect_inputs(self.graph, inputs)
        with torch.no_grad(), mode(self.model, training=False):
            logits = self.model(self._placement.inputs(self.graph, inputs))
        if linked:
            logits = {head.task: predictions(head.loss, logits[head.task]) for head in self.graph.heads}
        return {task: logits[task].cpu().numpy() for task in self.graph.tasks}

    def losses(self, *, on: Batch, training: bool = True) -> dict[str, float]:
        expect_batch(self.graph, on)
        with torch.no_grad():
            losses, _ = self._pure_losses(on, training=training)
        return self._by_task(losses)

    def _by_task(self, losses: Tensor) -> dict[str, float]:
        return dict(zip(self.graph.tasks, losses.tolist(), strict=True))

    def _pure_losses(self, batch: Batch, *, training: bool) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the losses of a pass, and the buffers as it leaves them; those of the model stay as they are."""
        placed = PlacedBatch.of(batch, self.graph, self._placement)
        buffers = {name: buffer.clone() for name, buffer in self.model.named_buffers()}
        with mode(self.model, training=training):
            logits = functional_call(self.model, buffers, (placed.inputs,))
        return task_losses(self.loss_functions, logits, placed), buffers

    def value_with_gradient(self, *, on: Batch, weights: TaskWeights) -> ValueWithGradient:
        graph, table = self.graph, self._table
        expect_batch(graph, on)
        expect_task_weights(graph, weights)
        with torch.enable_grad():
            losses, buffers = self._pure_losses(on, training=True)
            penalty = self.penalty()
            total = torch.dot(losses, self._placement.numbers([weights[task] for task in graph.tasks])) + penalty
            found = self._differentiation.gradients(total, [table.trained(path) for path in graph.trainable])
        gradients = {path: self._gradient(path, g) for path, g in zip(graph.trainable, found, strict=True)}
        statistics = {p.path: table.places[p.path] for p in graph.parameters if p.role == "statistic" and p.tasks}
        return ValueWithGradient(
            TotalLoss(self._by_task(losses), penalty.item()),
            Gradients(gradients),
            Statistics({path: place.canonical(buffers[place.name]) for path, place in statistics.items()}),
        )

    def _gradient(self, path: str, gradient: Tensor) -> Array | Rows:
        if gradient.is_sparse:
            return Rows(gradient._indices()[0].cpu().numpy(), gradient._values().cpu().numpy(), len(gradient))
        return self._table.places[path].canonical(gradient)

    def update(self, *, along: Gradients, statistics: Statistics, learning_rate: float, phase: int = 0) -> None:
        expect_update(self.graph, along=along, statistics=statistics, phase=phase)
        gradients = [self._native_gradient(path, along[path]) for path in self.graph.phases[phase].parameters]
        self._table.assign(statistics)
        self._phases[phase].step_along(gradients, learning_rate)

    def _native_gradient(self, path: str, entry: Array | Rows) -> Tensor:
        parameter = self._table.trained(path)
        if not isinstance(entry, Rows):
            return self._table.native(path, entry, like=parameter)
        if not self.graph.by_path[path].by_row:
            return self._table.native(path, entry.dense(), like=parameter)
        return occurrences(self._placement.integers(entry.ids), self._placement.numbers(entry.values), like=parameter)

    def place(self, data: Dataset) -> PlacedData:
        expect_examples(self.graph, data)
        return PlacedData.of(data, self.graph, self._placement)

    def train(self, source: Source, steps: Steps) -> StepLosses:
        if not isinstance(source, PlacedData):
            raise TypeError(f"expected data placed by this program, found {type(source).__name__}; call `place` first")
        stepper = Stepper(
            graph=self.graph,
            losses=lambda batch: task_losses(self.loss_functions, self.model(batch.inputs), batch),
            penalty=self.penalty if self.penalty.terms else None,
            phases=self._phases,
            parameters=[self._table.trained(path) for path in self.graph.trainable],
            differentiation=self._differentiation,
        )
        self.model.zero_grad()
        with torch.enable_grad(), mode(self.model, training=True):
            observed = [stepper.step(step) for step in placed_steps(source, steps, self.graph, self._placement)]
        return _collected(observed, len(self.graph.tasks))


def _collected(observed: Sequence[Observed], tasks: int) -> StepLosses:
    """Return what all steps observed; the first time that the host waits for the device."""
    losses, penalties = np.zeros((len(observed), tasks)), np.zeros(len(observed))
    if observed:
        losses[:] = torch.stack([loss for loss, _ in observed]).cpu().numpy()
    found = [penalty for _, penalty in observed if penalty is not None]
    if found:
        penalties[:] = torch.stack(found).cpu().numpy()
    return StepLosses(losses, penalties)
