"""Processes: each witness is recorded in a process of its own framework."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from mtlspec.comparison.process import ONE_THREAD, TOLD_LINES
from mtlspec.errors import MtlspecError

JOBS, OUTCOMES, PRINTED = "jobs.json", "outcomes.json", "printed"


class WitnessError(MtlspecError):
    """A witness could not be recorded."""


@dataclass(frozen=True)
class Job:
    """One witness to record: which program, on what, from where, and where to."""

    framework: str
    file: str
    function: str
    batches: str
    output: str
    batch_size: int | None = None
    steps: int | None = None
    precision: str | None = None
    origin: str | None = None
    """The record whose start it takes; what is None above is then that record's, too."""
    names: str | None = None


def record(*jobs: Job) -> None:
    """Record witnesses of one framework, one after the other in one process.

    Raises:
        WitnessError: with what the first that failed says.
    """
    for outcome in outcomes(jobs):
        if outcome is not None:
            raise WitnessError(outcome)


def outcomes(jobs: Sequence[Job]) -> list[str | None]:
    """Record witnesses of one framework in one process and return what each that failed says, None for the others."""
    with tempfile.TemporaryDirectory(prefix="mtlspec-") as name:
        folder = Path(name)
        (folder / JOBS).write_text(json.dumps([asdict(job) for job in jobs]), encoding="utf-8")
        modules = os.pathsep.join(path for path in sys.path if path)  # what is found here is found there
        environment = {**os.environ, **ONE_THREAD, "PYTHONPATH": modules}
        command = [sys.executable, "-P", "-m", "mtlspec_conformance.witness.worker", str(folder)]
        with (folder / PRINTED).open("wb") as printed:
            code = subprocess.run(command, env=environment, stdout=printed, stderr=printed, check=False).returncode
        if (folder / OUTCOMES).is_file():
            found: list[str | None] = json.loads((folder / OUTCOMES).read_text(encoding="utf-8"))
            return found
        told = (folder / PRINTED).read_text(encoding="utf-8", errors="replace").strip().splitlines()
        last = "\n".join(told[-TOLD_LINES:])
        raise WitnessError(f"the process of {jobs[0].file}:{jobs[0].function} ended with exit code {code}\n{last}")
