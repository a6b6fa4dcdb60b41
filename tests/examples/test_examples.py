"""Every example trains in every backend from its document alone, and all backends give one curve."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
BACKENDS = ["numpy", "torch", "keras"]


def mtlspec(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own."""
    return subprocess.run([sys.executable, "-P", "-m", "mtlspec", *arguments], capture_output=True, text=True)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
@pytest.mark.parametrize("backend", BACKENDS)
def test_an_example_trains_and_predicts_from_what_it_saved(path: Path, backend: str, tmp_path: Path) -> None:
    model, history = tmp_path / "model.safetensors", tmp_path / "history.json"
    done = mtlspec("train", str(path), "--backend", backend, "-o", str(model), "--history", str(history), "--quiet")
    assert done.returncode == 0, done.stderr
    again = mtlspec("evaluate", str(model), "--backend", backend)
    assert again.returncode == 0, again.stderr
    assert model.is_file()
    assert json.loads(history.read_text())


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_all_backends_give_one_curve_over_300_steps(path: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    done = mtlspec("compare", str(path), "--backends", *BACKENDS, "--steps", "300", "--report", str(report))
    assert done.returncode == 0, done.stderr
    found = json.loads(report.read_text())
    assert found["precision"] == "float64"
    assert all(len(curve) == 300 for run in found["backends"].values() for curve in run["losses"].values())
    assert set(found["backends"]) == set(BACKENDS)
    assert found["largest_difference"]["loss"] < 1e-9
    assert found["floor"] < 1e-11
