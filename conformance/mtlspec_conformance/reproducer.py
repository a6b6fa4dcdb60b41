"""Reproducers: five lines of Python that show a difference again, and the comparison that they call."""

from __future__ import annotations

import numpy as np

from mtlspec.backend import Backend
from mtlspec.spec.training import Precision
from mtlspec_conformance.case import Case
from mtlspec_conformance.levels import LEVELS
from mtlspec_conformance.lines import Line
from mtlspec_conformance.measure import Disagreement
from mtlspec_conformance.pair import Pair
from mtlspec_conformance.report import Report
from mtlspec_conformance.runner import compared, found


def disagreements(
    case: Case,
    *,
    backend: str | Backend,
    level: str,
    precision: Precision = "float64",
    device: str = "cpu",
) -> tuple[Disagreement, ...]:
    """Return where a backend differs from the reference, in the order in which the level looks.

    A level that the backend does not get through is one disagreement; what `compile` raises is raised.

    Args:
        case: From `suite.case(id)` or `report.case(path, id)`.
        backend: An installed name, `module:attribute`, or the backend itself.
        level: One of `LEVELS`.
        precision: What the backend computes in; the reference always computes in float64.
        device: Where the backend computes.
    """
    pair = Pair(case, found(backend) if isinstance(backend, str) else backend, precision, device=device)
    findings, wrong = compared(pair, LEVELS[level])
    differing = tuple(finding for finding in findings if isinstance(finding, Disagreement))
    return (*differing, Disagreement(level, np.inf, wrong)) if wrong else differing


def script(report: Report, line: Line) -> str:
    """Return a program of five lines that prints the disagreements of `line`.

    A case of the suite needs nothing but the installed kit; any other is read from the report.
    """
    header = report.header
    source, path = ("suite", "") if header.examined == "suite" else ("report", f"{str(report.path)!r}, ")
    arguments = [f"backend={header.address!r}", f"level={line.level!r}"]
    arguments += [f"precision={line.precision!r}"] if line.precision != "float64" else []
    arguments += [f"device={header.device!r}"] if header.device != "cpu" else []
    return (
        f"from mtlspec_conformance import {source}\n"
        "from mtlspec_conformance.reproducer import disagreements\n"
        f"case = {source}.case({path}{line.case!r})\n"
        f"for difference in disagreements(case, {', '.join(arguments)}):\n"
        "    print(difference)\n"
    )
