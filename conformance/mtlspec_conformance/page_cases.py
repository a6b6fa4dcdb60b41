"""Cases on the page: the matrix, a block for whatever is not green, and what was not judged."""

from __future__ import annotations

import html
import re
import shlex
from collections.abc import Iterator
from itertools import groupby
from urllib.parse import quote

from mtlspec_conformance.facts import line_facts, reasons
from mtlspec_conformance.lines import Line
from mtlspec_conformance.matrix import SYMBOLS, Column, Matrix, family
from mtlspec_conformance.reproducer import script
from mtlspec_conformance.verdicts import VERDICTS, Verdict

CODE = ("worst tensor", "expected and found", "said")
"""Facts in the letters of a terminal."""
LEGEND: dict[Verdict, str] = {
    "conforms": "conforms",
    "differs": "differs; pale where an earlier level of the case already does",
    "deviates": "differs as declared",
    "unsupported": "not claimed",
    "error": "raised, or compared nothing",
    "not_run": "not run",
}


def escaped(text: str) -> str:
    """Return `text` as HTML that shows it as it is."""
    return html.escape(text)


def spoken(text: str) -> str:
    """Return `text` for those who listen to the page."""
    return f'<span class="spoken">{escaped(text)}</span>'


def anchor(column: int, line: Line) -> str:
    """Return the id of the block of a line."""
    return quote(f"{column + 1}/{line.case}/{line.level}", safe="/-")


def _reason_anchor(index: int) -> str:
    return f"unjudged/{index + 1}"


def cases(shown: Matrix) -> Iterator[str]:
    """Yield the matrix, family by family, with its filter."""
    yield '<section id="cases" tabindex="-1">\n<h2>Cases</h2>\n<ul class="chips">'
    met = {line.verdict for column in shown.columns for line in column.lines.values()}
    for verdict in VERDICTS:
        if verdict in met:
            yield f'<li class="chip {verdict}">{SYMBOLS[verdict]} {LEGEND[verdict]}</li>'
    yield '</ul>\n<div class="controls" id="controls" hidden>'
    yield '<label>Filter <input type="search" id="filter" placeholder="loss softmax" autocomplete="off"></label>'
    yield '<label><input type="checkbox" id="only"> only what is not green</label>'
    yield '<span class="quiet" id="told" role="status"></span>\n</div>'
    yield '<div class="scroll grid" role="region" aria-label="Verdicts of cases by level" tabindex="0"><table>'
    yield from _grid_head(shown)
    links = _links(shown)
    for name, ids in groupby(shown.run, key=family):
        yield from _family(shown, name, tuple(ids), links)
    yield "</table></div>"
    idle = len(shown.cases) - len(shown.run)
    if idle:
        yield f'<p class="quiet">{idle} more cases were not run; <a href="#unjudged">they are listed below</a>.</p>'
    yield "</section>"


def _grid_head(shown: Matrix) -> Iterator[str]:
    yield '<thead><tr><th class="corner" rowspan="2" scope="col">case</th>'
    width = len(shown.levels)
    for column in shown.columns:
        name = escaped(column.label)
        yield f'<th class="start" scope="colgroup" colspan="{width}" title="{name}">{name}</th>'
    yield "</tr><tr>"
    for _ in shown.columns:
        for index, level in enumerate(shown.levels):
            start = ' class="start"' if index == 0 else ""
            yield f'<th{start} scope="col"><span>{escaped(level)}</span></th>'
    yield "</tr></thead>"


def _links(shown: Matrix) -> dict[tuple[int, str, str], str]:
    """Return where the block of each line is that is not green, by column, case and level."""
    found: dict[tuple[int, str, str], str] = {}
    for index, column in enumerate(shown.columns):
        found |= {(index, *key): anchor(index, line) for key, line in column.lines.items() if line.carried}
    for number, lines in enumerate(reasons(shown.columns).values()):
        for column, line in lines:
            found[(shown.columns.index(column), line.case, line.level)] = _reason_anchor(number)
    return found


def _family(shown: Matrix, name: str, ids: tuple[str, ...], links: dict[tuple[int, str, str], str]) -> Iterator[str]:
    yield f'<tbody data-family="{escaped(name)}">'
    width = len(shown.columns) * len(shown.levels)
    yield f'<tr class="family"><th scope="rowgroup">{escaped(name)}</th><td colspan="{width}"></td></tr>'
    for id in ids:
        green = "no" if id in shown.red else "yes"
        yield f'<tr data-case="{escaped(id)}" data-green="{green}"><th scope="row"><code>{_breaking(id)}</code></th>'
        for index, column in enumerate(shown.columns):
            first = next(iter(column.wrong(id)), None)
            for level in shown.levels:
                line = column.lines.get((id, level))
                style = "start" if level == shown.levels[0] else ""
                style += " first" if line is not None and line is first else ""
                yield _cell(line, style, links.get((index, id, level)))
        yield "</tr>"
    yield "</tbody>"


def _breaking(id: str) -> str:
    """Return an id that a narrow column may break behind its signs."""
    return re.sub(r"([/-])", r"\1<wbr>", escaped(id))


def _cell(line: Line | None, style: str, link: str | None) -> str:
    if line is None:
        return f'<td class="{f"{style} none".strip()}">{spoken("does not apply")}</td>'
    sign = f'<span aria-hidden="true">{SYMBOLS[line.verdict]}</span>{spoken(line.verdict.replace("_", " "))}'
    told = f'<a href="#{link}">{sign}</a>' if link is not None else sign
    return f'<td class="{f"{style} {line.verdict}".strip()}">{told}</td>'


def failures(shown: Matrix) -> Iterator[str]:
    """Yield a block for every line that differs, deviates or is in error, case by case."""
    bad = [(index, column, id) for id in shown.cases for index, column in enumerate(shown.columns) if column.wrong(id)]
    if not bad:
        return
    yield "<section>\n<h2>What is not green</h2>"
    for index, column, id in bad:
        yield f'<article data-case="{escaped(id)}">\n<h3><code>{escaped(id)}</code>, {escaped(column.label)}</h3>'
        yield f'<p class="quiet">{escaped(shown.why(id))}</p>'
        first, *later = column.wrong(id)
        yield from _block(index, column, first, first=True)
        for line in later:
            yield from _block(index, column, line, first=False)
        yield "</article>"
    yield "</section>"


def _block(index: int, column: Column, line: Line, *, first: bool) -> Iterator[str]:
    opened = " open" if line is column.first else ""
    style = f"chip {line.verdict}{' first' if first else ''}"
    said = f'<span class="{style}">{SYMBOLS[line.verdict]} {line.verdict}</span> at level {escaped(line.level)}'
    where = f": <code>{escaped(line.worst or line.detail)}</code>"
    yield f'<details{opened}><summary>{said}{where}</summary>\n<div class="body" id="{anchor(index, line)}">\n<dl>'
    for name, value in line_facts(line):
        told = f"<code>{escaped(value)}</code>" if name in CODE else escaped(value)
        yield f"<dt>{escaped(name)}</dt><dd>{told}</dd>"
    yield "</dl>"
    if column.report.has(line.case):
        yield f'<pre tabindex="0"><code>{escaped(script(column.report, line))}</code></pre>'
        yield f"<p>or <code>{escaped(_replay(column, line))}</code></p>"
    elif column.report.header.command:
        yield f"<p><code>{escaped(column.report.header.command)}</code></p>"
    yield "</div></details>"


def _replay(column: Column, line: Line) -> str:
    words = ["python", "-m", "mtlspec_conformance", "replay", str(column.report.path), "--case", line.case]
    words += ["--level", line.level]
    words += ["--precision", line.precision] if len(column.report.header.precisions) > 1 else []
    return shlex.join(words)


def unjudged(shown: Matrix) -> Iterator[str]:
    """Yield a block for every reason why lines were not judged, with those lines."""
    found = reasons(shown.columns)
    if not found:
        return
    yield '<section id="unjudged">\n<h2>What was not judged</h2>'
    for index, (reason, lines) in enumerate(found.items()):
        verdict = lines[0][1].verdict
        sign = f'<span class="chip {verdict}">{SYMBOLS[verdict]} {len(lines)} {verdict.replace("_", " ")}</span>'
        yield f"<details><summary>{sign} {escaped(reason)}</summary>"
        yield f'<div class="body" id="{_reason_anchor(index)}"><ul>'
        for id, own in groupby((line for _, line in lines), key=lambda line: line.case):
            yield f"<li><code>{escaped(id)}</code>: {escaped(', '.join(line.level for line in own))}</li>"
        yield "</ul></div></details>"
    yield "</section>"
