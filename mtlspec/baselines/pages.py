"""A comparison as Markdown and as LaTeX, the best of each column in bold."""

from __future__ import annotations

import re
from collections.abc import Callable

from mtlspec.baselines.baselines import Baselines
from mtlspec.baselines.statistics import CONFIDENCE
from mtlspec.baselines.tables import Table, tables

LATEX = {
    "\\": r"\textbackslash{}",
    "Δm": r"$\Delta_m$",
    "±": r"$\pm$",
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
    "–": "--",
    "%": r"\%",
    "_": r"\_",
    "&": r"\&",
    "#": r"\#",
    "$": r"\$",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}
"""What has another meaning in LaTeX, or none."""
SPECIAL = re.compile("|".join(map(re.escape, LATEX)))


def markdown(found: Baselines) -> str:
    """Return all tables as Markdown."""
    parts = [f"{caption(found)}\n"]
    for table in tables(found):
        lines = _lines(table, lambda text: text.replace("|", "\\|"), lambda text: f"**{text}**")
        heading, *rows = (f"| {' | '.join(line)} |" for line in lines)
        rule = f"| --- |{' ---: |' * len(table.columns)}"
        parts.append("\n".join([f"### {table.title}\n", heading, rule, *rows]) + "\n")
    parts += [f"- {note}" for note in found.notes]
    return "\n".join(parts).rstrip() + "\n"


def latex(found: Baselines) -> str:
    r"""Return all tables as LaTeX, to be `\input` where the package booktabs is loaded."""
    parts = [f"% {caption(found)}"]
    for table in tables(found):
        heading, *rows = (f"{' & '.join(line)} \\\\" for line in _lines(table, escaped, lambda t: f"\\textbf{{{t}}}"))
        inside = ["\\toprule", heading, "\\midrule", *rows, "\\bottomrule"]
        begin = [f"% {table.title}", f"\\begin{{tabular}}{{l{'r' * len(table.columns)}}}"]
        parts += [*begin, *inside, "\\end{tabular}", ""]
    parts += [f"% {note}" for note in found.notes]
    return "\n".join(parts).rstrip() + "\n"


def caption(found: Baselines) -> str:
    """Return a sentence on what all numbers are of."""
    seeds = f"{len(found.seeds)} seeds" if len(found.seeds) > 1 else f"seed {found.seeds[0]}"
    interval = f", ± is the {CONFIDENCE:.0%} interval of the mean" if len(found.seeds) > 1 else ""
    return f"{found.about.backend}, {found.about.precision}, {seeds}{interval}"


def escaped(text: str) -> str:
    """Return text as LaTeX shows it."""
    return SPECIAL.sub(lambda found: LATEX[found[0]], text)


def _lines(table: Table, plain: Callable[[str], str], bold: Callable[[str], str]) -> list[list[str]]:
    """Return heading and rows as cells."""
    best = [table.best(column) for column in range(len(table.columns))]
    lines = [[plain(table.rows_are), *(plain(column.heading) for column in table.columns)]]
    for row, (name, _) in enumerate(table.rows):
        cells = [plain(table.text(row, column)) for column in range(len(table.columns))]
        lines.append([plain(name), *(bold(c) if row in best[i] else c for i, c in enumerate(cells))])
    return lines
