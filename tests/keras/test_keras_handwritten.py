"""Programs that a Keras user wrote by hand train as the program of a document that says `like: keras`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from mtlspec.backend import Program, Steps, compile
from mtlspec.batch import Dataset
from mtlspec.spec import Spec
from mtlspec.tensors import Array

HERE = Path(__file__).parent / "handwritten"
CLOSE = 1e-10
BATCH = 32

TWO_OUTPUTS = {
    "like": "keras",
    "inputs": [{"name": "x", "shape": [50]}, {"name": "unused", "shape": [100]}],
    "blocks": [{"name": "hidden", "inputs": ["x"], "layers": [{"kind": "dense", "units": 64, "activation": "relu"}]}],
    "tasks": [
        {
            "name": "classes",
            "head": [{"kind": "dense", "units": 10}],
            "loss": {"kind": "softmax_cross_entropy", "targets": "probabilities"},
            "metrics": ["accuracy"],
        },
        {
            "name": "number",
            "head": [{"kind": "dense", "units": 1}],
            "loss": "squared_error",
            "metrics": ["mean_absolute_error"],
        },
    ],
    "training": {"optimizer": "adam", "epochs": 10, "batch_size": BATCH, "precision": "float64"},
}
HARD_SHARING = {
    "like": "keras",
    "inputs": [{"name": "x", "shape": [64]}],
    "blocks": [{"name": "shared", "layers": [{"kind": "dense", "units": 128, "activation": "relu"}]}],
    "tasks": [
        {"name": "digit", "head": [{"kind": "dense", "units": 10}], "loss": "softmax_cross_entropy"},
        {"name": "parity", "head": [{"kind": "dense", "units": 2}], "loss": "softmax_cross_entropy"},
    ],
    "training": {"optimizer": "adam", "epochs": 10, "batch_size": BATCH, "precision": "float64"},
}


def _batches(count: int, epochs: int) -> Array:
    orders = [np.random.Generator(np.random.Philox(epoch)).permutation(count) for epoch in range(epochs)]
    return np.concatenate([order.reshape(-1, BATCH) for order in orders])


def _complete(inputs: Mapping[str, Array], targets: Mapping[str, Array]) -> Dataset:
    count = len(next(iter(inputs.values())))
    ones = {task: np.ones(count) for task in targets}
    return Dataset(inputs, targets, ones, {task: np.ones(count, dtype=bool) for task in targets})


def _by_hand(script: str, arrays: Mapping[str, Array], folder: Path) -> Mapping[str, Array]:
    np.savez(folder / "in.npz", **arrays)
    environment = {**os.environ, "KERAS_BACKEND": "tensorflow"}
    command = [sys.executable, str(HERE / script), str(folder / "in.npz"), str(folder / "out.npz")]
    subprocess.run(command, check=True, env=environment, capture_output=True)
    return dict(np.load(folder / "out.npz"))


def _layers(program: Program, **paths: str) -> dict[str, Array]:
    parameters = program.parameters
    leaves = ("kernel", "bias")
    return {f"{name}/{leaf}": parameters[f"{path}.{leaf}"] for name, path in paths.items() for leaf in leaves}


def _trained(program: Program, data: Dataset, batches: Array) -> Array:
    count, tasks = len(batches), len(program.graph.tasks)
    rates, ones = np.full((count, 1), 0.001), np.ones((count, tasks))
    return program.train(program.place(data), Steps(batches, rates, ones, ones * BATCH)).losses


def _apart(found: Array, expected: Array) -> float:
    return float(np.abs(found - expected).max() / np.abs(expected).max())


def test_a_class_and_a_number_train_as_written_by_hand(tmp_path: Path) -> None:
    draw = np.random.Generator(np.random.Philox(0))
    inputs = {"x": draw.normal(size=(320, 50)), "unused": draw.normal(size=(320, 100))}
    targets = {"classes": np.eye(10)[draw.integers(0, 10, 320)], "number": draw.normal(size=(320, 1))}
    program, batches = compile(Spec.model_validate(TWO_OUTPUTS), backend="keras"), _batches(320, epochs=10)
    weights = _layers(program, hidden="hidden[0]", classes="tasks.classes.head[0]", number="tasks.number.head[0]")
    by_hand = _by_hand("two_outputs.py", {**inputs, **targets, **weights, "batches": batches}, tmp_path)
    losses = _trained(program, _complete(inputs, targets), batches)
    assert losses.shape == (100, 2)
    for task in range(2):
        assert _apart(losses[:, task], by_hand["losses"][:, task]) < CLOSE
    outputs = program.outputs(inputs)
    assert _apart(outputs["classes"], by_hand["classes"]) < CLOSE
    assert _apart(outputs["number"], by_hand["number"]) < CLOSE
    hits = outputs["classes"].argmax(axis=1) == targets["classes"].argmax(axis=1)
    assert abs(hits.mean() - by_hand["accuracy"]) < CLOSE
    assert abs(np.abs(outputs["number"] - targets["number"]).mean() - by_hand["mean_absolute_error"]) < CLOSE


def test_hard_sharing_trains_as_written_by_hand(tmp_path: Path) -> None:
    draw = np.random.Generator(np.random.Philox(1))
    inputs = {"x": draw.normal(size=(320, 64))}
    targets = {"digit": draw.integers(0, 10, 320), "parity": draw.integers(0, 2, 320)}
    program, batches = compile(Spec.model_validate(HARD_SHARING), backend="keras"), _batches(320, epochs=10)
    weights = _layers(program, shared="shared[0]", digit="tasks.digit.head[0]", parity="tasks.parity.head[0]")
    by_hand = _by_hand("hard_sharing.py", {**inputs, **targets, **weights, "batches": batches}, tmp_path)
    losses = _trained(program, _complete(inputs, targets), batches)
    for task in range(2):
        assert _apart(losses[:, task], by_hand["losses"][:, task]) < CLOSE
    outputs = program.outputs(inputs)
    for name in targets:
        assert _apart(outputs[name], by_hand[name]) < CLOSE
