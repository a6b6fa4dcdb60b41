"""`python -m mtlspec_conformance.witness.worker FOLDER`: records the witnesses that the folder's jobs name."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from mtlspec.errors import BackendError, MtlspecError
from mtlspec.registry import EXTRAS, GROUP, backend_names
from mtlspec.spec.training import Precision
from mtlspec.spec.value import nearest
from mtlspec_conformance.witness.batches import Batch, read
from mtlspec_conformance.witness.process import JOBS, OUTCOMES, Job
from mtlspec_conformance.witness.program_file import builder, told
from mtlspec_conformance.witness.record import Conditions, Record, RecordError
from mtlspec_conformance.witness.recording import PRECISIONS, recorded

STEPS, PRECISION = 20, "float64"


def work(folder: Path) -> None:
    """Do every job and leave what went wrong with each in the folder."""
    jobs = [Job(**content) for content in json.loads((folder / JOBS).read_text(encoding="utf-8"))]
    (folder / OUTCOMES).write_text(json.dumps([outcome(job) for job in jobs]), encoding="utf-8")


def outcome(job: Job) -> str | None:
    """Do one job; return what went wrong, None if nothing did."""
    try:
        _record(job)
    except MtlspecError as error:
        return str(error)
    except OSError as error:
        return f"{error.filename}: {error.strerror}"
    except Exception as error:  # somebody else's program may raise anything
        return f"{job.file}:{job.function} raised {told(error)}"
    return None


def _record(job: Job) -> None:
    origin = None if job.origin is None else Record.load(Path(job.origin))
    batch = read(Path(job.batches))
    conditions = _conditions(job, batch, origin)
    precision = PRECISIONS[conditions.precision]
    prepare = preparation(job.framework)
    build = builder(Path(job.file), job.function, job.framework, lambda: prepare(precision))
    found = recorded(
        build,
        batch,
        conditions,
        source=f"{job.file}:{job.function}",
        origin=origin,
        names=None if job.names is None else Path(job.names),
    )
    found.save(Path(job.output))


def _conditions(job: Job, batch: Batch, origin: Record | None) -> Conditions:
    """Return what is asked for; what is not is as in the record that this one begins from.

    Raises:
        RecordError: that record has other batches, or something else is asked for than it has.
    """
    before = None if origin is None else origin.conditions
    digest = batch.digest()
    if before is not None and before.batches != digest:
        raise RecordError(f"{job.origin} was recorded on other batches than {job.batches}: both need the same file")
    asked = {"batch_size": job.batch_size, "steps": job.steps, "precision": job.precision}
    usual = {"batch_size": batch.size, "steps": STEPS, "precision": PRECISION}
    chosen: dict[str, Any] = {}
    for name, value in asked.items():
        recorded_with = getattr(before, name, None)
        if value is not None and recorded_with not in (None, value):
            raise RecordError(f"{job.origin} was recorded with {name} {recorded_with}, not {value}: both need the same")
        chosen[name] = value if value is not None else recorded_with if recorded_with is not None else usual[name]
    return Conditions(batches=digest, **chosen)


def preparation(framework: str) -> Callable[[Precision | None], None]:
    """Return what an adapter does before a program of its framework is built.

    Raises:
        BackendError: there is no such adapter, its framework is not installed, or it takes no witnesses.
    """
    found = [entry for entry in entry_points(group=GROUP) if entry.name == framework]
    if not found:
        known = backend_names()
        raise BackendError(f"no backend {framework!r}{nearest(framework, known)}; installed: {', '.join(known)}")
    package = found[0].value.partition(":")[0].partition(".")[0]
    try:
        module = import_module(f"{package}.witness")
    except ModuleNotFoundError as error:
        if error.name == f"{package}.witness":
            raise BackendError(f"backend {framework!r} takes no witnesses: it has no module {error.name}") from None
        if error.name not in EXTRAS:
            raise
        extra, name = EXTRAS[error.name]
        raise BackendError(f"witnesses of {framework!r} need {name}: pip install 'mtlspec[{extra}]'") from None
    prepare: Callable[[Precision | None], None] = module.prepare
    return prepare


if __name__ == "__main__":
    work(Path(sys.argv[1]))
