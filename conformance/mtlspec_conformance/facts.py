"""Facts: what the pages tell of headers, profiles and lines, as names with values; nothing is computed but words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from mtlspec_conformance.lines import Header, Line, ProfileLine
from mtlspec_conformance.matrix import Column, Matrix
from mtlspec_conformance.report import Report

Row = tuple[str, tuple[str, ...]]
"""A name, and a value for each report or column."""
Pair = tuple[str, str]
ABSENT = "–"


def size(value: float | str | None) -> str:
    """Return a scaled error, or its limit, in few digits."""
    if value is None:
        return ""
    return "cannot be compared" if value == "inf" else f"{float(value):.2g}"


def line_facts(line: Line) -> Iterator[Pair]:
    """Yield what one line says of its worst tensor."""
    found = {
        "worst tensor": line.worst or "",
        "expected and found": line.reason,
        "error": size(line.error) if line.worst else "",
        "limit": size(line.limit),
        "noise of the reference": size(line.noise),
        "error by noise": size(line.ratio),
        "step": "" if line.step is None else str(line.step),
        "parts first at": line.first or "",
        "comparisons": f"{line.disagreements} of {line.findings} differ" if line.findings else "",
        "said": line.detail,
    }
    yield from ((name, value) for name, value in found.items() if value)


def header_rows(reports: Sequence[Report]) -> Iterator[Row]:
    """Yield each fact of the headers, with its value in every report."""
    tables = [dict(_header_facts(report.header)) for report in reports]
    for name in dict.fromkeys(name for table in tables for name in table):
        yield name, tuple(table.get(name, ABSENT) for table in tables)


def _header_facts(header: Header) -> Iterator[Pair]:
    yield "backend", header.backend
    yield "address", header.address
    yield "examined", header.examined
    yield "suite", header.suite
    yield "cases (SHA-256)", header.case_set
    yield "document format", str(header.spec)
    yield "precisions", ", ".join(header.precisions)
    yield "device", header.device
    yield "limit of a scaled error", size(header.limit)
    if header.ratio is not None:
        yield "limit in float32, by the noise", size(header.ratio)
    yield "floor of a scale", size(header.floor)
    yield "seed", "none is drawn" if header.seed is None else str(header.seed)
    yield from ((f"threads: {name}", str(number)) for name, number in header.threads.items())
    yield from ((name, str(value)) for name, value in header.flags.items())
    yield "python", header.python
    yield "platform", header.platform
    yield from header.versions.items()
    yield "written", header.written
    if header.command:
        yield "command", header.command


def profile_rows(reports: Sequence[Report]) -> Iterator[tuple[str, tuple[ProfileLine | None, ...]]]:
    """Yield each claimed profile with what every report says of it; nothing where it is not claimed."""
    tables = [{one.profile: one for one in report.footer.profiles} for report in reports]
    for name in dict.fromkeys(name for table in tables for name in table):
        yield name, tuple(table.get(name) for table in tables)


def unseen(one: ProfileLine) -> str:
    """Return what no case looks at of a profile."""
    return f"no case needs {', '.join(one.unseen)}" if one.unseen else ""


def reasons(columns: Iterable[Column]) -> dict[str, list[tuple[Column, Line]]]:
    """Return the lines that were not judged by the reason why: not claimed, or not chosen."""
    found: dict[str, list[tuple[Column, Line]]] = {}
    for column in columns:
        for line in column.lines.values():
            if line.verdict in ("unsupported", "not_run"):
                reason = line.detail or "not chosen for this run"
                found.setdefault(f"{column.label}: {reason}", []).append((column, line))
    return found


def notes(matrix: Matrix) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield what is said once per report, under a title: complaints, then values that nobody looked at."""
    for report in matrix.reports:
        if report.footer.complaints:
            witness = report.header.examined == "witness"
            title = "Where they first part" if witness else "Complaints about the declared deviations"
            yield f"{title}: {report.header.backend}", report.footer.complaints
    untested = dict.fromkeys(value for report in matrix.reports for value in report.footer.untested)
    if untested:
        yield "Values of the schema that no case exercises", tuple(untested)
