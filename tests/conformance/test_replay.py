"""Replay and reproducers: what a report says can be seen again, from the report or from five lines."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from mtlspec_conformance import replay, report
from mtlspec_conformance.lines import Line
from mtlspec_conformance.reproducer import disagreements, script
from mtlspec_conformance.runner import results
from mtlspec_conformance.suite import case
from planted import Narrow, NotCompiling, Raising, Reference
from planted_differences import Frozen
from rich.console import Console

from mtlspec.backend import Backend
from mtlspec.errors import BackendError
from mtlspec.spec.training import Precision


def written(folder: Path, backend: Backend, *, precision: Precision = "float64", own: bool = False) -> Path:
    cases = [case("layer/dense"), case("activation/softplus")]
    cases = [replace(each, id=f"own/{each.id.partition('/')[2]}") for each in cases] if own else cases
    done = list(results(backend, suite=cases, precision=precision))
    path = folder / "out.jsonl"
    report.write(
        path,
        header=report.header(backend, examined="document" if own else "suite"),
        results=done,
        footer=report.footer(done, untested=[], complaints=[]),
        cases=cases if own else [],
    )
    return path


def changed(path: Path, number: int, **changes: Any) -> Path:
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    lines[number].update(changes)
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return path


def line_of(path: Path, case: str, level: str) -> Line:
    (line,) = (line for line in report.read(path).lines if (line.case, line.level) == (case, level))
    return line


def run(path: Path, **arguments: Any) -> tuple[int, str]:
    told = StringIO()
    console = Console(file=told, soft_wrap=True, width=400)
    return replay.run(console, path, **arguments), told.getvalue()


@pytest.mark.parametrize("own", [False, True], ids=["suite", "own"])
@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_the_reproducer_is_five_lines_that_print_the_same_difference(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], own: bool, precision: Precision
) -> None:
    path = written(tmp_path, Frozen(), own=own, precision=precision)
    line = line_of(path, "own/dense" if own else "layer/dense", "gradient")
    program = script(report.read(path), line)
    assert len(program.splitlines()) == 5
    exec(program, {})
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == line.disagreements == 2
    assert f"{line.worst}: {line.reason}" in printed


def test_a_reproducer_of_the_suite_needs_no_report(tmp_path: Path) -> None:
    path = written(tmp_path, Frozen())
    assert str(path) not in script(report.read(path), line_of(path, "layer/dense", "gradient"))


def test_the_reproducer_of_an_error_says_what_was_raised(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, Raising())
    exec(script(report.read(path), line_of(path, "layer/dense", "loss")), {})
    assert "OSError: the device is gone" in capsys.readouterr().out
    with pytest.raises(ZeroDivisionError):
        disagreements(case("layer/dense"), backend=NotCompiling(), level="loss")


def test_a_right_backend_has_no_disagreements() -> None:
    assert disagreements(case("layer/dense"), backend="planted:Reference", level="gradient") == ()


def test_a_difference_is_reproduced_with_all_its_places(tmp_path: Path) -> None:
    path = written(tmp_path, Frozen())
    code, told = run(path, case="layer/dense", level="gradient")
    assert code == 0
    assert "differs layer/dense at level gradient, float64: reproduced" in told
    for bias in ("trunk[0].bias", "tasks.y.head[0].bias"):
        assert f"gradient of {bias}, total, batch 0" in told
    assert "expected -0.46778512534919514, found" in told
    assert "2 of 9 comparisons differ:" in told
    assert "error 1, limit 1.0e-10" in told
    assert "1 of 1 verdicts reproduced" in told
    assert "changed" not in told


def test_all_levels_of_a_case_are_run_without_a_choice(tmp_path: Path) -> None:
    code, told = run(written(tmp_path, Frozen()), case="layer/dense")
    assert code == 0
    assert "7 of 7 verdicts reproduced" in told
    assert "comparisons differ, first at step 1:" in told


@pytest.mark.parametrize(
    ("backend", "case", "level", "said"),
    [
        (Raising(), "layer/dense", "loss", "OSError: the device is gone"),
        (NotCompiling(), "layer/dense", "loss", "ZeroDivisionError"),
        (Narrow(), "activation/softplus", "loss", "does not claim activation/softplus"),
    ],
    ids=["raising", "not compiling", "not claimed"],
)
def test_other_verdicts_are_reproduced_too(tmp_path: Path, backend: Backend, case: str, level: str, said: str) -> None:
    code, told = run(written(tmp_path, backend), case=case, level=level)
    assert code == 0
    assert said in told


def test_a_mended_backend_does_not_reproduce_the_verdict(tmp_path: Path) -> None:
    path = changed(written(tmp_path, Frozen()), 0, address="planted:Reference")
    code, told = run(path, case="layer/dense", level="gradient")
    assert code == 1
    assert "conforms layer/dense at level gradient, float64: NOT reproduced: the report says differs" in told
    assert "0 of 1 verdicts reproduced" in told


def test_the_case_that_the_report_carries_is_run(tmp_path: Path) -> None:
    path = written(tmp_path, Frozen(), own=True)
    code, told = run(path, case="own/dense", level="gradient")
    assert code == 0
    assert "differs own/dense" in told


def test_what_has_changed_since_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, Frozen())
    header = report.read(path).header
    changed(path, 0, versions={**header.versions, "numpy": "1.0.0", "gone": "3"}, case_set="0" * 64, python="3.1")
    code, told = run(path, case="layer/dense", level="gradient")
    assert code == 0
    assert f"numpy: 1.0.0, now {header.versions['numpy']}" in told
    assert "gone: 3, now not there" in told
    assert f"python: 3.1, now {header.python}" in told
    assert "the cases of the suite" in told


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"case": "layer/dens"}, r"no case 'layer/dens'; did you mean 'layer/dense'\?"),
        ({"case": "layer/dense", "level": "gradients"}, r"no level 'gradients'.*did you mean 'gradient'\?"),
        ({"case": "layer/dense", "precision": "float32"}, r"layer/dense float32 was not run"),
    ],
    ids=["case", "level", "precision"],
)
def test_bad_usage_names_the_nearest(tmp_path: Path, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(report.ReportError, match=message):
        run(written(tmp_path, Reference()), **arguments)


def test_what_was_not_run_cannot_be_repeated(tmp_path: Path) -> None:
    done = list(results(Reference(), suite=[case("layer/dense")], level="loss"))
    path = tmp_path / "out.jsonl"
    last = report.footer(done, untested=[], complaints=[])
    report.write(path, header=report.header(Reference()), results=done, footer=last)
    assert run(path, case="layer/dense")[1].count("reproduced") == 2
    with pytest.raises(report.ReportError, match="layer/dense gradient was not run"):
        run(path, case="layer/dense", level="gradient")


def test_a_backend_that_is_gone_is_told(tmp_path: Path) -> None:
    path = changed(written(tmp_path, Frozen()), 0, address="planted:Gone")
    with pytest.raises(BackendError, match="planted:Gone"):
        run(path, case="layer/dense")


def test_witnesses_are_repeated_by_their_command(tmp_path: Path) -> None:
    path = written(tmp_path, Frozen(), own=True)
    changed(path, 0, examined="witness", command="mtlspec verify a.record b.record")
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.startswith('{"case": {')))
    with pytest.raises(report.ReportError, match=r"run again by `mtlspec verify a\.record b\.record`"):
        run(path, case="own/dense")
