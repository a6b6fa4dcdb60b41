"""Exchange: what a comparison hands to its processes, as files in a folder: graph, data, steps, initial values.

Everything that the host decides is decided once, so that the processes differ in nothing but the backend.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from mtlspec.backend import Steps
from mtlspec.batch import Dataset
from mtlspec.graph import Graph
from mtlspec.spec.training import Precision
from mtlspec.tensors import Array, Arrays

GRAPH, DATA, STEPS, RUN, PARAMETERS, LOSSES = (
    "graph.json",
    "data.npz",
    "steps.npz",
    "run.json",
    "parameters.npz",
    "losses.npy",
)

GROUPS = ("inputs", "targets", "weights", "present", "dividing_weights", "counted")
"""The arrays of a dataset."""


@dataclass(frozen=True)
class Run:
    """One process: its backend, precision and device."""

    backend: str
    precision: Precision
    device: str


def write_common(folder: Path, graph: Graph, data: Dataset, plan: Iterable[Steps]) -> None:
    """Write what all runs share."""
    (folder / GRAPH).write_text(graph.to_json(), encoding="utf-8")
    write_dataset(folder / DATA, data)
    names = [field.name for field in fields(Steps)]
    chunks = {f"{index}/{name}": getattr(steps, name) for index, steps in enumerate(plan) for name in names}
    np.savez(folder / STEPS, **chunks)


def read_common(folder: Path) -> tuple[Graph, Dataset, list[Steps]]:
    """Return what `write_common` wrote."""
    graph = Graph.from_json((folder / GRAPH).read_text(encoding="utf-8"))
    chunks = _grouped(folder / STEPS)
    return graph, read_dataset(folder / DATA), [Steps(**chunks[index]) for index in sorted(chunks, key=int)]


def write_dataset(file: Path, data: Dataset) -> None:
    """Write the arrays of a dataset."""
    groups = {group: getattr(data, group) for group in GROUPS}
    np.savez(file, **{f"{group}/{name}": array for group, it in groups.items() for name, array in it.items()})


def read_dataset(file: Path) -> Dataset:
    """Return the dataset that `write_dataset` wrote."""
    groups = _grouped(file)
    inputs, targets, weights, present, dividing_weights, counted = (groups.get(group, {}) for group in GROUPS)
    return Dataset(inputs, targets, weights, present, dividing_weights, counted=counted)


def _grouped(file: Path) -> dict[str, dict[str, Array]]:
    """Return the arrays of a file by the two parts of their names."""
    groups: dict[str, dict[str, Array]] = {}
    with np.load(file) as arrays:
        for key in arrays:
            group, _, name = key.partition("/")
            groups.setdefault(group, {})[name] = arrays[key]
    return groups


def write_run(folder: Path, run: Run, parameters: Arrays) -> None:
    """Write what is a run's own."""
    folder.mkdir()
    (folder / RUN).write_text(json.dumps(asdict(run)), encoding="utf-8")
    arrays: dict[str, Any] = dict(parameters)
    np.savez(folder / PARAMETERS, **arrays)


def read_run(folder: Path) -> tuple[Run, dict[str, Array]]:
    """Return what `write_run` wrote."""
    run = Run(**json.loads((folder / RUN).read_text(encoding="utf-8")))
    with np.load(folder / PARAMETERS) as arrays:
        return run, dict(arrays)
