"""validate, render, show, schema, backends: commands that read documents and train nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest
from command_line import CommandLine
from documents import TWO_TASKS

from mtlspec import Graph, json_schema, load, lower, parse

HEAVY = ("rich", "scipy", "sklearn", "narwhals", "pandas", "matplotlib", "safetensors", "torch", "keras", "tensorflow")
WITH_UNUSED = TWO_TASKS.replace("inputs:", "inputs:\n  - {name: spare, shape: [2]}").replace(
    "- name: trunk", "- name: trunk\n    inputs: [x]"
)


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "two.yaml"
    path.write_text(TWO_TASKS)
    return path


def test_a_good_document_is_ok(mtlspec: CommandLine, document: Path) -> None:
    outcome = mtlspec("validate", document)
    assert (outcome.code, outcome.out, outcome.err) == (0, f"{document}: ok\n", "")


def test_every_mistake_of_every_document_is_told_with_its_place(
    mtlspec: CommandLine, document: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(TWO_TASKS.replace("units: 8", "unts: 8").replace("weight: 0.5", "weight: -1"))
    outcome = mtlspec("validate", bad, tmp_path / "absent.yaml", document)
    assert outcome.code == 2
    assert outcome.out == f"{document}: ok\n"
    assert f"{bad}:7:23: blocks.trunk.layers[0].unts: unknown field 'unts'; did you mean 'units'?" in outcome.err
    assert "tasks.size.weight" in outcome.err
    assert f"cannot read {tmp_path / 'absent.yaml'}" in outcome.err
    assert "Traceback" not in outcome.err


def test_advice_is_a_warning_and_no_mistake(mtlspec: CommandLine, tmp_path: Path) -> None:
    path = tmp_path / "unused.yaml"
    path.write_text(WITH_UNUSED)
    outcome = mtlspec("validate", path)
    assert outcome.code == 0
    assert outcome.err == f"{path}: warning: input 'spare' serves no task\n"


def test_data_is_held_against_the_spec_on_request(mtlspec: CommandLine, tmp_path: Path) -> None:
    path = tmp_path / "table.yaml"
    columns = "\ndata:\n  file: table.csv\n  inputs: [{name: x, columns: [a, b, c, d]}]\n  targets:\n"
    columns += "    - {name: kind, columns: [kind], encode: vocabulary}\n    - {name: size, columns: [size]}\n"
    path.write_text(TWO_TASKS + columns)
    table = "a,b,c,d,kind,size\n" + "".join(f"{i},1,2,3,k{i % 3},0.5\n" for i in range(6))
    (tmp_path / "table.csv").write_text(table)
    assert mtlspec("validate", path, "--data").out == f"{path}: ok, 6 examples for training and 0 held out\n"
    (tmp_path / "table.csv").write_text(table.replace("d,kind", "e,kind", 1))
    outcome = mtlspec("validate", path, "--data")
    assert outcome.code == 2
    assert "no column 'd'" in outcome.err
    assert mtlspec("validate", path).code == 0


def test_data_cannot_be_checked_where_a_document_names_none(mtlspec: CommandLine, document: Path) -> None:
    outcome = mtlspec("validate", document, "--data")
    assert outcome.code == 2
    assert "data: expected a `data:` section" in outcome.err


def test_validate_imports_nothing_heavy(document: Path) -> None:
    program = (
        "import sys\nfrom mtlspec.cli import app\n"
        f"try:\n    app(['validate', {str(document)!r}])\nexcept SystemExit as left:\n    assert left.code == 0\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_render_spells_out_every_law_and_reads_back(mtlspec: CommandLine, document: Path, tmp_path: Path) -> None:
    explicit, given = mtlspec("render", document), mtlspec("render", document, "--as-given")
    assert parse(explicit.out).digest() == parse(given.out).digest() == load(document).digest()
    assert "epsilon_placement: after_correction" in explicit.out
    assert "epsilon" not in given.out
    target = tmp_path / "out.json"
    assert mtlspec("render", document, "--format", "json", "-o", target).out == ""
    assert load(target).digest() == load(document).digest()


def test_a_file_that_cannot_be_written_is_bad_input(mtlspec: CommandLine, document: Path, tmp_path: Path) -> None:
    target = tmp_path / "nowhere" / "out.yaml"
    outcome = mtlspec("render", document, "-o", target)
    assert outcome.code == 2
    assert outcome.err == f"cannot write {target}: No such file or directory\n"


def test_a_failed_write_leaves_the_old_file_and_no_other(
    mtlspec: CommandLine, document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "out.yaml"
    target.write_text("old")
    before = set(tmp_path.iterdir())

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    outcome = mtlspec("render", document, "-o", target)
    assert (outcome.code, outcome.err) == (2, f"cannot write {target}: No space left on device\n")
    assert target.read_text() == "old"
    assert set(tmp_path.iterdir()) == before


def test_show_tells_shapes_parameters_and_whom_they_serve(mtlspec: CommandLine, tmp_path: Path) -> None:
    path = tmp_path / "unused.yaml"
    path.write_text(WITH_UNUSED)
    outcome = mtlspec("show", path)
    lines = [line.split() for line in outcome.out.splitlines()]
    assert ["trunk[0]", "dense", "8", "8", "40", "all", "2", "tasks"] in lines
    assert ["trunk[0].activation", "relu", "8", "all", "2", "tasks"] in lines
    assert ["tasks.kind.head[0]", "dense", "3", "3", "27", "kind"] in lines
    assert "trainable parameters: 76" in outcome.out
    assert "  shared: 40\n  kind alone: 27\n  size alone: 9\n" in outcome.out
    assert "unused inputs: spare" in outcome.out


def test_show_prints_the_graph(mtlspec: CommandLine, document: Path) -> None:
    assert Graph.from_json(mtlspec("show", document, "--graph").out) == lower(load(document))


def test_show_draws(mtlspec: CommandLine, document: Path, tmp_path: Path) -> None:
    for name, start in (("model.svg", "<svg "), ("model.mmd", "flowchart LR")):
        assert mtlspec("show", document, "--diagram", tmp_path / name).code == 0
        assert (tmp_path / name).read_text().startswith(start)


def test_a_drawing_of_another_kind_is_refused(mtlspec: CommandLine, document: Path, tmp_path: Path) -> None:
    outcome = mtlspec("show", document, "--diagram", tmp_path / "model.png")
    assert outcome.code == 2
    assert "expected a name that ends in .svg or .mmd, found '.png'" in outcome.err
    assert not (tmp_path / "model.png").exists()


def test_schema_prints_and_writes_the_schema(mtlspec: CommandLine, tmp_path: Path) -> None:
    assert json.loads(mtlspec("schema").out) == json_schema()
    assert mtlspec("schema", "-o", tmp_path / "schema.json").code == 0
    assert json.loads((tmp_path / "schema.json").read_text()) == json_schema()


def test_backends_tells_what_is_ready(mtlspec: CommandLine) -> None:
    lines = {line.split()[0]: line for line in mtlspec("backends").out.splitlines() if line.strip()}
    assert lines["numpy"].split()[-1] == "yes"
    assert {"numpy", "torch", "keras"} <= lines.keys()


def test_backends_tells_what_to_install(mtlspec: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    def without_torch(name: str) -> object:
        return None if name == "torch" else find_spec(name)

    monkeypatch.setattr(import_module("mtlspec.cli.backends"), "find_spec", without_torch)
    line = next(line for line in mtlspec("backends").out.splitlines() if line.split()[:1] == ["torch"])
    assert line.rstrip().endswith("no: pip install 'mtlspec[torch]'")


def test_a_value_that_the_spec_refuses_is_no_traceback(
    mtlspec: CommandLine, document: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: Path) -> None:
        load(path).replacing(lambda s: s.training.epochs, by=0)

    monkeypatch.setattr(import_module("mtlspec.cli.show"), "load", refused)
    outcome = mtlspec("show", document)
    assert outcome.code == 2
    assert outcome.err == "epochs: Input should be greater than 0\n"


def test_the_keyboard_stops_a_command(mtlspec: CommandLine, document: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(path: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(import_module("mtlspec.cli.show"), "load", interrupted)
    assert mtlspec("show", document).code == 130


@pytest.mark.parametrize("arguments", [["nonsense"], ["show"], ["render", "x.yaml", "--format", "toml"]])
def test_a_wrong_command_line_exits_with_2(mtlspec: CommandLine, arguments: list[str]) -> None:
    outcome = mtlspec(*arguments)
    assert outcome.code == 2
    assert outcome.out == ""
    assert "Traceback" not in outcome.err


def test_the_module_is_the_program(document: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "mtlspec", "validate", document], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, f"{document}: ok\n")
