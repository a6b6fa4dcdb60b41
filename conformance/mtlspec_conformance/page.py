"""The page: reports as one HTML file that needs nothing else, neither network nor script, and reads well on a phone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files

from mtlspec_conformance.facts import header_rows, notes, profile_rows, size, unseen
from mtlspec_conformance.levels import LEVELS
from mtlspec_conformance.lines import ProfileLine
from mtlspec_conformance.matrix import DIGEST, SYMBOLS, Column, Matrix, matrix
from mtlspec_conformance.page_cases import anchor, cases, escaped, failures, spoken, unjudged
from mtlspec_conformance.report import Report
from mtlspec_conformance.tally import WORDS
from mtlspec_conformance.verdicts import Verdict


def rendered(reports: Sequence[Report]) -> str:
    """Return one page of `reports`."""
    shown = matrix(reports)
    title = f"Conformance of {', '.join(column.label for column in shown.columns)}"
    parts = (_warnings, _scores, _shares, cases, failures, unjudged, _notes, _headers)
    body = "\n".join(line for part in parts for line in part(shown))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escaped(title)}</title>\n<style>\n{_own('page.css')}</style>\n</head>\n<body>\n"
        '<a class="skip" href="#cases">Skip to the cases</a>\n'
        f"<header>\n<h1>{escaped(title)}</h1>\n{_under(shown)}\n</header>\n<main>\n{body}\n</main>\n"
        f"<script>\n{_own('page.js')}</script>\n</body>\n</html>\n"
    )


def _own(name: str) -> str:
    return (files("mtlspec_conformance") / name).read_text(encoding="utf-8")


def _under(shown: Matrix) -> str:
    said = dict.fromkeys(
        f"suite {r.header.suite}, cases {r.header.case_set[:DIGEST]}, {r.header.examined}" for r in shown.reports
    )
    sources = ", ".join(report.path.name for report in shown.reports)
    return f'<p class="quiet">{escaped("; ".join(said))}. Every number is read from {escaped(sources)}.</p>'


def _warnings(shown: Matrix) -> Iterator[str]:
    for warning in shown.warnings:
        yield f'<div class="warning" role="alert"><p>{escaped(warning)}</p></div>'


def _scores(shown: Matrix) -> Iterator[str]:
    yield '<section class="cards" aria-label="Scores">'
    for index, column in enumerate(shown.columns):
        tally = column.tally
        yield f'<div class="card">\n<h2 style="margin:0">{escaped(column.label)}</h2>'
        yield f'<p class="score">{tally.conforming} <small>of {tally.of} conform</small></p>'
        widths = (f'<span class="{v}" style="flex:{n}"></span>' for v, n in tally.counts.items() if n)
        yield f'<div class="bar" aria-hidden="true">{"".join(widths)}</div>\n<ul class="chips">'
        for verdict, number in tally.counts.items():
            if number:
                yield f'<li class="chip {verdict}">{SYMBOLS[verdict]} {number} {WORDS[verdict]}</li>'
        yield "</ul>"
        yield from _begin(index, column)
        yield "</div>"
    yield "</section>"


def _begin(index: int, column: Column) -> Iterator[str]:
    if column.first is not None:
        first = column.first
        place = f"<code>{escaped(first.case)}</code>, level {escaped(first.level)}"
        where = escaped(first.worst or first.detail)
        yield f'<p>Begin with <a href="#{anchor(index, first)}">{place}</a>: <code>{where}</code></p>'
    if column.closest is not None:
        call = column.closest
        place = f"<code>{escaped(call.worst or '')}</code>, <code>{escaped(call.case)}</code>, {escaped(call.level)}"
        yield f'<p class="quiet">Closest call: {size(call.error)}, limit {size(call.limit)}, at {place}</p>'


def table(head: Iterable[str], rows: Iterable[tuple[str, str, Iterable[str]]], *, kind: str = "") -> Iterator[str]:
    """Yield a table of escaped cells that scrolls by itself; a row is its class, its name and its cells."""
    yield f'<div class="scroll"><table class="{kind}">\n<thead><tr>'
    yield "".join(f'<th scope="col">{name}</th>' for name in head)
    yield "</tr></thead>\n<tbody>"
    cell = ' class="number"' if kind == "numbers" else ""
    for style, name, cells in rows:
        told = "".join(f"<td{cell}>{value}</td>" for value in cells)
        yield f'<tr class="{style}"><th scope="row">{name}</th>{told}</tr>'
    yield "</tbody></table></div>"


def _shares(shown: Matrix) -> Iterator[str]:
    yield '<div class="beside">'
    yield from _levels(shown)
    yield from _profiles(shown)
    yield "</div>"


def _levels(shown: Matrix) -> Iterator[str]:
    yield "<section>\n<h2>Levels</h2>"
    head = ["level", *(escaped(column.label) for column in shown.columns)]
    yield from table(head, (("", _level(name), _level_shares(shown, name)) for name in shown.levels), kind="numbers")
    yield "</section>"


def _level(name: str) -> str:
    question = f'<br><span class="question">{escaped(LEVELS[name].question)}</span>' if name in LEVELS else ""
    return f"<strong>{escaped(name)}</strong>{question}"


def _level_shares(shown: Matrix, level: str) -> Iterator[str]:
    for column in shown.columns:
        found = column.tally_of(level)
        yield _share(found.worst, found.conforming, found.of) if found.of else "–"


def _share(verdict: Verdict, conforming: int, of: int) -> str:
    sign = f'<span aria-hidden="true">{SYMBOLS[verdict]}</span>{spoken(verdict.replace("_", " "))}'
    return f'<span class="chip {verdict}">{sign} {conforming} of {of}</span>'


def _profiles(shown: Matrix) -> Iterator[str]:
    rows = [("", escaped(name), map(_profile, values)) for name, values in profile_rows(shown.reports)]
    if rows:
        yield "<section>\n<h2>Profiles</h2>"
        head = ["profile", *(escaped(report.header.backend) for report in shown.reports)]
        yield from table(head, rows, kind="numbers")
        yield "</section>"


def _profile(one: ProfileLine | None) -> str:
    if one is None:
        return "not claimed"
    told = _share(one.verdict, one.conforms, one.of)
    return f'{told}<br><span class="quiet">{escaped(unseen(one))}</span>' if one.unseen else told


def _notes(shown: Matrix) -> Iterator[str]:
    for title, said in notes(shown):
        yield f"<section>\n<h2>{escaped(title)}</h2>\n<ul>"
        yield from (f"<li>{escaped(each)}</li>" for each in said)
        yield "</ul>\n</section>"


def _headers(shown: Matrix) -> Iterator[str]:
    yield "<section>\n<h2>What ran</h2>"
    rows = (("other" if len(set(v)) > 1 else "", escaped(n), map(escaped, v)) for n, v in header_rows(shown.reports))
    yield from table(["fact", *(escaped(report.path.name) for report in shown.reports)], rows, kind="wide")
    if len(shown.reports) > 1:
        yield '<p class="quiet">In bold: what is not the same in all reports.</p>'
    yield "</section>"
