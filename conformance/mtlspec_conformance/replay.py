"""Replay: what a report says of one case, run again as it was run, and whether the verdict is the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from mtlspec.backend import Backend
from mtlspec.spec.training import Precision
from mtlspec.spec.value import nearest
from mtlspec_conformance import report as reports
from mtlspec_conformance.case import Case
from mtlspec_conformance.deviations import deviations_of
from mtlspec_conformance.levels import LEVELS
from mtlspec_conformance.lines import Line
from mtlspec_conformance.measure import Agreement, Disagreement, Finding
from mtlspec_conformance.report import Report, ReportError
from mtlspec_conformance.runner import Examination, found
from mtlspec_conformance.verdicts import Result, step_of


@dataclass(frozen=True)
class Replayed:
    """One line of a report, and what came out when it was run again."""

    line: Line
    result: Result
    findings: tuple[Finding, ...]

    @property
    def reproduced(self) -> bool:
        """Whether the verdict is the same."""
        return self.result.verdict == self.line.verdict


def replayed(
    report: Report, *, case: str, level: str | None = None, precision: Precision | None = None
) -> Iterator[Replayed]:
    """Yield every line of a case run again: the same backend, device and precision, with the case that was run.

    Raises:
        ReportError: the report has no such line that was run, or the backend is not at its address.
    """
    lines, one = chosen(report, case=case, level=level, precision=precision), report.case(case)
    subject = found(report.header.address)
    examinations = {p: _examination(subject, one, p, report.header.device) for p in {line.precision for line in lines}}
    for line in lines:
        yield Replayed(line, *examinations[line.precision].examined(LEVELS[line.level]))


def _examination(subject: Backend, case: Case, precision: Precision, device: str) -> Examination:
    return Examination(subject, case, precision, deviations_of(subject), device=device)


def chosen(
    report: Report, *, case: str, level: str | None = None, precision: Precision | None = None
) -> tuple[Line, ...]:
    """Return the lines of `case` that were run, in one level or all.

    Raises:
        ReportError: there is none; the message names the nearest.
    """
    of_case = [line for line in report.lines if line.case == case]
    if not of_case:
        raise ReportError(f"{report.path}: no case {case!r}{nearest(case, report.ids)}")
    levels = tuple(dict.fromkeys(line.level for line in of_case))
    if level is not None and level not in levels:
        known = f"; the report has {', '.join(levels)}{nearest(level, levels)}"
        raise ReportError(f"{report.path}: no level {level!r} of {case}{known}")
    lines = tuple(
        line
        for line in of_case
        if line.verdict != "not_run" and level in (None, line.level) and precision in (None, line.precision)
    )
    if not lines:
        asked = " ".join(part for part in (case, level, precision) if part)
        raise ReportError(f"{report.path}: {asked} was not run, so that there is nothing to repeat")
    return lines


def run(
    console: Console, path: Path, *, case: str, level: str | None = None, precision: Precision | None = None
) -> int:
    """Print every line of a case run again, and return 0 if every verdict is the same, else 1.

    Raises:
        MtlspecError: no such report, case, level or backend.
    """
    report = reports.read(path)
    done = []
    for one in replayed(report, case=case, level=level, precision=precision):
        _show(console, one)
        done.append(one)
    for changed in changes(report):
        console.print(f"changed since the report: {escape(changed)}", highlight=False, style="yellow")
    same = sum(one.reproduced for one in done)
    style = "bold" if same == len(done) else "bold red"
    console.print(f"{report.header.backend}: {same} of {len(done)} verdicts reproduced", highlight=False, style=style)
    return 0 if same == len(done) else 1


def changes(report: Report) -> tuple[str, ...]:
    """Return what is not as the header says: versions, threads, flags, and the suite; to be asked after the run."""
    now = reports.header(found(report.header.address), device=report.header.device)
    said = []
    for name in ("suite", "spec", "python", "platform", "limit", "floor"):
        said.append((name, getattr(report.header, name), now[name]))
    for name in ("versions", "threads", "flags"):
        then = getattr(report.header, name)
        said.extend((key, then.get(key, "not there"), now[name].get(key, "not there")) for key in {**then, **now[name]})
    told = [f"{name}: {before}, now {after}" for name, before, after in said if before != after]
    if report.header.case_set != now["case_set"]:
        told.append("the cases of the suite; one that the report carries is run as it was")
    return tuple(told)


def _show(console: Console, one: Replayed) -> None:
    line, result = one.line, one.result
    same = "reproduced" if one.reproduced else f"NOT reproduced: the report says {line.verdict}"
    console.print(
        f"{result.verdict} {line.case} at level {line.level}, {line.precision}: {same}",
        highlight=False,
        style="bold" if one.reproduced else "bold red",
    )
    differing = [finding for finding in one.findings if isinstance(finding, Disagreement)]
    agreeing = [finding for finding in one.findings if isinstance(finding, Agreement)]
    if differing:
        console.print(
            f"  {len(differing)} of {len(one.findings)} comparisons differ{_first(differing)}:", highlight=False
        )
    for finding in differing:
        console.print(f"  {escape(finding.where)}", highlight=False)
        limit = "" if finding.exact else f", limit {finding.limit:.1e}"
        console.print(f"    {escape(finding.reason)}; error {finding.error:.3g}{limit}", highlight=False)
    if agreeing:
        closest = max(agreeing, key=lambda finding: finding.error / finding.limit)
        said = f"{len(agreeing)} agree, the closest call {closest.error:.1e} at {closest.where}"
        console.print(f"  {escape(said)}", highlight=False)
    if result.detail:
        console.print(f"  {escape(result.detail)}", highlight=False)


def _first(differing: list[Disagreement]) -> str:
    """Return the first step at which anything differs, where steps are compared."""
    steps = [step for step in map(step_of, differing) if step is not None]
    return f", first at step {min(steps)}" if steps else ""
