"""The report: a header, every result, and a footer without which it is none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from mtlspec_conformance import report
from mtlspec_conformance.runner import results
from mtlspec_conformance.suite import case, digest
from planted import Reference


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    done = list(results(Reference(), suite=[case("layer/dense")]))
    path = tmp_path / "out.jsonl"
    footer = report.footer(done, untested=["Gelu.approximation: tanh"], complaints=[])
    report.write(path, header=report.header(Reference()), results=done, footer=footer)
    return path


def test_the_header_says_what_ran(whole: Path) -> None:
    header, _, _ = report.read(whole)
    assert header["case_set"] == digest()
    assert header["backend"] == "numpy"
    assert {"mtlspec", "numpy"} <= header["versions"].keys()
    assert {"device", "threads", "precision", "python", "limit"} <= header.keys()


def test_every_line_is_a_result(whole: Path) -> None:
    _, lines, footer = report.read(whole)
    assert [line["level"] for line in lines] == [
        "shape",
        "forward",
        "loss",
        "gradient",
        "step",
        "trajectory",
        "interchange",
    ]
    assert {line["verdict"] for line in lines} == {"conforms"}
    assert all(line["findings"] > 0 for line in lines)
    assert footer["of"] == 7
    assert footer["untested"] == ["Gelu.approximation: tanh"]


def test_no_other_file_is_left(whole: Path) -> None:
    assert list(whole.parent.iterdir()) == [whole]


@pytest.mark.parametrize("lost", [1, 3, 8])
def test_a_report_that_was_cut_off_is_none(whole: Path, lost: int) -> None:
    lines = whole.read_text().splitlines(keepends=True)
    whole.write_text("".join(lines[:-lost]))
    with pytest.raises(report.ReportError, match="footer"):
        report.read(whole)


def test_a_report_without_header_is_none(whole: Path) -> None:
    whole.write_text("".join(whole.read_text().splitlines(keepends=True)[1:]))
    with pytest.raises(report.ReportError, match="header"):
        report.read(whole)


def test_a_report_whose_counts_are_not_its_lines_is_none(whole: Path) -> None:
    lines = whole.read_text().splitlines()
    changed = json.loads(lines[1]) | {"verdict": "differs"}
    for text in ([lines[0], *lines[2:]], [lines[0], json.dumps(changed), *lines[2:]]):
        whole.write_text("\n".join(text))
        with pytest.raises(report.ReportError, match="counts"):
            report.read(whole)
