"""All backends give one curve for every example, also when training changes its backend in the middle."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from running import BACKENDS, EXAMPLES, mtlspec

Floats = NDArray[np.float64]


@pytest.fixture(scope="module", params=EXAMPLES, ids=lambda path: path.stem)
def example(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


@pytest.fixture(scope="module")
def report(example: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The report of comparing all backends over 300 steps."""
    file = tmp_path_factory.mktemp(example.stem) / "report.json"
    done = mtlspec("compare", str(example), "--backends", *BACKENDS, "--steps", "300", "--report", str(file))
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def curve(report: dict[str, Any], backend: str) -> Floats:
    """The losses [K, T] of one backend in a report."""
    return np.array(list(report["backends"][backend]["losses"].values())).T


def difference(one: Floats, other: Floats) -> float:
    """The largest |a - b| / max(|a|, |b|, 1e-6 of the task's largest loss)."""
    assert one.shape == other.shape
    scale = np.maximum(np.maximum(np.abs(one), np.abs(other)), 1e-6 * np.abs(one).max(axis=0))
    return float((np.abs(one - other) / scale).max())


def test_all_backends_give_one_curve_over_300_steps(report: dict[str, Any]) -> None:
    assert report["precision"] == "float64"
    assert set(report["backends"]) == set(BACKENDS)
    curves = {backend: curve(report, backend) for backend in BACKENDS}
    assert all(len(found) == 300 for found in curves.values())
    largest = max(difference(curves["numpy"], curves["torch"]), difference(curves["torch"], curves["keras"]))
    assert largest <= 2 * report["largest_difference"]["loss"]
    assert report["largest_difference"]["loss"] < 1e-9
    assert report["floor"] < 1e-11


@pytest.mark.parametrize(("first", "then"), [("torch", "keras"), ("keras", "torch")])
def test_a_training_that_changes_its_backend_gives_the_curve_of_one(
    example: Path, report: dict[str, Any], first: str, then: str, tmp_path: Path
) -> None:
    model, history = tmp_path / "model.safetensors", tmp_path / "history.json"

    def train(backend: str, *arguments: str) -> None:
        options = ["--backend", backend, "--precision", "float64", "--history", str(history), "-o", str(model)]
        done = mtlspec("train", str(example), *options, "--quiet", *arguments)
        assert done.returncode == 0, done.stderr

    train(first, "--steps", "150")
    train(then, "--steps", "300", "--resume", str(model))
    moved = np.array(json.loads(history.read_text())["losses"])
    assert difference(curve(report, first), moved) < 1e-9
