"""Opposites: two backends that have a kind of a user's own without a reference, held against each other.

One framework per process: the cases and what the subject gives go to a process for each other backend.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np

import mtlspec
from mtlspec.backend import Backend
from mtlspec.comparison.process import ONE_THREAD, TOLD_LINES
from mtlspec.errors import BackendError
from mtlspec.extension import Extension
from mtlspec.extension_source import import_extension, sources_of
from mtlspec.tensors import Array
from mtlspec_conformance.case import Case
from mtlspec_conformance.case_file import content_of, read
from mtlspec_conformance.checking import Choice
from mtlspec_conformance.disturbance import nudged
from mtlspec_conformance.drawn_cases import drawn_cases, moving
from mtlspec_conformance.measure import Disagreement, Finding, largest, tensors, worst
from mtlspec_conformance.pair import frozen
from mtlspec_conformance.runner import found
from mtlspec_conformance.specs.extended import TAME
from mtlspec_conformance.stability import BOUND, Fresh, Seen, seen, shaken
from mtlspec_conformance.verdicts import Result

LEVEL_OF = {
    "logits": "forward",
    "loss": "loss",
    "gradient": "gradient",
    "update": "step",
    "change": "step",
    "slot": "step",
}
"""Under which level it is told what a program gives."""
CASES, OBSERVED = "cases.json", "observed.npz"


def results_against(
    subject: Backend, others: Sequence[str], extension: Extension, choice: Choice, count: int
) -> tuple[tuple[Case, ...], list[Result]]:
    """Return the drawn cases, and a result for each of them, level and other backend."""
    own: dict[str, list[Seen]] = {}

    def steady(case: Case) -> bool:
        start = _fresh(subject, case)
        found = list(seen(start, case))
        entries = [one.entries for one in found if one.kind == "gradient"]
        gradients = {path: any(np.any(each[path]) for each in entries) for path in case.graph.trainable}
        if not moving(extension.value, case, gradients):
            return False
        if shaken(found, list(seen(start, nudged(case))), BOUND) is not None:
            return False
        own[str(len(own))] = found
        return True

    suite = drawn_cases(extension.value, steady, count=count, around=TAME)
    chosen = [
        (case, given) for case, given in zip(suite, own.values(), strict=True) if fnmatchcase(case.id, choice.case)
    ]
    done: list[Result] = []
    for other in others:
        observed = _observed(other, extension, [case for case, _ in chosen])
        for case, given in chosen:
            done += list(compared(case, given, observed[case.id], other, choice.level))
    return suite, done


def _fresh(backend: Backend, case: Case) -> Fresh:
    program = mtlspec.compile(case.graph, backend=backend, precision="float64")
    return Fresh(program, frozen(program.state))


def compared(case: Case, own: list[Seen], theirs: list[Seen], other: str, only: str | None) -> Iterator[Result]:
    """Yield a result for each level at which two backends gave something for a case."""
    findings: dict[str, list[Finding]] = {}
    peaks = {one.kind: max(largest(each.entries) for each in theirs if each.kind == one.kind) for one in theirs}
    for mine, one in zip(own, theirs, strict=True):
        when = f"{one.when}, against {other}"
        found = tensors(one.kind, mine.entries, one.entries, when=when, scale=peaks[one.kind])
        findings.setdefault(LEVEL_OF[one.kind], []).extend(found)
    for level, found_there in findings.items():
        if only in (None, level):
            bad = [finding for finding in found_there if isinstance(finding, Disagreement)]
            first = bad[0] if bad else None
            verdict: Any = "differs" if bad else "conforms"
            closest = worst(found_there)
            yield Result(case.id, level, verdict, "float64", len(found_there), len(bad), closest, first=first)


def _observed(other: str, extension: Extension, cases: list[Case]) -> Mapping[str, list[Seen]]:
    """Return what another backend gives, in a process of its own."""
    sources = sources_of([f"{extension.value.family}/{extension.value.model_fields['kind'].default}"])
    modules = os.pathsep.join(path for path in sys.path if path)
    environment = {**os.environ, **ONE_THREAD, "PYTHONPATH": modules}
    with tempfile.TemporaryDirectory(prefix="mtlspec-") as name:
        folder = Path(name)
        (folder / CASES).write_text(json.dumps([content_of(case) for case in cases]), encoding="utf-8")
        command = [sys.executable, "-P", "-m", "mtlspec_conformance.opposite", str(folder), other, *sources]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            last = "\n".join(done.stderr.strip().splitlines()[-TOLD_LINES:])
            raise BackendError(f"the run of backend {other!r} failed:\n{last}")
        with np.load(folder / OBSERVED) as arrays:
            return read_observed(dict(arrays))


def read_observed(arrays: Mapping[str, Array]) -> dict[str, list[Seen]]:
    """Return by case what `observe` left in its file."""
    found: dict[str, dict[tuple[str, str, str], dict[str, Array]]] = {}
    for key, array in arrays.items():
        case, index, kind, when, path = key.split("|")
        entries = found.setdefault(case, {}).setdefault((index, kind, when), {})
        if path:
            entries[path] = array
    return {case: [Seen(kind, own, when) for (_, kind, when), own in each.items()] for case, each in found.items()}


def observe(folder: Path, other: str) -> None:
    """Leave in `folder` what a backend gives for the cases there."""
    backend = found(other)
    arrays: dict[str, Any] = {}
    for content in json.loads((folder / CASES).read_text(encoding="utf-8")):
        case = read(content)
        for index, one in enumerate(seen(_fresh(backend, case), case)):
            start = f"{case.id}|{index}|{one.kind}|{one.when}|"
            arrays |= {start: np.zeros(0), **{f"{start}{path}": np.asarray(a) for path, a in one.entries.items()}}
    np.savez(folder / OBSERVED, **arrays)


if __name__ == "__main__":
    for source in sys.argv[3:]:
        import_extension(source)
    observe(Path(sys.argv[1]), sys.argv[2])
