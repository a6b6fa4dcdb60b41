"""The backend protocol: all that an adapter writes, and how one is found and used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Any, NamedTuple, Protocol, runtime_checkable

from mtlspec.batch import Batch, Dataset
from mtlspec.errors import BackendError
from mtlspec.graph import Graph, initial_parameters, lower
from mtlspec.spec import Spec
from mtlspec.spec.kind import Kind
from mtlspec.spec.training import Precision
from mtlspec.spec.value import nearest
from mtlspec.tensors import Array, Arrays, Tensors

Parameters = Tensors
"""Every parameter by key path, in canonical layout: kernels (..., in, out)."""
Gradients = Tensors
"""An entry for every trainable parameter (`Rows` where the table is `by_row`); zeros where nothing reaches it."""
Statistics = Tensors
"""The new value of each parameter of role `statistic` after a training pass: running statistics, dropout steps.

A node that serves no task is not computed: its statistics stay, and its parameters have gradients of 0.
"""
Losses = Mapping[str, float]
TaskWeights = Mapping[str, float]


class Slot(NamedTuple):
    """The name of one optimizer array: velocity, first_moment, second_moment or largest_second_moment."""

    phase: int
    name: str
    path: str


@dataclass(frozen=True, eq=False)
class ProgramState:
    """What the optimizers remember: arrays by slot, in canonical layout, and the number of updates of each phase.

    velocity: v of the update w -= ... (the direction of descent, so positive along the gradient), as in the formula
    of the law `rate_applied`. Moments: as in the formula of Adam.
    """

    slots: Mapping[Slot, Array]
    steps: tuple[int, ...]


@dataclass(frozen=True)
class Capabilities:
    """What a backend claims: kinds of layers, losses and optimizers, precisions, and whether float64 is exact."""

    kinds: frozenset[str]
    precisions: tuple[Precision, ...] = ("float32", "float64")
    exact_float64: bool = True
    profiles: tuple[str, ...] = ("core-1", "conv-1")


@dataclass(frozen=True)
class TotalLoss:
    """The unweighted loss of each task, and the penalty of the parameters."""

    losses: Losses
    penalty: float


class ValueWithGradient(NamedTuple):
    """Losses and penalty; gradient of Σ weight·loss + penalty; new statistics."""

    value: TotalLoss
    gradients: Gradients
    statistics: Statistics


@dataclass(frozen=True, eq=False)
class Steps:
    """K whole steps decided on the host: which rows, at which rates, with which weights and denominators.

    rows [K, B] integer, learning_rates [K, P] by phase, weights [K, T] and denominators [K, T] by task, in order.
    """

    rows: Array
    learning_rates: Array
    weights: Array
    denominators: Array

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, eq=False)
class StepLosses:
    """The unweighted losses [K, T] of each step and task, and the penalty [K] before its (last) update."""

    losses: Array
    penalties: Array


class Source(Protocol):
    """A dataset where a backend wants it; only its own program reads it."""

    @property
    def data(self) -> Dataset:
        """The dataset on the host."""
        ...


class Program(Protocol):
    """One compiled graph in one backend: the native model with its losses and optimizers."""

    graph: Graph
    precision: Precision

    @property
    def model(self) -> Any:
        """The native model: inputs by name in (channels last), logits out."""
        ...

    @property
    def optimizer(self) -> Any:
        """The native optimizer of the first phase; `optimizers` has all."""
        ...

    @property
    def loss_functions(self) -> Any:
        """The native loss of each task, by name."""
        ...

    @property
    def parameters(self) -> Parameters:
        """All parameters of all roles; assignable, whole or in part."""
        ...

    @parameters.setter
    def parameters(self, values: Mapping[str, Array]) -> None: ...

    @property
    def state(self) -> ProgramState:
        """Slots and step counts of the optimizers; assignable as a whole."""
        ...

    @state.setter
    def state(self, state: ProgramState) -> None: ...

    def outputs(self, inputs: Arrays, *, linked: bool = True) -> dict[str, Array]:
        """Return the predictions by task in inference mode; `linked` applies softmax or sigmoid, else logits."""
        ...

    def losses(self, *, on: Batch, training: bool = True) -> dict[str, float]:
        """Return the unweighted loss of each task on this batch; changes nothing."""
        ...

    def value_with_gradient(self, *, on: Batch, weights: TaskWeights) -> ValueWithGradient:
        """Return losses, penalty, gradient of the weighted total and new statistics of a training pass.

        Changes nothing.
        """
        ...

    def update(self, *, along: Gradients, statistics: Statistics, learning_rate: float, phase: int = 0) -> None:
        """Clip, decay and move the parameters of `phase` along the gradient, and take over `statistics`.

        Entries of `along` outside the phase are ignored.
        """
        ...

    def place(self, data: Dataset) -> Source:
        """Put the data on the device, once."""
        ...

    def train(self, source: Source, steps: Steps) -> StepLosses:
        """Make K whole steps; equal to `value_with_gradient` and `update` for each step and phase."""
        ...


@runtime_checkable
class Backend(Protocol):
    """An adapter."""

    name: str
    capabilities: Capabilities

    def compile(self, graph: Graph, *, precision: Precision, device: str) -> Program:
        """Return the program of `graph`; its parameters may be anything of the right shape."""
        ...


GROUP = "mtlspec.backends"
EXTRAS = {
    "torch": ("torch", "PyTorch"),
    "keras": ("keras", "Keras and TensorFlow"),
    "tensorflow": ("keras", "TensorFlow"),
}


def backend_names() -> tuple[str, ...]:
    """Return the names of all installed backends, without importing one."""
    return tuple(sorted(entry.name for entry in entry_points(group=GROUP)))


def backend(name: str) -> Backend:
    """Return the backend called `name`.

    Raises:
        BackendError: there is none, or its framework is not installed.
    """
    for entry in entry_points(group=GROUP):
        if entry.name == name:
            try:
                found: Backend = entry.load()()
            except ModuleNotFoundError as error:
                if error.name not in EXTRAS:
                    raise
                extra, framework = EXTRAS[error.name]
                raise BackendError(f"backend {name!r} needs {framework}: pip install 'mtlspec[{extra}]'") from None
            return found
    known = ", ".join(backend_names())
    raise BackendError(f"no backend {name!r}{nearest(name, backend_names())}; installed: {known}")


def compile(
    spec: Spec | Graph,
    *,
    backend: str | Backend,
    precision: Precision | None = None,
    device: str = "cpu",
) -> Program:
    """Return the program of `spec` in a backend, with the initial values that the spec's seed gives.

    `precision` is by default that of the spec's training (of a graph: float32).

    Raises:
        BackendError: the backend or its framework is not installed, or does not have a kind that the spec names.
    """
    graph = lower(spec) if isinstance(spec, Spec) else spec
    if precision is None:
        precision = spec.training.precision if isinstance(spec, Spec) else "float32"
    chosen = find(backend) if isinstance(backend, str) else backend
    _refuse_unsupported(chosen, graph, precision)
    program = chosen.compile(graph, precision=precision, device=device)
    program.parameters = initial_parameters(graph)
    return program


find = backend
"""`backend` under another name, where a parameter takes that name."""


def claimed(*tables: Iterable[type[Kind]], merges: Iterable[str]) -> frozenset[str]:
    """Return the kinds that an adapter's dispatch tables have, as `family/kind`, and its merges."""
    kinds = {f"{cls.family}/{cls.model_fields['kind'].default}" for table in tables for cls in table}
    return frozenset(kinds | {f"merge/{merge}" for merge in merges})


def kinds_of(graph: Graph) -> frozenset[str]:
    """Return every kind that a graph needs of a backend, as `family/kind`."""
    found = {f"layer/{node.layer.kind}" for node in graph.nodes if node.layer is not None}
    found |= {f"merge/{node.merge}" for node in graph.nodes if node.merge is not None}
    functions = (getattr(node.layer, "function", None) for node in graph.nodes)
    found |= {f"activation/{function.kind}" for function in functions if function is not None}
    found |= {f"loss/{head.loss.kind}" for head in graph.heads}
    found |= {f"optimizer/{phase.optimizer.kind}" for phase in graph.phases}
    found |= {f"clipping/{phase.clipping.kind}" for phase in graph.phases if phase.clipping is not None}
    return frozenset(found)


def _refuse_unsupported(chosen: Backend, graph: Graph, precision: Precision) -> None:
    lacking = sorted(kinds_of(graph) - chosen.capabilities.kinds)
    if lacking:
        raise BackendError(f"backend {chosen.name!r} does not have {', '.join(lacking)}")
    if precision not in chosen.capabilities.precisions:
        raise BackendError(f"backend {chosen.name!r} does not have precision {precision}")


def one_step(program: Program, *, on: Batch, weights: TaskWeights, learning_rates: Array) -> TotalLoss:
    """Make one whole step out of single parts, phase by phase: what `train` has to equal.

    `learning_rates` by phase. The losses are those of the pass in which each task's gradient was taken.
    """
    graph = program.graph
    if graph.gradient == "summed":
        value, gradients, statistics = program.value_with_gradient(on=on, weights=weights)
        for index, rate in enumerate(learning_rates):
            program.update(along=gradients, statistics=statistics, learning_rate=float(rate), phase=index)
            statistics = Statistics()
        return value
    return _own_gradients(program, on, weights, learning_rates)


def _own_gradients(program: Program, batch: Batch, weights: TaskWeights, rates: Array) -> TotalLoss:
    graph = program.graph

    def of(index: int) -> ValueWithGradient:
        own = graph.phases[index].tasks
        return program.value_with_gradient(on=batch, weights={t: weights[t] * (t in own) for t in graph.tasks})

    once = [of(index) for index in range(len(rates))] if graph.forward == "once" else []
    losses: dict[str, float] = {}
    penalty = 0.0
    for index, rate in enumerate(rates):
        value, gradients, statistics = once[index] if once else of(index)
        if once and index:
            statistics = Statistics()
        losses |= {task: value.losses[task] for task in graph.phases[index].tasks}
        penalty = value.penalty
        program.update(along=gradients, statistics=statistics, learning_rate=float(rate), phase=index)
    return TotalLoss({task: losses[task] for task in graph.tasks}, penalty)
