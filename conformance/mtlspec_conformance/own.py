"""Own cases: a user's document with his data, held to the levels of the suite."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from mtlspec.batch import Dataset
from mtlspec.graph import Graph, initial_parameters, lower
from mtlspec.spec import Spec
from mtlspec.spec.content import document_of
from mtlspec.tensors import Array, Arrays, Tensors
from mtlspec.training.adaptation import adapted
from mtlspec.training.batches import plan, steps_per_epoch
from mtlspec_conformance.case import Case, Trajectory
from mtlspec_conformance.case_file import ScriptFile, script_of
from mtlspec_conformance.draft import Draft
from mtlspec_conformance.drawing import Drawn
from mtlspec_conformance.suite import version

STEPS = 20
BATCHES = 2


def own_case(spec: Spec, data: Dataset, *, name: str = "document", steps: int = STEPS) -> Case:
    """Return the case of a user's document: its own first values, batches, rates and weights.

    The levels see the first two batches that training takes, and the last of the epoch if that is smaller; the
    trajectory is the first `steps` updates. The case holds only the examples that these need. The gradients for the
    optimizer alone are drawn.

    Args:
        spec: The document.
        data: Its training examples.
        name: What the case is called, as `own/<name>`.
        steps: The length of the trajectory.
    """
    graph = lower(spec)
    rows, rates = _plan(graph, data, 0, max(steps, BATCHES))
    batches = rows[:BATCHES]
    per_epoch = steps_per_epoch(len(data), spec.training)
    last, _ = _plan(graph, data, per_epoch - 1, per_epoch)
    if len(last[0]) != len(rows[0]):
        batches = (*batches, *last)
    needed = np.unique(np.concatenate((*rows, *batches)))
    drawn = Drawn(Draft("own", "", document_of(spec)), spec, graph)
    weights = np.tile([spec.weights[task] for task in graph.tasks], (steps, 1))
    return Case(
        id=f"own/{_slug(name)}",
        why="The document of a user.",
        since=version(),
        spec=spec,
        dataset=_taken(data, needed),
        parameters=Tensors({**initial_parameters(graph), **adapted(graph, data)}),
        rows=tuple(np.searchsorted(needed, batch) for batch in batches),
        trajectory=Trajectory(tuple(np.searchsorted(needed, r) for r in rows[:steps]), rates[:steps], weights),
        script=script_of(ScriptFile.model_validate(drawn.script()), graph),
    )


def _plan(graph: Graph, data: Dataset, start: int, stop: int) -> tuple[tuple[Array, ...], NDArray[np.float64]]:
    """Return the rows of each step and the rates [K, P]."""
    chunks = list(plan(data, graph, training=graph.training, start=start, stop=stop))
    rates = np.concatenate([chunk.steps.learning_rates for chunk in chunks])
    return tuple(rows for chunk in chunks for rows in chunk.steps.rows), rates


def _taken(data: Dataset, rows: Array) -> Dataset:
    def taken(arrays: Arrays) -> Arrays:
        return {name: array[rows] for name, array in arrays.items()}

    return Dataset(
        inputs=taken(data.inputs),
        targets=taken(data.targets),
        weights=taken(data.weights),
        present=taken(data.present),
        dividing_weights=taken(data.dividing_weights),
        counted=taken(data.counted),
    )


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "document"
