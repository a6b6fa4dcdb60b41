"""Numbers of a draft: drawn from streams named by case and use, rounded so that a reader can follow them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtlspec.graph import Graph, Head, Parameter, initial_parameters, lower
from mtlspec.randomness import normal, permutation, uniform
from mtlspec.spec import Spec
from mtlspec.spec.signature import Shape, filled
from mtlspec_conformance.draft import Draft

STEPS = 20
LENGTH = 4
"""The size of an axis that a document leaves to the data, where the draft gives no inputs."""
FACTORS = (1, 0.9, 0.8, 0.5, 0.35, 0.35, 1.2, 0, 0.2, 0.2, 0.6, 0.5, 0.6, 0.1, 0.25, 0.3, 0.4, 0.4, 0.2, 0.3)
"""Rates of a trajectory: they drop, rise and touch zero."""
MAGNITUDES = (1.0, 3.0, 0.5, 0.0, 1e-12, 5.0, 0.1, 2.0, 2.0, 0.3)
"""Sizes of scripted gradients: they rise and fall, with an exact zero, and norms on both sides of every clip."""
SCRIPT_FACTORS = (1, 1, 0.5, 0.5, 0.7, 0, 2, 0.1, 1, 0.3)

Numbers = NDArray[Any]


def content_of(draft: Draft) -> dict[str, Any]:
    """Return the whole file of a draft."""
    spec = Spec.model_validate(draft.spec)
    drawn = Drawn(draft, spec, lower(spec))
    content: dict[str, Any] = {"id": draft.id, "why": draft.why, "since": draft.since, "spec": draft.spec}
    content |= {"inputs": drawn.inputs(), "targets": drawn.targets()}
    if draft.weighted:
        content["sample_weights"] = drawn.sample_weights()
    content |= {"parameters": drawn.parameters(), "batches": [list(rows) for rows in draft.batches]}
    if draft.steps:
        content["trajectory"] = drawn.trajectory()
    if draft.planned:
        content["trajectory"] = {"planned": draft.planned}
    if draft.law:
        content["law"] = drawn.script()
    if draft.chance:
        content["chance"] = True
    return content


class Drawn:
    """The data, parameters, steps and gradients of one draft."""

    def __init__(self, draft: Draft, spec: Spec, graph: Graph) -> None:
        self.draft, self.spec, self.graph = draft, spec, graph

    def normal(self, use: str, shape: tuple[int, ...]) -> Numbers:
        """Return normal numbers of three decimals."""
        return np.round(normal(0, f"{self.draft.id}:{use}", math.prod(shape)), 3).reshape(shape)

    def integers(self, use: str, shape: tuple[int, ...], below: int) -> Numbers:
        """Return whole numbers from 0."""
        drawn = uniform(0, f"{self.draft.id}:{use}", math.prod(shape)) * below
        return drawn.astype(np.int64).reshape(shape)

    def inputs(self) -> dict[str, Any]:
        """Return the inputs by name."""
        return {part.name: self._input(part.name, part.shape, part.dtype) for part in self.spec.inputs}

    def _input(self, name: str, shape: Shape, dtype: str) -> Any:
        full = (self.draft.examples, *filled(shape, LENGTH))
        stored = self.draft.inputs.get(name)
        if stored == "negative":
            return (-0.1 - np.abs(self.normal(name, full))).round(3).tolist()
        if stored == "halves":
            return (self.integers(name, full, 3) / 2).tolist()
        if stored is not None:
            return stored
        if dtype == "integer":
            return self.integers(name, full, self._ids(name)).tolist()
        return self.normal(name, full).tolist()

    def _ids(self, name: str) -> int:
        """Return how many ids an integer input may have: those of the embedding that reads it."""
        rows = [getattr(node.layer, "rows", None) for node in self.graph.nodes if name in node.sources]
        return min((count for count in rows if count is not None), default=2)

    def targets(self) -> dict[str, Any]:
        """Return the labels by task, null where absent."""
        labels = {head.task: self.draft.targets.get(head.task) or self._labels(head) for head in self.graph.heads}
        for task, rows in self.draft.absent.items():
            labels[task] = [None if row in rows else label for row, label in enumerate(labels[task])]
        for task, places in self.draft.absent_positions.items():
            for place in places:
                _forget(labels[task], place)
        return labels

    def _labels(self, head: Head) -> list[Any]:
        (form, size), use = head.target, f"target {head.task}"
        shape = (self.draft.examples, *filled(head.target_shape, LENGTH))
        match form:
            case "classes":
                return list(self.integers(use, shape, size).tolist())
            case "probabilities":
                shares = np.round(uniform(0, f"{self.draft.id}:{use}", math.prod(shape)), 2).reshape(shape)
                shares = np.round(shares / size, 3)
                shares[..., -1] = np.round(1 - shares[..., :-1].sum(axis=-1), 3)
                return list(shares.tolist())
            case "yes_or_no":
                return list(self.integers(use, shape, 2).astype(float).tolist())
            case "signs":
                return list((2 * self.integers(use, shape, 2) - 1).astype(float).tolist())
            case "non_negative":
                return list(self.integers(use, shape, 4).astype(float).tolist())
        return list(self.normal(use, shape).tolist())

    def sample_weights(self) -> dict[str, Any]:
        """Return a weight for each example and task; one is 0 with its label present."""
        weights = {}
        for head in self.graph.heads:
            shape = (self.draft.examples, *filled(head.positions, LENGTH))
            drawn = np.round(0.2 + 2 * uniform(0, f"{self.draft.id}:weight {head.task}", math.prod(shape)), 2)
            drawn = drawn.reshape(shape)
            drawn[1] = 0.0
            weights[head.task] = drawn.tolist()
        return weights

    def parameters(self) -> Any:
        """Return the value of every parameter, in canonical layout, or the rule that says it."""
        if self.draft.chance:
            return "initial"
        if self.draft.initial:
            return {path: array.tolist() for path, array in initial_parameters(self.graph).items()}
        return {p.path: self.draft.parameters.get(p.path, self._parameter(p)) for p in self.graph.parameters}

    def _parameter(self, parameter: Parameter) -> Any:
        drawn = self.normal(parameter.path, parameter.shape)
        match parameter.leaf:
            case "step" | "batches":
                return 0
            case leaf if leaf.endswith("kernel"):
                drawn = drawn / math.sqrt(parameter.fan_in)
            case leaf if leaf.endswith("bias") or leaf in ("offset", "running_mean"):
                drawn = 0.3 * drawn
            case "scale":
                drawn = 1 + 0.3 * drawn
            case "variance" | "running_variance":
                drawn = 0.5 + np.abs(drawn)
        return drawn.round(3).tolist()

    def trajectory(self) -> dict[str, Any]:
        """Return the rows and rates of every step, and task weights where they change."""
        rate = self.spec.training.optimizer.learning_rate
        rates = list(self.draft.rates) or [round(rate * factor, 6) for factor in FACTORS]
        steps: dict[str, Any] = {"rows": [list(rows) for rows in self.draft.rows] or self._rows()}
        steps["learning_rates"] = rates
        if self.draft.task_weights:
            steps["task_weights"] = [list(weights) for weights in self.draft.task_weights]
        return steps

    def _rows(self) -> list[list[int]]:
        size, count = len(self.draft.batches[0]), self.draft.examples
        return [permutation(0, f"{self.draft.id}:rows {k}", count)[:size].tolist() for k in range(STEPS)]

    def script(self) -> dict[str, Any]:
        """Return gradients for the optimizers alone, and their rates."""
        rate = self.spec.training.optimizer.learning_rate
        gradients = [
            {path: self._gradient(self.graph.by_path[path], step) for path in self.graph.trainable}
            for step in range(len(MAGNITUDES))
        ]
        return {"gradients": gradients, "learning_rates": [round(rate * factor, 6) for factor in SCRIPT_FACTORS]}

    def _gradient(self, parameter: Parameter, step: int) -> Any:
        use = f"gradient {step} {parameter.path}"
        if not parameter.by_row:
            return self._of_size(use, parameter.shape, step).tolist()
        count = parameter.shape[0]
        ids = self.integers(f"{use} ids", (5,), count - 1).tolist()
        return {"ids": ids, "values": self._of_size(use, (5, *parameter.shape[1:]), step).tolist()}

    def _of_size(self, use: str, shape: tuple[int, ...], step: int) -> Numbers:
        drawn = self.normal(use, shape)
        if step == 0:
            drawn.flat[0] = 0.0  # an element whose moments are still 0 when it is divided
        return np.asarray([float(f"{value * MAGNITUDES[step]:.6g}") for value in drawn.flat]).reshape(shape)


def _forget(labels: list[Any], place: tuple[int, ...]) -> None:
    """Put null in place of the label at (example, *position)."""
    *outer, last = place
    for index in outer:
        labels = labels[index]
    labels[last] = None
