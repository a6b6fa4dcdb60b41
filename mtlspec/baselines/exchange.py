"""Exchange: what a comparison hands to the process of a run, as files: examples once, graph and settings for each."""

from __future__ import annotations

import json
from pathlib import Path

from mtlspec.baselines.folder import About
from mtlspec.batch import Dataset
from mtlspec.comparison.exchange import read_dataset, write_dataset
from mtlspec.graph import Graph

GRAPH, RUN, RECORD, TRAINING, HELD_OUT = "graph.json", "run.json", "record.json", "training.npz", "held_out.npz"


def write_examples(folder: Path, training: Dataset, held_out: Dataset) -> None:
    """Write what all runs share."""
    write_dataset(folder / TRAINING, training)
    write_dataset(folder / HELD_OUT, held_out)


def read_examples(folder: Path) -> tuple[Dataset, Dataset]:
    """Return the examples for training and those held out."""
    return read_dataset(folder / TRAINING), read_dataset(folder / HELD_OUT)


def write_run(folder: Path, graph: Graph, about: About, *, digest: str) -> None:
    """Write what is a run's own; `digest` is that of its spec."""
    folder.mkdir()
    (folder / GRAPH).write_text(graph.to_json(), encoding="utf-8")
    told = {name: getattr(about, name) for name in ("backend", "precision", "device", "epochs", "steps")}
    (folder / RUN).write_text(json.dumps({**told, "spec": digest}), encoding="utf-8")
