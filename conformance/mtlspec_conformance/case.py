"""Cases: a spec with its examples, parameters, steps and scripted gradients; a value, whatever it was read from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from mtlspec.backend import Steps
from mtlspec.batch import Batch, Dataset, divisible
from mtlspec.graph import Graph, lower
from mtlspec.spec import Spec
from mtlspec.spec.losses import Reduction
from mtlspec.spec.training import Precision
from mtlspec.tensors import Array, Arrays, Rows, Tensors


@dataclass(frozen=True, eq=False)
class Script:
    """Gradients for the optimizer alone, and the rates [K, P] at which it follows them."""

    gradients: tuple[Tensors, ...]
    learning_rates: Array


@dataclass(frozen=True, eq=False)
class Trajectory:
    """K steps: the rows of each batch, the rates [K, P] by phase and the task weights [K, T]."""

    rows: tuple[Array, ...]
    learning_rates: Array
    task_weights: Array


@dataclass(frozen=True, eq=False)
class Case:
    """One case."""

    id: str
    """The immutable name, such as `law/adam-before-correction`."""
    why: str
    """What would break."""
    since: str
    """The version of the suite that brought it."""
    spec: Spec
    dataset: Dataset
    parameters: Tensors
    """The value of every parameter at the start."""
    rows: tuple[Array, ...]
    """The examples of each batch, for all levels but the trajectory."""
    trajectory: Trajectory | None = None
    script: Script | None = None
    chance: bool = False
    """Whether what is drawn by chance is looked at: initial values, dropout masks, the order of the examples."""

    @property
    def own(self) -> bool:
        """Whether it is a user's document, of which nobody has seen to it that it is well conditioned."""
        return self.id.startswith("own/")

    @cached_property
    def graph(self) -> Graph:
        """The graph of the spec."""
        return lower(self.spec)

    @cached_property
    def reductions(self) -> dict[str, Reduction]:
        """What each task's loss is divided by."""
        return {task.name: task.loss.reduction for task in self.spec.tasks}

    @cached_property
    def batches(self) -> tuple[Batch, ...]:
        """The batches of all levels but the trajectory."""
        return tuple(self.batch(rows) for rows in self.rows)

    def batch(self, rows: Array) -> Batch:
        """Return the batch of the examples at `rows`."""
        return self.dataset.batch(rows, self.reductions)

    @property
    def first_rates(self) -> Array:
        """The learning rate of each phase in a first step."""
        if self.trajectory is not None:
            return np.asarray(self.trajectory.learning_rates[0])
        return np.full(len(self.graph.phases), self.spec.training.optimizer.learning_rate)

    @cached_property
    def steps(self) -> tuple[Steps, ...]:
        """The steps of the trajectory one by one, each of its own batch size; none without a trajectory."""
        if self.trajectory is None:
            return ()
        stored = self.trajectory
        return tuple(
            Steps(
                rows=rows[None],
                learning_rates=stored.learning_rates[k : k + 1],
                weights=stored.task_weights[k : k + 1],
                denominators=np.asarray([[self._denominator(task, rows) for task in self.graph.tasks]]),
            )
            for k, rows in enumerate(stored.rows)
        )

    def _denominator(self, task: str, rows: Array) -> float:
        return float(divisible(self.dataset.denominator(task, rows, self.reductions[task])))

    def rounded(self, precision: Precision) -> Case:
        """Return the same case with numbers that `precision` holds exactly."""
        if precision == "float64":
            return self
        data, script = self.dataset, self.script
        return replace(
            self,
            dataset=replace(
                data,
                inputs=rounded(data.inputs, precision),
                targets=rounded(data.targets, precision),
                weights=rounded(data.weights, precision),
                dividing_weights=rounded(data.dividing_weights, precision),
            ),
            parameters=rounded(self.parameters, precision),
            script=None if script is None else replace(script, gradients=tuple(_script(script, precision))),
        )


def _script(script: Script, precision: Precision) -> list[Tensors]:
    return [
        Tensors({path: _rounded_gradient(entry, precision) for path, entry in step.items()})
        for step in script.gradients
    ]


def _rounded_gradient(entry: Array | Rows, precision: Precision) -> Array | Rows:
    if isinstance(entry, Rows):
        return Rows(entry.ids, _rounded(entry.values, precision), entry.count)
    return _rounded(entry, precision)


def rounded(arrays: Arrays, precision: Precision) -> Tensors:
    """Return `arrays` as float64 with values that `precision` holds; whole numbers stay as they are."""
    return Tensors({name: _rounded(array, precision) for name, array in arrays.items()})


def _rounded(array: Array, precision: Precision) -> Array:
    if not np.issubdtype(array.dtype, np.floating):
        return array
    return np.asarray(array.astype(precision), dtype=np.float64)


def joined(steps: tuple[Steps, ...]) -> tuple[Steps, ...]:
    """Return `steps` in as few calls as their batch sizes allow."""
    runs: list[list[Steps]] = []
    for step in steps:
        if runs and runs[-1][0].rows.shape == step.rows.shape:
            runs[-1].append(step)
        else:
            runs.append([step])
    return tuple(
        Steps(
            rows=np.concatenate([step.rows for step in run]),
            learning_rates=np.concatenate([step.learning_rates for step in run]),
            weights=np.concatenate([step.weights for step in run]),
            denominators=np.concatenate([step.denominators for step in run]),
        )
        for run in runs
    )
