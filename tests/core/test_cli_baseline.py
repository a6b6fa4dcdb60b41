"""baseline and affinity on the command line: files that they leave, what they print, exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from baseline_runs import SPEC, InThisProcess, with_rate
from command_line import CommandLine

from mtlspec import render


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "two.yaml"
    path.write_text(render(SPEC))
    return path


def test_a_comparison_leaves_its_tables_and_goes_on(
    mtlspec: CommandLine, runs: InThisProcess, document: Path, tmp_path: Path
) -> None:
    slow, out, plot = tmp_path / "slow.yaml", tmp_path / "out", tmp_path / "plot.svg"
    slow.write_text(render(with_rate(SPEC, 1e-3)))
    command = ["baseline", document, "--backend", "numpy", "--variant", slow, "--sweep", "weights", "--grid", "4"]
    outcome = mtlspec(*command, "--output", out, "--plot", plot)
    assert (outcome.code, outcome.err) == (0, "")
    assert runs.made == 2 + 1 + 1 + 3
    assert [line.split()[0] for line in outcome.out.splitlines()[4:8]] == ["alone", "joint", "slow", "tuned"]
    assert outcome.out.rstrip().endswith("has report.json, tables.md, tables.tex and every run")
    report = json.loads((out / "report.json").read_text())
    assert list(report["methods"]) == ["alone", "joint", "slow", "tuned weights"]
    assert [point["weights"] for point in report["sweep"]] == [
        {"kind": 0.5, "size": 1.5},
        {"kind": 1.0, "size": 1.0},
        {"kind": 1.5, "size": 0.5},
    ]
    assert "### all tasks" in (out / "tables.md").read_text()
    assert "\\toprule" in (out / "tables.tex").read_text()
    assert plot.read_text().lstrip().startswith("<?xml")
    again = mtlspec(*command, "--output", out, "--quiet")
    assert (again.code, again.out, runs.made) == (0, "", 7)


def test_the_folder_is_called_after_the_document(
    mtlspec: CommandLine, runs: InThisProcess, document: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert mtlspec("baseline", document, "--backend", "numpy", "--steps", "2", "--quiet").code == 0
    assert (tmp_path / "two.baseline" / "report.json").is_file()


def test_a_changed_document_is_bad_input(
    mtlspec: CommandLine, runs: InThisProcess, document: Path, tmp_path: Path
) -> None:
    command = ("baseline", document, "--backend", "numpy", "--output", tmp_path / "out", "--quiet")
    assert mtlspec(*command).code == 0
    document.write_text(render(with_rate(SPEC, 0.5)))
    outcome = mtlspec(*command)
    assert outcome.code == 2
    assert "has runs of another document: " in outcome.err
    assert "give another folder by --output, or remove that one" in outcome.err


def test_ctrl_c_exits_with_130_and_keeps_what_is_finished(
    mtlspec: CommandLine, runs: InThisProcess, document: Path, tmp_path: Path
) -> None:
    command = ("baseline", document, "--backend", "numpy", "--output", tmp_path / "out", "--quiet")
    runs.interrupted = 1
    assert mtlspec(*command).code == 130
    assert len(list((tmp_path / "out" / "runs").iterdir())) == 1
    runs.interrupted = None
    assert mtlspec(*command).code == 0
    assert runs.made == 3


@pytest.mark.parametrize(
    ("option", "told"),
    [
        (("--grid", "4"), "--grid says which weights are tried; add `--sweep weights`"),
        (("--draws", "4"), "--draws says which weights are tried; add `--sweep weights`"),
        (("--sweep", "weights", "--grid", "4", "--draws", "4"), "leave one out"),
        (("--plot", "gains.txt"), "expected a name that ends in .svg, .png, .pdf"),
        (("--epochs", "2", "--steps", "3"), "expected `epochs` or `steps`, found both: 2 and 3"),
        (("--backend", "nunpy"), "no backend 'nunpy'; did you mean 'numpy'"),
    ],
)
def test_what_cannot_be_compared_is_told_before_anything_is_made(
    mtlspec: CommandLine, runs: InThisProcess, document: Path, tmp_path: Path, option: tuple[str, ...], told: str
) -> None:
    given = () if "--backend" in option else ("--backend", "numpy")
    outcome = mtlspec("baseline", document, *given, "--output", tmp_path / "out", *option)
    assert outcome.code == 2
    assert told in outcome.err
    assert runs.made == 0
    assert not (tmp_path / "out").exists()


def test_a_failed_process_is_bad_input(
    mtlspec: CommandLine, document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mtlspec.baselines.runs.WORKER", "mtlspec.no_such_worker")
    outcome = mtlspec("baseline", document, "--backend", "numpy", "--output", tmp_path / "out")
    assert outcome.code == 2
    assert outcome.err.startswith("the run 'alone kind' with seed 0 failed:\n")
    assert "No module named mtlspec.no_such_worker" in outcome.err


def test_an_affinity_is_printed_reported_and_drawn(mtlspec: CommandLine, document: Path, tmp_path: Path) -> None:
    report, plot = tmp_path / "report.json", tmp_path / "heat.svg"
    outcome = mtlspec(
        "affinity", document, "--backend", "numpy", "--steps", "12", "--every", "4", "--report", report, "--plot", plot
    )
    assert (outcome.code, outcome.err) == (0, "")
    assert "1 - loss after / loss before, the mean of 3 measurements over 12 steps" in outcome.out
    found = json.loads(report.read_text())
    assert (found["tasks"], found["measured"], found["steps"]) == (["kind", "size"], 3, 12)
    assert [*found["affinity"], *found["affinity"]["kind"]] == ["kind", "size", "kind", "size"]
    assert found["grouping"] == max(found["groupings"], key=lambda each: each["score"])
    assert plot.read_text().lstrip().startswith("<?xml")


@pytest.mark.parametrize(("groups", "starred"), [("1", "kind + size *"), ("2", "kind | size *")])
def test_the_number_of_groups_can_be_asked_for(mtlspec: CommandLine, document: Path, groups: str, starred: str) -> None:
    outcome = mtlspec("affinity", document, "--backend", "numpy", "--steps", "2", "--groups", groups)
    assert outcome.code == 0
    assert outcome.out.count("*") == 1
    assert starred in outcome.out


@pytest.mark.parametrize(
    ("option", "told"),
    [
        (("--groups", "3"), "expected from 1 to 2 groups"),
        (("--every", "0"), "--every"),
        (("--step", "newton"), "newton"),
        (("--report", "nowhere/report.json"), "there is no folder nowhere"),
    ],
)
def test_what_cannot_be_measured_is_bad_input(
    mtlspec: CommandLine, document: Path, option: tuple[str, ...], told: str
) -> None:
    outcome = mtlspec("affinity", document, "--backend", "numpy", "--steps", "2", *option)
    assert outcome.code == 2
    assert told in outcome.err


def test_without_data_affinities_are_of_synthetic_examples(mtlspec: CommandLine, tmp_path: Path) -> None:
    path = tmp_path / "bare.yaml"
    path.write_text(render(SPEC.replacing(lambda s: s.data, by=None), explicit=False))
    outcome = mtlspec("affinity", path, "--backend", "numpy", "--steps", "2", "--quiet")
    assert (outcome.code, outcome.out) == (0, "")
    assert "has no `data:` section: measuring on synthetic examples" in outcome.err
