"""compare: several backends after one flag, a report of fixed form, exit codes."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import planted_backends
import pytest
from command_line import CommandLine
from documents import TWO_TASKS

from mtlspec import load
from mtlspec.cli.several import names_in, repeated


@pytest.fixture
def document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "site"
    folder.mkdir()
    planted_backends.install(folder, monkeypatch)
    path = tmp_path / "two.yaml"
    path.write_text(TWO_TASKS + "training: {batch_size: 8}\n")
    return path


def test_two_backends_are_compared_and_reported(mtlspec: CommandLine, document: Path, tmp_path: Path) -> None:
    report, plot = tmp_path / "report.json", tmp_path / "plot.svg"
    outcome = mtlspec(
        "compare", document, "--backends", "numpy", "twin", "--steps", "15", "--report", report, "--plot", plot
    )
    assert outcome.code == 0
    assert "no `data:` section: comparing on synthetic examples" in outcome.err
    assert outcome.out.rstrip().splitlines()[-1].startswith("largest difference 0.0e+00 at step 0, task kind; floor ")
    found = json.loads(report.read_text())
    assert list(found) == ["spec", "precision", "steps", "floor", "backends", "largest_difference"]
    assert (found["spec"], found["precision"], found["steps"]) == (load(document).digest(), "float64", 15)
    assert list(found["backends"]) == ["numpy", "twin"]
    assert len(found["backends"]["twin"]["losses"]["size"]) == 15
    assert plot.read_text().lstrip().startswith("<?xml")


@pytest.mark.parametrize(("limit", "code"), [("1e-3", 0), ("1e-12", 1)])
def test_a_limit_decides_the_exit_code(mtlspec: CommandLine, document: Path, limit: str, code: int) -> None:
    outcome = mtlspec("compare", document, "--backends", "numpy,wrong", "--steps", "6", "--limit", limit)
    assert outcome.code == code
    assert ("is above" in outcome.err) == bool(code)


def test_no_limit_holds_for_losses_that_are_not_finite(mtlspec: CommandLine, document: Path) -> None:
    outcome = mtlspec("compare", document, "--backends", "numpy", "diverging", "--steps", "2", "--limit", "1e300")
    assert outcome.code == 1


def test_a_failed_process_is_bad_input_and_writes_nothing(mtlspec: CommandLine, document: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    outcome = mtlspec("compare", document, "--backends", "numpy", "broken", "--report", report)
    assert outcome.code == 2
    assert "RuntimeError: broken on purpose" in outcome.err
    assert not report.exists()


@pytest.mark.parametrize(
    ("option", "told"),
    [
        (("--plot", "losses.txt"), "expected a name that ends in .svg, .png, .pdf"),
        (("--report", "nowhere/report.json"), "there is no folder nowhere"),
        (("--data", "table.csv"), "--data needs a `data:` section"),
        (("--steps", "0"), "--steps"),
        (("--precision", "float16"), "float16"),
    ],
)
def test_what_cannot_be_done_is_told_before_anything_is(
    mtlspec: CommandLine, document: Path, option: tuple[str, str], told: str
) -> None:
    outcome = mtlspec("compare", document, "--backends", "broken", "wrong", *option)
    assert outcome.code == 2
    assert told in outcome.err
    assert "broken on purpose" not in outcome.err


def test_one_backend_is_bad_input(mtlspec: CommandLine, document: Path) -> None:
    outcome = mtlspec("compare", document, "--backends", "numpy")
    assert (outcome.code, outcome.err.splitlines()[-1]) == (
        2,
        "expected two or more different backends to compare, found numpy",
    )


@pytest.mark.parametrize(
    ("given", "names", "rest"),
    [
        (["s.yaml", "--backends", "torch", "keras"], ["torch", "keras"], ["s.yaml"]),
        (["--backends", "torch", "keras", "s.yaml"], ["torch", "keras"], ["s.yaml"]),
        (["--backends", "torch", "keras", "dir/s"], ["torch", "keras"], ["dir/s"]),
        (["s.yaml", "--backends", "torch,keras", "--steps", "5"], ["torch", "keras"], ["s.yaml", "--steps", "5"]),
        (["s.yaml", "--backends", "a", "--backends", "b", "c,d"], ["a", "b", "c", "d"], ["s.yaml"]),
        (["s.yaml", "--steps", "5", "--backends", "a", "b-2", "--limit", "1"], ["a", "b-2"],
         ["s.yaml", "--steps", "5", "--limit", "1"]),
        (["s.yaml", "--steps", "5"], [], ["s.yaml", "--steps", "5"]),
    ],
)  # fmt: skip
def test_a_flag_takes_the_names_that_follow(given: list[str], names: list[str], rest: list[str]) -> None:
    written = list(repeated(given))
    values = [value for flag, value in pairwise(written) if flag == "--backends"]
    others = [a for i, a in enumerate(written) if a != "--backends" and (i == 0 or written[i - 1] != "--backends")]
    assert list(names_in(values)) == names
    assert others == rest
