"""The backend protocol: all that an adapter writes, and the values that pass through it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol, runtime_checkable

from mtlspec.batch import Batch, Dataset
from mtlspec.graph import Graph
from mtlspec.profiles import kinds_in
from mtlspec.spec.training import Precision
from mtlspec.tensors import Array, Arrays, Tensors, frozen

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
    """The name of one array that a phase keeps for a parameter, such as its velocity; `Phase.slots` has them all."""

    phase: int
    name: str
    path: str


@dataclass(frozen=True, eq=False)
class ProgramState:
    """What the optimizers remember: arrays by slot, in canonical layout, and the number of batches of each phase.

    A value: its arrays cannot be written to. Each batch makes an update, unless `Phase.batches` accumulate for one.
    velocity: v of the update w -= ... (the direction of descent, so positive along the gradient), as in the formula
    of the law `rate_applied`. Others: as in the formula of the optimizer. average: of the parameter. accumulated: the
    sum of the gradients since the last update.
    """

    slots: Mapping[Slot, Array]
    steps: tuple[int, ...]

    def __post_init__(self) -> None:
        frozen_slots = {slot: frozen(array) for slot, array in self.slots.items()}
        object.__setattr__(self, "slots", MappingProxyType(frozen_slots))


@dataclass(frozen=True)
class Capabilities:
    """What a backend claims: profiles as a whole, single kinds beside them as `family/kind`, and precisions.

    Raises:
        BackendError: a profile is unknown, claimed twice, or claimed without the one that it builds on.
    """

    kinds: frozenset[str] = frozenset()
    """Every kind and feature that is claimed; those of the profiles need not be given."""
    precisions: tuple[Precision, ...] = ("float32", "float64")
    profiles: tuple[str, ...] = ()
    """Names of `mtlspec.profiles`, such as `core-1`; each claims all its kinds, and gets a verdict of its own."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "kinds", frozenset(self.kinds) | kinds_in(self.profiles))


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
        """Put the data on the device, once: what lies in files is read, and held there in the program's precision."""
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
