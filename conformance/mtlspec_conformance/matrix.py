"""Matrices: cases by levels of one or several reports, side by side; every number is that of their lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from mtlspec.spec.training import Precision
from mtlspec_conformance.levels import LEVELS
from mtlspec_conformance.lines import Line
from mtlspec_conformance.report import Report
from mtlspec_conformance.tally import Tally, tally
from mtlspec_conformance.verdicts import Verdict

SYMBOLS: dict[Verdict, str] = {
    "conforms": "✓",
    "differs": "✗",
    "deviates": "≈",
    "unsupported": "–",
    "error": "!",
    "not_run": "○",
}
"""One sign for each verdict: nobody has to tell colours apart."""
LAWS = ("case_set", "suite", "spec", "limit", "floor")
"""What has to be the same in all headers for their scores to be comparable."""
DIGEST = 12
"""How much of a digest is shown."""


@dataclass(frozen=True)
class Column:
    """One report in one precision."""

    label: str
    report: Report
    precision: Precision

    @cached_property
    def lines(self) -> Mapping[tuple[str, str], Line]:
        """Each line by case and level."""
        own = (line for line in self.report.lines if line.precision == self.precision)
        return {(line.case, line.level): line for line in own}

    @property
    def tally(self) -> Tally:
        """The tally of all lines."""
        return tally(self.lines.values())

    def tally_of(self, level: str) -> Tally:
        """Return the tally of one level."""
        return tally(line for line in self.lines.values() if line.level == level)

    def wrong(self, case: str) -> tuple[Line, ...]:
        """Return what has to be looked into of one case, the level that sees it first in front."""
        own = (self.lines.get((case, level)) for level in _ordered(level for _, level in self.lines))
        return tuple(line for line in own if line is not None and line.carried)

    @cached_property
    def first(self) -> Line | None:
        """Where to begin: the first difference of the earliest level; later levels often repeat it."""
        found = [line for line in self.lines.values() if line.verdict in ("differs", "error")]
        order = _ordered(line.level for line in found)
        return min(found, key=lambda line: (order.index(line.level), len(self.wrong(line.case))), default=None)

    @cached_property
    def closest(self) -> Line | None:
        """The closest call among the lines that conform by a limit."""
        judged = [line for line in self.lines.values() if line.verdict == "conforms" and line.limit is not None]
        return max(judged, key=_share, default=None)


def _share(line: Line) -> float:
    """Return how much of its limit an error takes."""
    return float(line.error or 0) / (line.limit or 1)


@dataclass(frozen=True)
class Matrix:
    """Several columns over all their cases and levels."""

    columns: tuple[Column, ...]

    @property
    def reports(self) -> tuple[Report, ...]:
        """Each report once."""
        return tuple({id(column.report): column.report for column in self.columns}.values())

    @cached_property
    def cases(self) -> tuple[str, ...]:
        """The ids of all cases, family by family, in the order of the reports."""
        ids = dict.fromkeys(case for column in self.columns for case, _ in column.lines)
        families = list(dict.fromkeys(family(id) for id in ids))
        return tuple(sorted(ids, key=lambda case: families.index(family(case))))

    @cached_property
    def run(self) -> tuple[str, ...]:
        """The cases of which anything was run, in any column."""
        met = {id for c in self.columns for (id, _), line in c.lines.items() if line.verdict != "not_run"}
        return tuple(id for id in self.cases if id in met)

    @cached_property
    def levels(self) -> tuple[str, ...]:
        """All levels, in the order in which they see a mistake."""
        return _ordered(level for column in self.columns for _, level in column.lines)

    @cached_property
    def red(self) -> frozenset[str]:
        """The cases of which not every result conforms, in any column."""
        return frozenset(id for c in self.columns for (id, _), line in c.lines.items() if line.verdict != "conforms")

    def why(self, case: str) -> str:
        """Return why a case is there, if a report carries it."""
        return next((report.cases[case].why for report in self.reports if case in report.cases), "")

    @property
    def warnings(self) -> tuple[str, ...]:
        """Return what forbids to compare the columns, or to take a score for that of the suite."""
        return (*_incomparable(self.reports), *_partial(self.columns))


def matrix(reports: Sequence[Report]) -> Matrix:
    """Return the matrix of `reports`, each precision a column, each with a label of its own."""
    pairs = [(report, precision) for report in reports for precision in report.header.precisions]
    names = [report.header.backend for report, _ in pairs]
    plain = all(precision == "float64" for _, precision in pairs)
    labels = [name if plain else f"{name} {pair[1]}" for name, pair in zip(names, pairs, strict=True)]
    told = [
        f"{label} ({report.path.name})" if labels.count(label) > 1 else label
        for label, (report, _) in zip(labels, pairs, strict=True)
    ]
    own = [f"{label}, {i + 1}" if told.count(label) > 1 else label for i, label in enumerate(told)]
    return Matrix(tuple(Column(label, *pair) for label, pair in zip(own, pairs, strict=True)))


def family(case: str) -> str:
    """Return the part of an id that says what the case is about."""
    return case.partition("/")[0]


def _ordered(levels: Iterable[str]) -> tuple[str, ...]:
    met = dict.fromkeys(levels)
    return (*(level for level in LEVELS if level in met), *(level for level in met if level not in LEVELS))


def _incomparable(reports: Sequence[Report]) -> Iterator[str]:
    for name in LAWS:
        found = [(report.path.name, str(getattr(report.header, name))[:DIGEST]) for report in reports]
        if len({value for _, value in found}) > 1:
            told = ", ".join(f"{path} has {value}" for path, value in found)
            yield f"NOT COMPARABLE: {name.replace('_', ' ')} is not the same in all reports: {told}"


def _partial(columns: Sequence[Column]) -> Iterator[str]:
    for column in columns:
        missing = column.tally.counts["not_run"]
        if missing:
            yield f"PARTIAL: {missing} of {column.tally.of} results of {column.label} were not run"
