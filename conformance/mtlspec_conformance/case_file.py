"""Case files: the JSON of a case, validated, and the case that it says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from mtlspec.batch import Dataset
from mtlspec.graph import Graph, Head, lower
from mtlspec.spec import Spec
from mtlspec.spec.content import document_of
from mtlspec.spec.signature import Sizes, filled
from mtlspec.tensors import Array, Rows, Tensors
from mtlspec.weighing import weighing
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
    sample_weights: dict[str, list[Nested]] = {}
    """Of examples, or of each position; 1 where nothing is said; class weights come on top."""
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
    targets, present, weighed = {}, {}, {}
    for head in graph.heads:
        task, stored = head.task, file.targets[head.task]
        targets[task], present[task] = _labels(head, stored), _present(head, stored)
        own = np.asarray(file.sample_weights.get(task, np.ones(len(stored))))
        weighed[task] = weighing(head, targets[task], present[task], own)
    return Dataset(
        inputs={name: numbers(file.inputs[name], kind) for name, kind in kinds.items()},
        targets=targets,
        weights={task: own.weights for task, own in weighed.items()},
        present=present,
        dividing_weights={task: own.dividing for task, own in weighed.items()},
        counted={task: own.counted for task, own in weighed.items() if own.counted is not None},
    )


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
    filler = np.zeros(head.target.shape).tolist()
    found = _filled(stored, filler, (len(stored), *_positions(head, stored)))
    return np.asarray(found, dtype=np.int64 if head.targets_are_classes else np.float64)


def _filled(stored: Nested, filler: Nested, sizes: Sizes) -> Nested:
    """Return labels with `filler` at each position that is null, or inside of what is null."""
    if not sizes:
        return filler if stored is None else stored
    inner = [None] * sizes[0] if stored is None else stored
    return [_filled(each, filler, sizes[1:]) for each in inner]


def _positions(head: Head, stored: list[Nested]) -> Sizes:
    """Return the positions of a head, of which the first may have a length that its first label tells."""
    known = next((label for label in stored if label is not None), None)
    return filled(head.positions, len(known) if isinstance(known, list) else 1)


def _present(head: Head, stored: list[Nested]) -> NDArray[np.bool_]:
    known = [_known(label, len(head.positions)) for label in stored]
    return np.stack([np.broadcast_to(np.asarray(each), _positions(head, stored)) for each in known])


def _known(label: Nested, depth: int) -> Nested:
    """Return whether a label is not null, at each of its positions."""
    return [_known(each, depth - 1) for each in label] if depth and label is not None else label is not None


def content_of(case: Case) -> dict[str, Any]:
    """Return the file of `case`, its document explicit in every field."""
    content: dict[str, Any] = {"id": case.id, "why": case.why, "since": case.since}
    content["spec"] = document_of(case.spec, explicit=True)
    content["inputs"] = {name: array.tolist() for name, array in case.dataset.inputs.items()}
    content["targets"] = {task.name: _stored_labels(case.dataset, task.name) for task in case.spec.tasks}
    weights = {head.task: _sample_weights(case.dataset, head) for head in case.graph.heads}
    content["sample_weights"] = {name: own for name, own in weights.items() if np.any(np.asarray(own) != 1)}
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
    return list(_stored(data.targets[task].tolist(), data.present[task].tolist()))


def _stored(labels: list[Nested], present: list[Nested]) -> Iterator[Nested]:
    for label, known in zip(labels, present, strict=True):
        yield list(_stored(label, known)) if isinstance(known, list) else label if known else None


def _sample_weights(data: Dataset, head: Head) -> list[Nested]:
    """Return the weights without those of the classes and shares of positions, 1 where a label is absent."""
    task = head.task
    present = data.present[task]
    shares = weighing(head, data.targets[task], present, np.ones(present.shape)).weights
    own = np.divide(data.weights[task], shares, out=np.ones(present.shape), where=present & (shares != 0))
    return list(own.tolist())


def _stored_gradient(entry: Array | Rows) -> Nested:
    if isinstance(entry, Rows):
        return {"ids": entry.ids.tolist(), "values": entry.values.tolist()}
    return entry.tolist()
