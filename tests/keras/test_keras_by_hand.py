"""Programs that a Keras user writes by hand train as the examples that say `like: keras`, over all their epochs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np

import mtlspec as mtl
from mtlspec.tensors import Array
from mtlspec.training import order

BY_HAND = Path(__file__).parent / "by_hand"
EXAMPLES = Path(__file__).parents[2] / "examples"
CLOSE = 1e-10


def trained(example: str, script: str, folder: Path, **layers: str) -> tuple[dict[str, float], Mapping[str, Array]]:
    """Train an example and its program by hand on the same batches; hold the losses together.

    Return the document's evaluation and what the program by hand wrote.
    """
    spec = mtl.load(EXAMPLES / example)
    data = mtl.read(spec).training
    program = mtl.compile(spec, backend="keras", precision="float64")
    parameters = program.parameters
    weights = {f"{n}/{leaf}": parameters[f"{p}.{leaf}"] for n, p in layers.items() for leaf in ("kernel", "bias")}
    orders = [order(len(data), epoch=epoch, training=spec.training) for epoch in range(spec.training.epochs)]
    by_hand = _run(script, {**data.inputs, **data.targets, **weights, "order": np.stack(orders)}, folder)
    history = mtl.train(program, data, progress=False)
    assert history.losses.shape == by_hand["losses"].shape
    for task in range(2):
        expected = by_hand["losses"][:, task]
        assert (np.abs(history.losses[:, task] - expected) / expected).max() < CLOSE
    assert history.losses[-30:].mean() < 0.8 * history.losses[:30].mean()  # and it learns
    return mtl.evaluate(program, data), by_hand


def _run(script: str, arrays: Mapping[str, Array], folder: Path) -> Mapping[str, Array]:
    np.savez(folder / "in.npz", **arrays)
    environment = {**os.environ, "KERAS_BACKEND": "tensorflow"}
    command = [sys.executable, str(BY_HAND / script), str(folder / "in.npz"), str(folder / "out.npz")]
    subprocess.run(command, check=True, env=environment, capture_output=True)
    return dict(np.load(folder / "out.npz"))


def test_two_outputs_train_as_written_by_hand(tmp_path: Path) -> None:
    layers = {
        "shared": "shared[0]",
        "classification": "tasks.classification.head[0]",
        "regression": "tasks.regression.head[0]",
    }
    found, by_hand = trained("keras.yaml", "two_outputs.py", tmp_path, **layers)
    assert abs(found["classification/accuracy"] - by_hand["accuracy"]) < CLOSE
    assert abs(found["regression/mean_absolute_error"] - by_hand["mean_absolute_error"]) < CLOSE


def test_hard_sharing_trains_as_written_by_hand(tmp_path: Path) -> None:
    layers = {"shared": "shared[0]", "topic": "tasks.topic.head[0]", "sentiment": "tasks.sentiment.head[0]"}
    found, by_hand = trained("hard_sharing.yaml", "hard_sharing.py", tmp_path, **layers)
    for task in ("topic", "sentiment"):
        assert abs(found[f"{task}/accuracy"] - by_hand[task]) < CLOSE
