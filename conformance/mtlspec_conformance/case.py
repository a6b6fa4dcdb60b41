"""Cases: a spec with stored data, parameters, steps and scripted gradients; data only, one file each."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import numpy as np

from mtlspec.backend import Steps
from mtlspec.batch import Batch, Dataset, divisible
from mtlspec.class_weights import class_factors
from mtlspec.graph import Graph, lower
from mtlspec.spec import Spec
from mtlspec.spec.losses import Reduction, SoftmaxCrossEntropy
from mtlspec.spec.model import Task
from mtlspec.tensors import Array, Rows, Tensors


@dataclass(frozen=True, eq=False)
class Script:
    """Gradients for the optimizer alone, and the rates [K, P] at which it follows them."""

    gradients: tuple[Tensors, ...]
    learning_rates: Array


@dataclass(frozen=True, eq=False)
class Case:
    """One case; `content` is its file, and everything else follows from that."""

    content: dict[str, Any]

    @property
    def id(self) -> str:
        """The immutable name, such as `law/adam-before-correction`."""
        return str(self.content["id"])

    @property
    def why(self) -> str:
        """What would break."""
        return str(self.content["why"])

    @property
    def since(self) -> str:
        """The version of the suite that brought it."""
        return str(self.content["since"])

    @cached_property
    def spec(self) -> Spec:
        """The validated document."""
        return Spec.model_validate(self.content["spec"])

    @cached_property
    def graph(self) -> Graph:
        """The graph of the spec."""
        return lower(self.spec)

    @cached_property
    def dataset(self) -> Dataset:
        """The stored examples; a target that is null is an absent label."""
        kinds = {part.name: np.int64 if part.dtype == "integer" else np.float64 for part in self.spec.inputs}
        targets, weights, present, dividing = {}, {}, {}, {}
        for task in self.spec.tasks:
            stored = self.content["targets"][task.name]
            targets[task.name] = _labels(task, stored)
            present[task.name] = np.asarray([label is not None for label in stored])
            own = np.asarray(self.content.get("sample_weights", {}).get(task.name, np.ones(len(stored))))
            factors = class_factors(task.loss, targets[task.name])
            weights[task.name] = own * factors.weighing * present[task.name]
            dividing[task.name] = own * factors.dividing * present[task.name]
        inputs = {name: np.asarray(self.content["inputs"][name], dtype=kind) for name, kind in kinds.items()}
        return Dataset(inputs, targets, weights, present, dividing)

    @cached_property
    def reductions(self) -> dict[str, Reduction]:
        """What each task's loss is divided by."""
        return {task.name: task.loss.reduction for task in self.spec.tasks}

    @cached_property
    def batches(self) -> tuple[Batch, ...]:
        """The batches of all levels but the trajectory."""
        return tuple(self.batch(rows) for rows in self.content["batches"])

    def batch(self, rows: list[int]) -> Batch:
        """Return the batch of the examples at `rows`."""
        return self.dataset.batch(np.asarray(rows), self.reductions)

    @cached_property
    def parameters(self) -> Tensors:
        """The stored value of every parameter."""
        stored = self.content["parameters"]
        return Tensors({p.path: _array(stored[p.path], p.dtype).reshape(p.shape) for p in self.graph.parameters})

    @property
    def first_rates(self) -> Array:
        """The learning rate of each phase in a first step."""
        if self.has_trajectory:
            return np.asarray(self.rates(self.content["trajectory"]["learning_rates"])[0])
        return np.full(len(self.graph.phases), self.spec.training.optimizer.learning_rate)

    def rates(self, stored: list[float] | list[list[float]]) -> Array:
        """Return rates [K, P]; a list of K numbers holds for every phase."""
        rates = np.asarray(stored, dtype=np.float64)
        return np.repeat(rates[:, None], len(self.graph.phases), axis=1) if rates.ndim == 1 else rates

    @property
    def has_trajectory(self) -> bool:
        """Whether the case has steps."""
        return "trajectory" in self.content

    @cached_property
    def steps(self) -> tuple[Steps, ...]:
        """The stored steps one by one, each of its own batch size."""
        stored = self.content["trajectory"]
        rates = self.rates(stored["learning_rates"])
        own = [[self.spec.weights[task] for task in self.graph.tasks]] * len(rates)
        weights = np.asarray(stored.get("task_weights", own), dtype=np.float64)
        return tuple(
            Steps(
                rows=np.asarray([rows], dtype=np.int64),
                learning_rates=rates[k : k + 1],
                weights=weights[k : k + 1],
                denominators=np.asarray([[self._denominator(task, rows) for task in self.graph.tasks]]),
            )
            for k, rows in enumerate(stored["rows"])
        )

    def _denominator(self, task: str, rows: list[int]) -> float:
        return float(divisible(self.dataset.denominator(task, np.asarray(rows), self.reductions[task])))

    @property
    def has_script(self) -> bool:
        """Whether the case has scripted gradients."""
        return "law" in self.content

    @cached_property
    def script(self) -> Script:
        """The stored gradients for the optimizer alone."""
        stored = self.content["law"]
        gradients = tuple(
            Tensors({path: self._gradient(path, entry) for path, entry in step.items()}) for step in stored["gradients"]
        )
        return Script(gradients, self.rates(stored["learning_rates"]))

    def _gradient(self, path: str, stored: Any) -> Array | Rows:
        parameter = self.graph.by_path[path]
        if not parameter.by_row:
            return _array(stored, "float").reshape(parameter.shape)
        values = _array(stored["values"], "float").reshape(-1, *parameter.shape[1:])
        return Rows(_array(stored["ids"], "integer"), values, parameter.shape[0])


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


def _array(stored: Any, dtype: str) -> Array:
    return np.asarray(stored, dtype=np.int64 if dtype == "integer" else np.float64)


def _is_integer(task: Task) -> bool:
    return isinstance(task.loss, SoftmaxCrossEntropy) and task.loss.targets == "integer"


def _labels(task: Task, stored: list[Any]) -> Array:
    known: Any = next((label for label in stored if label is not None), 0 if _is_integer(task) else [0.0])
    filler = np.zeros_like(np.asarray(known))
    filled = [filler if label is None else np.asarray(label) for label in stored]
    return np.stack(filled).astype(np.int64 if _is_integer(task) else np.float64)


FOLDER: Traversable = files("mtlspec_conformance") / "cases"


def manifest() -> tuple[str, ...]:
    """Return the ids of all cases, in order."""
    return tuple(json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))["cases"])


@cache
def case(id: str) -> Case:
    """Return the case called `id`.

    Raises:
        KeyError: the manifest has none.
    """
    if id not in manifest():
        raise KeyError(f"no case {id!r} in the manifest")
    return Case(json.loads(_text(id)))


def cases() -> tuple[Case, ...]:
    """Return all cases of the manifest, in order."""
    return tuple(case(id) for id in manifest())


def digest() -> str:
    """Return the SHA-256 of all cases in order: two reports with the same digest ran the same suite."""
    total = hashlib.sha256()
    for id in manifest():
        total.update(f"{id}\n{_text(id)}".encode())
    return total.hexdigest()


def _text(id: str) -> str:
    return (FOLDER / f"{id}.json").read_text(encoding="utf-8")
