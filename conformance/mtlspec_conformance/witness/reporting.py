"""Reporting: the header of a report on two witnesses; its lines are those of any results."""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mtlspec.spec import Spec
from mtlspec_conformance import environment, report, suite
from mtlspec_conformance.lines import FORMAT
from mtlspec_conformance.measure import FLOOR
from mtlspec_conformance.witness.comparison import Comparison
from mtlspec_conformance.witness.judging import TIMES_NOISE


def write(path: Path, found: Comparison, *, command: str) -> None:
    """Write the report of a comparison, whole or not at all; what parts first is its complaint."""
    first, second = found.first, found.second
    header: dict[str, Any] = {
        "report": FORMAT,
        "suite": suite.version(),
        "spec": Spec.model_fields["mtlspec"].default,
        "case_set": suite.digest(),
        "examined": "witness",
        "backend": f"{first.framework} {first.source} and {second.framework} {second.source}",
        "address": second.source,
        "device": "cpu",
        "limit": TIMES_NOISE,
        "floor": FLOOR,
        "seed": None,
        "threads": environment.threads(),
        "flags": environment.flags(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "versions": {**first.versions, **second.versions},
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": command,
    }
    told = [] if found.parting is None else [found.parting.text]
    footer = report.footer(found.results, untested=(), complaints=told)
    report.write(path, header=header, results=found.results, footer=footer)
