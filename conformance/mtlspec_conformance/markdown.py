"""Markdown: reports as a page of text; every number is read from the lines of the reports."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Sequence

from mtlspec_conformance.facts import header_rows, line_facts, notes, profile_rows, reasons, size, unseen
from mtlspec_conformance.lines import ProfileLine
from mtlspec_conformance.matrix import SYMBOLS, Column, Matrix, matrix
from mtlspec_conformance.report import Report
from mtlspec_conformance.reproducer import script
from mtlspec_conformance.verdicts import VERDICTS


def rendered(reports: Sequence[Report]) -> str:
    """Return one page of `reports`."""
    shown = matrix(reports)
    parts = (_head, _scores, _begin, _levels, _profiles, _failures, _reasons, _cases, _notes, _headers)
    return "\n".join(line for part in parts for line in part(shown)).rstrip() + "\n"


def text(value: str) -> str:
    """Return `value` as text that Markdown shows as it is, in a paragraph or a table."""
    escaped = html.escape(" ".join(value.split()), quote=False)
    return "".join(f"\\{sign}" if sign in "\\`*_[]|#~" else sign for sign in escaped)


def code(value: str) -> str:
    """Return `value` as a code span, fit for a table."""
    plain = " ".join(value.split()).replace("|", "\\|")
    fence = "``" if "`" in plain else "`"
    space = " " if "`" in plain else ""
    return f"{fence}{space}{plain}{space}{fence}" if plain else ""


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    names = list(head)
    yield f"| {' | '.join(names)} |"
    yield f"|{' --- |' * len(names)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)
    yield ""


def _head(shown: Matrix) -> Iterator[str]:
    yield f"# Conformance of {text(', '.join(column.label for column in shown.columns))}"
    yield ""
    for warning in shown.warnings:
        yield f"> **{text(warning)}**"
        yield ""


def _scores(shown: Matrix) -> Iterator[str]:
    yield from (f"- **{text(column.label)}**: {column.tally}" for column in shown.columns)
    yield ""
    yield "; ".join(f"{SYMBOLS[verdict]} {verdict.replace('_', ' ')}" for verdict in VERDICTS)
    yield ""


def _levels(shown: Matrix) -> Iterator[str]:
    yield "## Levels"
    yield ""
    rows = ([level, *(_score(column, level) for column in shown.columns)] for level in shown.levels)
    yield from _table(["level", *(text(column.label) for column in shown.columns)], rows)


def _score(column: Column, level: str) -> str:
    found = column.tally_of(level)
    return f"{SYMBOLS[found.worst]} {found.conforming} of {found.of}" if found.of else ""


def _profiles(shown: Matrix) -> Iterator[str]:
    rows = [[name, *map(_profile, values)] for name, values in profile_rows(shown.reports)]
    if rows:
        yield "## Profiles"
        yield ""
        yield from _table(["profile", *(text(report.header.backend) for report in shown.reports)], rows)


def _profile(one: ProfileLine | None) -> str:
    if one is None:
        return "not claimed"
    told = f"{SYMBOLS[one.verdict]} {one.conforms} of {one.of}"
    return f"{told}; {text(unseen(one))}" if one.unseen else told


def _begin(shown: Matrix) -> Iterator[str]:
    for column in shown.columns:
        if column.first is not None:
            first = column.first
            said = code(first.worst or first.detail)
            yield f"Begin with {text(column.label)} at {code(first.case)}, level {first.level}: {said}"
            yield ""
        if column.closest is not None:
            call = column.closest
            at = f"{code(call.worst or '')} of {code(call.case)}, level {call.level}"
            yield f"Closest call of {text(column.label)}: {size(call.error)} at {at}"
            yield ""


def _failures(shown: Matrix) -> Iterator[str]:
    bad = [(column, case) for column in shown.columns for case in shown.cases if column.wrong(case)]
    if bad:
        yield "## What is not green"
        yield ""
    for column, case in bad:
        first, *later = column.wrong(case)
        yield f"### {text(column.label)}: {code(case)} {first.verdict} at level {first.level}"
        yield ""
        if shown.why(case):
            yield text(shown.why(case))
            yield ""
        yield from (f"- {name}: {code(value)}" for name, value in line_facts(first))
        if later:
            yield f"- also: {', '.join(f'{line.level} ({line.verdict})' for line in later)}"
        yield ""
        if column.report.has(case):
            yield from ("```python", *script(column.report, first).splitlines(), "```", "")
        elif column.report.header.command:
            yield from (code(column.report.header.command), "")


def _reasons(shown: Matrix) -> Iterator[str]:
    found = reasons(shown.columns)
    if found:
        yield "## What was not judged"
        yield ""
        yield from (f"- {len(lines)} × {text(reason)}" for reason, lines in found.items())
        yield ""


def _cases(shown: Matrix) -> Iterator[str]:
    yield "## Cases"
    yield ""
    yield "<details><summary>every case and level</summary>"
    yield ""
    head = ["case", *(f"{text(column.label)}: {' '.join(shown.levels)}" for column in shown.columns)]
    rows = ([code(case), *(_signs(column, case, shown.levels) for column in shown.columns)] for case in shown.run)
    yield from _table(head, rows)
    yield "</details>"
    yield ""


def _signs(column: Column, case: str, levels: Iterable[str]) -> str:
    found = (column.lines.get((case, level)) for level in levels)
    return " ".join("·" if line is None else SYMBOLS[line.verdict] for line in found)


def _notes(shown: Matrix) -> Iterator[str]:
    for title, said in notes(shown):
        yield f"## {text(title)}"
        yield ""
        yield from (f"- {text(each)}" for each in said)
        yield ""


def _headers(shown: Matrix) -> Iterator[str]:
    yield "## Reports"
    yield ""
    names = (text(report.path.name) for report in shown.reports)
    rows = ([text(name), *map(code, values)] for name, values in header_rows(shown.reports))
    yield from _table(["", *names], rows)
