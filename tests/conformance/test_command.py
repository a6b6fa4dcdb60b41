"""The command: several processes, replay and pages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from mtlspec_conformance import report
from mtlspec_conformance.__main__ import APP
from mtlspec_conformance.parallel import shared
from mtlspec_conformance.runner import size
from planted import Reference
from typer.testing import CliRunner, Result

from mtlspec.backend import Backend
from mtlspec.errors import BackendError


def _run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(APP, [str(argument) for argument in arguments], catch_exceptions=False)


@pytest.fixture(scope="module")
def differing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a backend that reports no gradient for biases."""
    path = tmp_path_factory.mktemp("report") / "frozen.jsonl"
    assert _run("planted_differences:Frozen", "--case", "layer/dense", "--report", path).exit_code == 1
    return path


def test_several_processes_find_what_one_finds(tmp_path: Path) -> None:
    for jobs in ("1", "2"):
        done = _run("planted_differences:Frozen", "--case", "layer/*", "--jobs", jobs, "--report", tmp_path / jobs)
        assert done.exit_code == 1
    alone, together = (report.read(tmp_path / jobs) for jobs in ("1", "2"))
    assert alone.lines == together.lines
    assert alone.footer == together.footer
    assert alone.footer.of == size()


def _dies(backend: Backend, item: int) -> int:
    import os

    os._exit(3)


def test_a_process_that_dies_is_told() -> None:
    with pytest.raises(BackendError, match="died"):
        list(shared(_dies, range(4), address="planted:Reference", jobs=2))


def test_results_come_in_order() -> None:
    assert list(shared(_named, range(20), address="planted:Reference", jobs=2)) == [
        (Reference.name, index) for index in range(20)
    ]


def _named(backend: Backend, item: int) -> tuple[str, int]:
    return backend.name, item


def test_float32_is_another_precision_of_the_report(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    assert _run("numpy", "--case", "layer/dense*", "--precision", "float32", "--report", path).exit_code == 0
    assert {line.precision for line in report.read(path).lines} == {"float32"}


def test_a_replay_reproduces_the_verdicts(differing: Path) -> None:
    done = _run("replay", differing, "--case", "layer/dense", "--level", "gradient")
    assert done.exit_code == 0
    assert "1 of 1 verdicts reproduced" in done.output
    assert "trunk[0].bias" in done.output


def test_a_replay_with_another_outcome_exits_with_1(differing: Path, tmp_path: Path) -> None:
    lines = [json.loads(line) for line in differing.read_text().splitlines()]
    changed = tmp_path / "changed.jsonl"
    other = {**lines[0], "address": "planted:Reference"}
    changed.write_text("".join(f"{json.dumps(line)}\n" for line in (other, *lines[1:])))
    assert _run("replay", changed, "--case", "layer/dense", "--level", "gradient").exit_code == 1


def test_pages_are_written_by_the_ending_of_their_name(differing: Path, tmp_path: Path) -> None:
    for name, beginning in (("out.html", "<!doctype html>"), ("out.md", "# ")):
        assert _run("page", differing, "-o", tmp_path / name).exit_code == 0
        assert (tmp_path / name).read_text().startswith(beginning)


@pytest.mark.parametrize(
    "arguments",
    [
        ("replay", "none.jsonl", "--case", "layer/dense"),
        ("replay", "REPORT", "--case", "layer/dens"),
        ("replay", "REPORT", "--case", "layer/dense", "--level", "steps"),
        ("page", "none.jsonl", "-o", "out.html"),
        ("page", "REPORT", "-o", "no/such/folder/out.html"),
        ("numpy", "--report", "no/such/folder/out.jsonl"),
        ("numpy", "--jobs", "0"),
    ],
    ids=["no report", "no case", "no level", "no page", "no folder", "no folder for a report", "no process"],
)
def test_bad_usage_exits_with_2(
    arguments: tuple[str, ...], differing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert _run(*(str(differing) if each == "REPORT" else each for each in arguments)).exit_code == 2
    assert not list(tmp_path.iterdir())


def test_smoke_tells_a_backend_that_stands() -> None:
    done = _run("numpy", "--smoke")
    assert done.exit_code == 0
    assert "the harness stands" in done.output
