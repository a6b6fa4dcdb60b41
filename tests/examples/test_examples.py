"""Every example trains in every backend from its document alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from running import BACKENDS, EXAMPLES, mtlspec


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
@pytest.mark.parametrize("backend", BACKENDS)
def test_an_example_trains_and_evaluates_what_it_saved(path: Path, backend: str, tmp_path: Path) -> None:
    model, history = tmp_path / "model.safetensors", tmp_path / "history.json"
    done = mtlspec("train", str(path), "--backend", backend, "-o", str(model), "--history", str(history), "--quiet")
    assert done.returncode == 0, done.stderr
    again = mtlspec("evaluate", str(model), "--backend", "numpy")
    assert again.returncode == 0, again.stderr
    assert model.is_file()
    assert json.loads(history.read_text())
