"""train, evaluate, predict: from a document and its table to a saved model, and back."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import CommandLine

from mtlspec import training
from mtlspec.training import History

DOCUMENT = """
inputs:
  - {name: x, shape: [2]}
blocks:
  - {name: trunk, layers: [normalization, {kind: dense, units: 6, activation: tanh}]}
tasks:
  - {name: kind, head: [{kind: dense, units: 3}], loss: softmax_cross_entropy, metrics: [accuracy]}
  - {name: ripe, head: [{kind: dense, units: 1}], loss: sigmoid_cross_entropy, metrics: [auc]}
  - {name: size, head: [{kind: dense, units: 1}], loss: squared_error, metrics: [r2]}
training:
  optimizer: {kind: adam, learning_rate: 0.05}
  epochs: 6
  batch_size: 8
  precision: float64
data:
  file: fruit.csv
  inputs: [{name: x, columns: [width, height], missing: drop}]
  targets:
    - {name: kind, columns: [kind], encode: vocabulary}
    - {name: ripe, columns: [ripe], encode: vocabulary}
    - {name: size, columns: [size]}
  split: {kind: fraction, held_out: 0.25}
"""


def table(rows: int = 40) -> str:
    """Return a table in which everything follows from the row."""
    lines = ["width,height,kind,ripe,size"]
    for i in range(rows):
        kind, width = i % 3, 1 + i % 3 + 0.01 * i
        ripe = "" if i % 10 == 7 else ("yes" if i % 2 else "no")
        lines.append(f"{width:.2f},{i % 2 + 0.1 * kind:.1f},{('apple', 'fig', 'plum')[kind]},{ripe},{2 * width:.2f}")
    return "\n".join(lines) + "\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "fruit.yaml").write_text(DOCUMENT)
    (folder / "fruit.csv").write_text(table())
    return folder


@pytest.fixture
def model(mtlspec: CommandLine, folder: Path, tmp_path: Path) -> Path:
    path = tmp_path / "fruit.safetensors"
    assert mtlspec("train", folder / "fruit.yaml", "--backend", "numpy", "-o", path).code == 0
    return path


def measures(printed: str) -> dict[str, list[str]]:
    """Return the numbers of a printed table by `task/measure`."""
    found: dict[str, list[str]] = {}
    task = ""
    for line in printed.splitlines():
        words = line.split()
        if not words or line.startswith((" task", " ─")) or not words[-1].replace(".", "").lstrip("-").isdigit():
            continue
        if line[1] != " ":
            task = words.pop(0)
        numbers = [word for word in words if word.replace(".", "").lstrip("-").isdigit()]
        found[f"{task}/{' '.join(words[: len(words) - len(numbers)])}"] = numbers
    return found


def test_train_tells_losses_and_metrics_of_both_parts(mtlspec: CommandLine, folder: Path) -> None:
    outcome = mtlspec("train", folder / "fruit.yaml", "--backend", "numpy")
    assert (outcome.code, outcome.err) == (0, "")
    found = measures(outcome.out)
    assert list(found) == ["kind/loss", "kind/accuracy", "ripe/loss", "ripe/auc", "size/loss", "size/r2"]
    assert all(len(numbers) == 2 for numbers in found.values())
    assert outcome.out.splitlines()[-1] == "24 steps, 6 epochs; numpy, float64"


def test_quiet_training_prints_nothing(mtlspec: CommandLine, folder: Path) -> None:
    outcome = mtlspec("train", folder / "fruit.yaml", "--backend", "numpy", "--quiet")
    assert (outcome.code, outcome.out, outcome.err) == (0, "", "")


def test_training_leaves_history_and_curves(mtlspec: CommandLine, folder: Path, tmp_path: Path) -> None:
    history, plot = tmp_path / "history.json", tmp_path / "curves.svg"
    done = mtlspec("train", folder / "fruit.yaml", "--backend", "numpy", "--history", history, "--plot", plot)
    assert done.code == 0
    found = History.from_json(history.read_text())
    assert (len(found), found.tasks, len(found.epochs)) == (24, ("kind", "ripe", "size"), 6)
    assert "kind/accuracy" in found.epochs[0].validation
    assert plot.read_text().lstrip().startswith("<?xml")


def test_the_command_line_overrides_the_document(mtlspec: CommandLine, folder: Path, tmp_path: Path) -> None:
    history, start = tmp_path / "history.json", ("train", folder / "fruit.yaml", "--backend", "numpy")
    assert mtlspec(*start, "--epochs", "2", "--history", history).code == 0
    assert len(json.loads(history.read_text())["losses"]) == 8
    done = mtlspec(*start, "--steps", "3", "--precision", "float32", "--history", history)
    assert done.out.splitlines()[-1] == "3 steps; numpy, float32"


def test_evaluate_tells_what_train_told(mtlspec: CommandLine, folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "elsewhere" / "fruit.safetensors"
    path.parent.mkdir()
    told = mtlspec("train", folder / "fruit.yaml", "--backend", "numpy", "-o", path).out
    assert measures(mtlspec("evaluate", path).out) == measures(told)


def test_evaluate_reads_another_table_by_the_saved_encoders(mtlspec: CommandLine, model: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("width,height,kind\n1.0,0.0,plum\n2.0,1.1,plum\n")
    found = measures(mtlspec("evaluate", model, "--data", other).out)
    assert len(found["kind/accuracy"]) == 1
    assert "size/loss" not in found  # no labels, no number
    other.write_text("width,height,kind\n1.0,0.0,kiwi\n")
    outcome = mtlspec("evaluate", model, "--data", other)
    assert outcome.code == 2
    assert "unknown label 'kiwi'" in outcome.err


def test_evaluate_refuses_data_that_changed(mtlspec: CommandLine, model: Path, folder: Path) -> None:
    (folder / "fruit.csv").write_text(table().replace("fig", "date"))
    outcome = mtlspec("evaluate", model)
    assert outcome.code == 2
    assert "the data has changed since training" in outcome.err


def test_predict_decodes_classes_and_keeps_the_rows(mtlspec: CommandLine, model: Path, tmp_path: Path) -> None:
    new, target = tmp_path / "new.csv", tmp_path / "out.csv"
    new.write_text("width,height\n1.1,0.0\n,1.0\n3.2,0.2\n")
    outcome = mtlspec("predict", model, "--data", new, "-o", target)
    assert (outcome.code, outcome.out) == (0, "")
    assert outcome.err == "1 of 3 rows are left empty: they lack an input\n"
    rows = list(csv.reader(target.read_text().splitlines()))
    assert rows[0] == ["kind", "ripe", "size"]
    assert rows[2] == ["", "", ""]
    assert {rows[1][0], rows[3][0]} <= {"apple", "fig", "plum"}
    assert {rows[1][1], rows[3][1]} <= {"no", "yes"}


def test_predict_tells_probabilities_on_request(mtlspec: CommandLine, model: Path, tmp_path: Path) -> None:
    new = tmp_path / "new.csv"
    new.write_text("width,height\n1.1,0.0\n2.0,1.0\n")
    rows = list(csv.DictReader(mtlspec("predict", model, "--data", new, "--probabilities").out.splitlines()))
    plain = list(csv.DictReader(mtlspec("predict", model, "--data", new).out.splitlines()))
    assert list(rows[0]) == ["kind", "kind/apple", "kind/fig", "kind/plum", "ripe", "ripe/yes", "size"]
    for row, decided in zip(rows, plain, strict=True):
        chances = {name: float(row[f"kind/{name}"]) for name in ("apple", "fig", "plum")}
        assert sum(chances.values()) == pytest.approx(1)
        assert row["kind"] == decided["kind"] == max(chances, key=lambda name: chances[name])
        assert decided["ripe"] == ("yes" if float(row["ripe/yes"]) > 0.5 else "no")
        assert decided["size"] == row["size"]


def test_a_resumed_training_is_the_one_that_never_stopped(mtlspec: CommandLine, folder: Path, tmp_path: Path) -> None:
    start, half, whole = ("train", folder / "fruit.yaml", "--backend", "numpy"), tmp_path / "half", tmp_path / "whole"
    assert mtlspec(*start, "--steps", "10", "-o", half).code == 0
    assert mtlspec(*start, "--resume", half, "-o", half).code == 0
    assert mtlspec(*start, "-o", whole).code == 0
    resumed, straight = training.load(half), training.load(whole)
    assert all((resumed.parameters[path] == value).all() for path, value in straight.parameters.items())
    assert resumed.history is not None and straight.history is not None
    assert (resumed.history.losses == straight.history.losses).all()


def test_resuming_tells_what_is_other(mtlspec: CommandLine, folder: Path, model: Path) -> None:
    document = folder / "fruit.yaml"
    start = ("train", document, "--backend", "numpy", "--resume", model)
    assert "nothing to do: the model has made 24 steps already" in mtlspec(*start).err
    document.write_text(DOCUMENT.replace("0.05", "0.01"))
    assert "warning: the model was trained by another document" in mtlspec(*start, "--epochs", "7").err
    document.write_text(DOCUMENT.replace("units: 6", "units: 7"))
    outcome = mtlspec(*start)
    assert outcome.code == 2
    assert "the checkpoint is of another model" in outcome.err
    document.write_text(DOCUMENT)
    (folder / "fruit.csv").write_text(table().replace("fig", "date"))
    outcome = mtlspec(*start)
    assert outcome.code == 2
    assert "resume on the data that it was trained on" in outcome.err


def test_a_failed_training_leaves_the_old_model(mtlspec: CommandLine, folder: Path, model: Path) -> None:
    old = model.read_bytes()
    (folder / "fruit.yaml").write_text(DOCUMENT.replace("0.05", "1e200").replace("kind: adam", "kind: sgd"))
    with np.errstate(all="ignore"):
        outcome = mtlspec("train", folder / "fruit.yaml", "--backend", "numpy", "-o", model)
    assert outcome.code == 2
    assert "the loss of task" in outcome.err
    assert "Traceback" not in outcome.err
    assert model.read_bytes() == old
    assert [path.name for path in model.parent.iterdir() if path.is_file()] == [model.name]


def test_an_interrupted_training_keeps_its_steps(
    mtlspec: CommandLine, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    genuine = training.train

    def interrupted(*arguments: Any, **named: Any) -> History:
        return replace(genuine(*arguments, **{**named, "epochs": 1}), interrupted=True)

    monkeypatch.setattr(training, "train", interrupted)
    path = tmp_path / "fruit.safetensors"
    outcome = mtlspec("train", folder / "fruit.yaml", "--backend", "numpy", "-o", path)
    assert outcome.code == 130
    assert outcome.err == f"interrupted after 4 steps; {path} has them\n"
    assert training.load(path).state.steps == (4,)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--backend", "nmpy"), "no backend 'nmpy'; did you mean 'numpy'?"),
        (("--backend", "numpy", "-o", "nowhere/m.safetensors"), "there is no folder nowhere"),
        (("--backend", "numpy", "-o", "."), "it is a folder"),
        (("--backend", "numpy", "--plot", "curve.jpeg2"), "expected a name that ends in"),
        (("--backend", "numpy", "--data", "absent.csv"), "absent.csv"),
        (("--backend", "numpy", "--epochs", "1", "--steps", "1"), "expected `epochs` or `steps`, found both"),
        (("--backend", "numpy", "--resume", "absent.safetensors"), "no file 'absent.safetensors'"),
        ((), "--backend"),
    ],
)
def test_bad_input_is_told(mtlspec: CommandLine, folder: Path, options: tuple[str, ...], told: str) -> None:
    outcome = mtlspec("train", folder / "fruit.yaml", *options)
    assert outcome.code == 2
    assert told in outcome.err
    assert "Traceback" not in outcome.err


@pytest.mark.parametrize("command", ["evaluate", "predict"])
def test_a_file_that_is_no_model_is_told(mtlspec: CommandLine, folder: Path, command: str) -> None:
    outcome = mtlspec(command, folder / "fruit.csv", "--data", folder / "fruit.csv")
    assert outcome.code == 2
    assert "no checkpoint" in outcome.err


def test_the_data_file_is_told_from_the_folder_of_the_model(model: Path) -> None:
    data = training.load(model).spec.data
    assert data is not None
    assert data.file == "documents/fruit.csv"


def test_a_table_in_place_of_a_package_is_remembered(mtlspec: CommandLine, folder: Path, tmp_path: Path) -> None:
    (folder / "fruit.yaml").write_text(DOCUMENT.replace("file: fruit.csv", "package: absent\n  file: fruit.csv"))
    path = tmp_path / "fruit.safetensors"
    start = ("train", folder / "fruit.yaml", "--backend", "numpy", "-o", path, "--steps", "1")
    assert mtlspec(*start).code == 2
    assert mtlspec(*start, "--data", folder / "fruit.csv").code == 0
    data = training.load(path).spec.data
    assert data is not None
    assert (data.file, data.package) == ("documents/fruit.csv", None)
    assert mtlspec("evaluate", path).code == 0


def test_a_whole_training_works_from_another_folder(folder: Path, tmp_path: Path) -> None:
    start = [sys.executable, "-m", "mtlspec"]
    run = {"cwd": tmp_path, "capture_output": True, "text": True}
    trained = subprocess.run(
        [*start, "train", "documents/fruit.yaml", "--backend", "numpy", "-o", "m.safetensors"], check=False, **run
    )
    assert trained.returncode == 0, trained.stderr
    evaluated = subprocess.run([*start, "evaluate", "m.safetensors"], check=False, **run)
    assert measures(evaluated.stdout) == measures(trained.stdout)


def test_an_output_without_permission_is_told_before_any_work(
    mtlspec: CommandLine, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda path, mode, **options: mode != os.W_OK)
    done = mtlspec("train", folder / "fruit.yaml", "--backend", "numpy", "-o", tmp_path / "m.safetensors")
    assert done.code == 2
    assert "no permission" in done.err
    assert done.out == ""


def test_a_link_is_followed_and_a_device_is_not_replaced(mtlspec: CommandLine, folder: Path, tmp_path: Path) -> None:
    target, link, device = tmp_path / "target.json", tmp_path / "link.json", tmp_path / "device"
    target.write_text("old")
    link.symlink_to(target)
    device.symlink_to("/dev/null")
    options = ("train", folder / "fruit.yaml", "--backend", "numpy", "--steps", "2", "--quiet")
    assert mtlspec(*options, "--history", link).code == 0
    assert link.is_symlink()
    assert json.loads(target.read_text())["losses"]
    assert mtlspec(*options, "--history", device).code == 0
    assert Path("/dev/null").is_char_device()
