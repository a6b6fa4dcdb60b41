"""The report: a header, every result, the cases that went wrong, and a footer; anything less is none."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mtlspec_conformance import report, suite
from mtlspec_conformance.case import Case
from mtlspec_conformance.case_file import content_of
from mtlspec_conformance.measure import LIMIT
from mtlspec_conformance.profiles import profile_verdicts
from mtlspec_conformance.runner import results
from mtlspec_conformance.suite import case, digest
from planted import Narrow, Raising, Reference
from planted_differences import Frozen, Late

from mtlspec.backend import Backend
from mtlspec.spec.training import Precision

Content = list[dict[str, Any]]


def written(path: Path, backend: Backend, *ids: str, precision: Precision = "float64") -> Path:
    cases = [case(id) for id in ids]
    done = list(results(backend, suite=cases, precision=precision))
    profiles = profile_verdicts(backend.capabilities, done, suite=cases)
    last = report.footer(done, untested=["Gelu.approximation: tanh"], complaints=[], profiles=profiles)
    report.write(path, header=report.header(backend), results=done, footer=last)
    return path


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("reports")
    return written(folder / "out.jsonl", Frozen(), "layer/dense", "activation/relu").read_text()


@pytest.fixture
def whole(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "out.jsonl"
    path.write_text(text)
    return path


def test_the_header_says_what_ran(whole: Path) -> None:
    header = report.read(whole).header
    assert (header.suite, header.case_set, header.spec) == (suite.version(), digest(), 1)
    assert (header.backend, header.address) == ("numpy with bias-frozen", "planted_differences:Frozen")
    assert (header.device, header.precisions, header.examined, header.seed) == ("cpu", ("float64",), "suite", None)
    assert {"mtlspec", "numpy"} <= header.versions.keys()
    assert "OMP_NUM_THREADS" in header.threads
    assert header.limit == LIMIT


def test_the_address_is_what_the_name_stands_for() -> None:
    assert report.header(Reference(), address="numpy")["address"] == "mtlspec_numpy:NumpyBackend"
    assert report.header(Reference(), address="elsewhere:made")["address"] == "elsewhere:made"
    assert report.header(Reference())["address"] == "planted:Reference"


def test_every_result_has_its_line(whole: Path) -> None:
    found = report.read(whole)
    dense = [line for line in found.lines if line.case == "layer/dense"]
    levels = ["shape", "forward", "loss", "gradient", "step", "trajectory", "interchange"]
    assert [line.level for line in dense] == levels
    assert [line.verdict for line in dense][:4] == ["conforms", "conforms", "conforms", "differs"]
    assert all(line.findings > 0 for line in found.lines)
    assert found.footer.of == len(found.lines)
    assert found.footer.counts["differs"] == sum(line.verdict == "differs" for line in found.lines) > 2
    assert found.footer.untested == ("Gelu.approximation: tanh",)


def test_a_difference_has_its_key_path_error_limit_and_numbers(whole: Path) -> None:
    (line,) = (line for line in report.read(whole).lines if (line.case, line.level) == ("layer/dense", "gradient"))
    assert line.worst is not None
    assert "trunk[0].bias" in line.worst
    assert (line.error, line.limit, line.noise) == (1.0, LIMIT, None)
    assert "expected" in line.reason
    assert "found" in line.reason


def test_the_step_of_a_difference_is_told(tmp_path: Path) -> None:
    found = report.read(written(tmp_path / "late.jsonl", Late(), "schedule/exponential"))
    (line,) = (line for line in found.lines if line.level == "trajectory")
    assert line.verdict == "differs"
    assert line.step is not None
    assert f"step {line.step}" in str(line.worst)


def test_in_float32_the_noise_and_the_ratio_are_told(tmp_path: Path) -> None:
    found = report.read(written(tmp_path / "f32.jsonl", Frozen(), "layer/dense", precision="float32"))
    assert found.header.precisions == ("float32",)
    (line,) = (line for line in found.lines if line.level == "gradient")
    assert line.verdict == "differs"
    assert line.noise is not None
    assert line.limit is not None
    assert line.ratio == pytest.approx(1.0 / line.noise)
    assert line.limit == pytest.approx(found.header.ratio * line.noise)  # type: ignore[operator]


def test_profiles_are_in_the_footer(tmp_path: Path) -> None:
    (found, *_) = report.read(
        written(tmp_path / "p.jsonl", Reference(), "layer/dense", "activation/relu")
    ).footer.profiles
    assert (found.profile, found.conforms, found.of) == ("core-1", 12, 12)
    assert "loss/huber" in found.unseen
    assert found.verdict == "not_run"


def test_what_is_not_green_travels_with_its_case(whole: Path) -> None:
    found = report.read(whole)
    assert set(found.cases) == {"layer/dense", "activation/relu"}
    assert found.cases["layer/dense"].why == case("layer/dense").why
    assert_same(found.case("layer/dense"), case("layer/dense"))


def test_what_is_green_does_not(tmp_path: Path) -> None:
    found = report.read(written(tmp_path / "green.jsonl", Reference(), "layer/dense"))
    assert not found.cases
    assert found.case("layer/dense") is case("layer/dense")


def test_an_error_travels_with_its_case(tmp_path: Path) -> None:
    found = report.read(written(tmp_path / "raising.jsonl", Raising(), "activation/relu"))
    (line,) = (line for line in found.lines if line.verdict == "error")
    assert "OSError: the device is gone" in line.detail
    assert set(found.cases) == {"activation/relu"}


def test_a_case_of_its_own_travels_once(tmp_path: Path) -> None:
    own = replace(case("layer/dense"), id="own/penguins")
    done = list(results(Reference(), suite=[own]))
    path = tmp_path / "own.jsonl"
    last = report.footer(done, untested=[], complaints=[])
    report.write(path, header=report.header(Reference(), examined="document"), results=done, footer=last, cases=[own])
    assert path.read_text().count('"own/penguins", "why"') == 1
    assert_same(report.case(path, "own/penguins"), own)


@pytest.mark.parametrize("id", ["model/three-phases", "law/table-separate", "tasks/all-labels-absent"])
def test_a_case_is_the_same_after_the_journey(id: str) -> None:
    assert_same(report.case_file.read(json.loads(json.dumps(content_of(case(id))))), case(id))


def assert_same(found: Case, expected: Case) -> None:
    assert (found.id, found.why, found.spec) == (expected.id, expected.why, expected.spec)
    assert found.parameters.keys() == expected.parameters.keys()
    assert all(np.array_equal(array, expected.parameters[path]) for path, array in found.parameters.items())
    for part in ("inputs", "targets", "weights", "present", "dividing_weights"):
        ours, theirs = getattr(found.dataset, part), getattr(expected.dataset, part)
        assert all(np.array_equal(array, theirs[name]) for name, array in ours.items())
    assert all(np.array_equal(a, b) for a, b in zip(found.rows, expected.rows, strict=True))
    if expected.script is not None and found.script is not None:
        assert np.array_equal(found.script.learning_rates, expected.script.learning_rates)


def test_an_unknown_case_is_told_with_the_nearest(whole: Path) -> None:
    with pytest.raises(report.ReportError, match=r"no case 'layer/dens'; did you mean 'layer/dense'\?"):
        report.case(whole, "layer/dens")


def test_no_other_file_is_left(whole: Path) -> None:
    assert list(whole.parent.iterdir()) == [whole]


def test_what_would_be_no_report_is_not_written(whole: Path) -> None:
    before = whole.read_bytes()
    done = list(results(Reference(), suite=[case("layer/dense")]))
    wrong = report.footer(done[1:], untested=[], complaints=[])
    with pytest.raises(report.ReportError, match="the footer counts"):
        report.write(whole, header=report.header(Reference()), results=done, footer=wrong)
    assert whole.read_bytes() == before
    assert list(whole.parent.iterdir()) == [whole]


@pytest.mark.parametrize("lost", [1, 2, 5])
def test_a_report_that_was_cut_off_is_none(whole: Path, lost: int) -> None:
    lines = whole.read_text().splitlines(keepends=True)
    whole.write_text("".join(lines[:-lost]))
    with pytest.raises(report.ReportError, match=rf"out\.jsonl:{len(lines) - lost}: no footer"):
        report.read(whole)


def test_a_report_that_was_cut_off_inside_a_line_is_none(whole: Path) -> None:
    whole.write_text(whole.read_text()[:-30])
    with pytest.raises(report.ReportError, match=r"out\.jsonl:\d+: not JSON: .* cut off"):
        report.read(whole)


@pytest.mark.parametrize("empty", ["", "\n"])
def test_an_empty_file_is_none(tmp_path: Path, empty: str) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text(empty)
    with pytest.raises(report.ReportError, match=r"out\.jsonl:1:"):
        report.read(path)
    with pytest.raises(report.ReportError, match="No such file"):
        report.read(tmp_path / "other.jsonl")


def _first_line(**changes: object) -> Callable[[Content], None]:
    return lambda content: content[1].update(changes)


def _header(**changes: object) -> Callable[[Content], None]:
    return lambda content: content[0].update(changes)


def _footer(**changes: object) -> Callable[[Content], None]:
    return lambda content: content[-1].update(changes)


def _twice(index: int) -> Callable[[Content], None]:
    return lambda content: content.insert(index, content[index])


def _without(index: int, key: str) -> Callable[[Content], None]:
    return lambda content: content[index].pop(key)


DAMAGES: dict[str, tuple[Callable[[Content], None], str]] = {
    "no header": (lambda content: content.pop(0) and None, r":1: no header"),
    "older format": (_header(report=1), r":1: expected a report of format 2, found 1"),
    "no suite": (_without(0, "suite"), r":1: header\.suite: Field required"),
    "no digest": (_header(case_set="abc"), r":1: header\.case_set: .* found 'abc'"),
    "unknown field": (_header(colour="red"), r":1: header\.colour: Extra inputs"),
    "unknown verdict": (_first_line(verdict="passed"), r":2: line\.verdict: .* found 'passed'"),
    "a number as text": (_first_line(findings="23"), r":2: line\.findings: .* found '23'"),
    "no level": (_without(1, "level"), r":2: line\.level: Field required"),
    "an error below 0": (_first_line(error=-1.0), r":2: line\.error"),
    "a doubled line": (_twice(1), r":3: a second line of layer/dense shape float64"),
    "another precision": (_first_line(precision="float32"), r":2: the header has no precision float32"),
    "conforms and differs": (_first_line(disagreements=1), r":2: line: .*conforms, with 1 disagreements"),
    "conforms by nothing": (_first_line(findings=0), r":2: line: .*conforms, with 0 disagreements in 0"),
    "differs by nothing": (_first_line(verdict="differs"), r":2: line: .*differs, without a disagreement"),
    "ran, but not run": (_first_line(verdict="not_run"), r":2: line: .*not_run, with \d+ findings"),
    "unsaid error": (_first_line(verdict="error"), r":2: line: .*error, without a detail"),
    "a lost line": (lambda content: content.pop(1) and None, r": the footer counts .*, of 12; the lines are .*, of 11"),
    "wrong counts": (_footer(of=99), r": the footer counts 99"),
    "a verdict uncounted": (lambda content: content[-1]["counts"].pop("error") and None, r"counts needs every verdict"),
    "a lost case": (lambda content: content.pop(-2) and None, r"no line with the case: activation/relu"),
    "a doubled case": (_twice(-2), r"the case activation/relu is there twice"),
    "a broken case": (lambda content: content[-2]["case"].pop("why") and None, r"embedded\.case\.why: Field required"),
    "two reports": (lambda content: content.extend(content[:]), r"a header or footer inside"),
    "no object": (lambda content: content.insert(1, []), r":2: expected an object, found list"),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_report_is_refused_with_file_and_line(whole: Path, name: str) -> None:
    damage, message = DAMAGES[name]
    content = [json.loads(line) for line in whole.read_text().splitlines()]
    damage(content)
    whole.write_text("".join(f"{json.dumps(line)}\n" for line in content))
    with pytest.raises(report.ReportError, match=message) as caught:
        report.read(whole)
    assert str(caught.value).startswith(f"{whole}:")


def test_infinity_is_no_json(whole: Path) -> None:
    whole.write_text(whole.read_text().replace('"error": 0.0', '"error": Infinity', 1))
    with pytest.raises(report.ReportError, match=r"out\.jsonl:2: line"):
        report.read(whole)


def test_what_is_unsupported_needs_no_case(tmp_path: Path) -> None:
    found = report.read(written(tmp_path / "narrow.jsonl", Narrow(), "activation/softplus"))
    assert {line.verdict for line in found.lines} == {"unsupported"}
    assert "activation/softplus" in found.lines[0].detail
    assert not found.cases
