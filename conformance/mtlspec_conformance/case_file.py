"""Case files: the JSON of a case, validated, and the case that it says."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from mtlspec.batch import Dataset
from mtlspec.class_weights import class_factors
from mtlspec.graph import Graph, Head, lower
from mtlspec.spec import Spec
from mtlspec.spec.content import document_of
from mtlspec.spec.model import Task
from mtlspec.tensors import Array, Rows, Tensors
from mtlspec_conformance.case import Case, Script, Trajectory
from mtlspec_conformance.case_rules import Initial, Planned, initial, numbers, trajectory

Nested = Any
"""Numbers in lists as deep as the array; a label that is null is absent."""
Rates = list[float] | list[list[float]]
"""K numbers, which hold for every phase, or K lists with one for each."""


class Stored(BaseModel):
    """A part of a file: no other keys than these."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class TrajectoryFile(Stored):
    """The steps of a case."""

    rows: list[list[int]]
    learning_rates: Rates
    task_weights: list[list[float]] | None = None
    """Those of the document where nothing is said."""


class ScriptFile(Stored):
    """Gradients for the optimizer alone; a table that is followed by row has ids and values."""

    gradients: list[dict[str, Nested]]
    learning_rates: Rates


class CaseFile(Stored):
    """One file of a case."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9]+/[a-z0-9-]+$")]
    why: Annotated[str, Field(min_length=1)]
    since: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")]
    spec: dict[str, Any]
    inputs: dict[str, Nested]
    """Lists, or a rule: `Filled`."""
    targets: dict[str, list[Nested]]
    sample_weights: dict[str, list[float]] = {}
    """1 where nothing is said; class weights come on top."""
    parameters: dict[str, Nested] | Initial
    batches: Annotated[list[list[int]], Field(min_length=1)]
    trajectory: TrajectoryFile | Planned | None = None
    law: ScriptFile | None = None
    chance: bool = False
    """Whether what is drawn by chance is looked at."""


def read(content: dict[str, Any]) -> Case:
    """Return the case that a file says.

    Raises:
        ValidationError: the file, or its document, is not of the form.
    """
    file = CaseFile.model_validate(content)
    spec = Spec.model_validate(file.spec)
    graph = lower(spec)
    start = Case(
        id=file.id,
        why=file.why,
        since=file.since,
        spec=spec,
        dataset=_dataset(file, graph),
        parameters=Tensors(),
        rows=tuple(np.asarray(rows) for rows in file.batches),
        chance=file.chance,
    )
    return replace(
        start,
        parameters=_parameters(file.parameters, graph),
        trajectory=_trajectory(file.trajectory, start, spec),
        script=None if file.law is None else script_of(file.law, graph),
    )


def _dataset(file: CaseFile, graph: Graph) -> Dataset:
    kinds = {part.name: np.int64 if part.dtype == "integer" else np.float64 for part in graph.inputs}
    targets, weights, present, dividing = {}, {}, {}, {}
    for head in graph.heads:
        task, stored = head.task, file.targets[head.task]
        targets[task] = _labels(head, stored)
        present[task] = np.asarray([label is not None for label in stored])
        own = np.asarray(file.sample_weights.get(task, np.ones(len(stored))))
        factors = class_factors(head.loss, targets[task])
        weights[task] = own * factors.weighing * present[task]
        dividing[task] = own * factors.dividing * present[task]
    inputs = {name: numbers(file.inputs[name], kind) for name, kind in kinds.items()}
    return Dataset(inputs, targets, weights, present, dividing)


def _parameters(stored: dict[str, Nested] | Initial, graph: Graph) -> Tensors:
    if isinstance(stored, str):
        return initial(graph)
    return Tensors({p.path: _array(stored[p.path], p.dtype).reshape(p.shape) for p in graph.parameters})


def _trajectory(stored: TrajectoryFile | Planned | None, case: Case, spec: Spec) -> Trajectory | None:
    if stored is None:
        return None
    if isinstance(stored, Planned):
        return trajectory(stored, case.graph, case.dataset)
    rates = _rates(stored.learning_rates, case.graph)
    own = [[spec.weights[task] for task in case.graph.tasks]] * len(rates)
    weights = np.asarray(own if stored.task_weights is None else stored.task_weights, dtype=np.float64)
    return Trajectory(tuple(np.asarray(rows, dtype=np.int64) for rows in stored.rows), rates, weights)


def script_of(stored: ScriptFile, graph: Graph) -> Script:
    """Return the script that a file says."""
    gradients = tuple(
        Tensors({path: _gradient(graph, path, entry) for path, entry in step.items()}) for step in stored.gradients
    )
    return Script(gradients, _rates(stored.learning_rates, graph))


def _gradient(graph: Graph, path: str, stored: Nested) -> Array | Rows:
    parameter = graph.by_path[path]
    if not parameter.by_row:
        return _array(stored, "float").reshape(parameter.shape)
    values = _array(stored["values"], "float").reshape(-1, *parameter.shape[1:])
    return Rows(_array(stored["ids"], "integer"), values, parameter.shape[0])


def _rates(stored: Rates, graph: Graph) -> Array:
    rates = np.asarray(stored, dtype=np.float64)
    return np.repeat(rates[:, None], len(graph.phases), axis=1) if rates.ndim == 1 else rates


def _array(stored: Nested, dtype: str) -> Array:
    return np.asarray(stored, dtype=np.int64 if dtype == "integer" else np.float64)


def _labels(head: Head, stored: list[Nested]) -> Array:
    filler: Any = 0 if head.targets_are_classes else [0.0] * head.units
    filled = [filler if label is None else label for label in stored]
    return np.asarray(filled, dtype=np.int64 if head.targets_are_classes else np.float64)


def content_of(case: Case) -> dict[str, Any]:
    """Return the file of `case`, its document explicit in every field."""
    content: dict[str, Any] = {"id": case.id, "why": case.why, "since": case.since}
    content["spec"] = document_of(case.spec, explicit=True)
    content["inputs"] = {name: array.tolist() for name, array in case.dataset.inputs.items()}
    content["targets"] = {task.name: _stored_labels(case.dataset, task.name) for task in case.spec.tasks}
    weights = {task.name: _sample_weights(case.dataset, task) for task in case.spec.tasks}
    content["sample_weights"] = {name: own for name, own in weights.items() if any(weight != 1 for weight in own)}
    content["parameters"] = {path: array.tolist() for path, array in case.parameters.items()}
    content["batches"] = [rows.tolist() for rows in case.rows]
    if case.trajectory is not None:
        content["trajectory"] = {
            "rows": [rows.tolist() for rows in case.trajectory.rows],
            "learning_rates": case.trajectory.learning_rates.tolist(),
            "task_weights": case.trajectory.task_weights.tolist(),
        }
    if case.chance:
        content["chance"] = True
    if case.script is not None:
        content["law"] = {
            "gradients": [{path: _stored_gradient(entry) for path, entry in s.items()} for s in case.script.gradients],
            "learning_rates": case.script.learning_rates.tolist(),
        }
    return content


def _stored_labels(data: Dataset, task: str) -> list[Any]:
    return [
        label if present else None
        for label, present in zip(data.targets[task].tolist(), data.present[task].tolist(), strict=True)
    ]


def _sample_weights(data: Dataset, task: Task) -> list[float]:
    """Return the weights without those of the classes, 1 where a label is absent."""
    classes = class_factors(task.loss, data.targets[task.name]).weighing
    counted = data.present[task.name] & (np.asarray(classes) != 0)
    own = np.divide(data.weights[task.name], classes, out=np.ones(len(data)), where=counted)
    return list(own.tolist())


def _stored_gradient(entry: Array | Rows) -> Nested:
    if isinstance(entry, Rows):
        return {"ids": entry.ids.tolist(), "values": entry.values.tolist()}
    return entry.tolist()
