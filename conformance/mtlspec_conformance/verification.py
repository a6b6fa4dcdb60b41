"""Verification: one case, such as a user's own document, held against the reference in several backends."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mtlspec.errors import BackendError, MtlspecError
from mtlspec.registry import lacking
from mtlspec.spec.training import Precision
from mtlspec_conformance import report
from mtlspec_conformance.case import Case
from mtlspec_conformance.runner import found, results
from mtlspec_conformance.verdicts import Result

CARRIED = 200_000
"""How many numbers a case may have to travel with its report."""


@dataclass(frozen=True)
class Verified:
    """What one backend made of a case."""

    backend: str
    header: dict[str, Any]
    results: list[Result]

    @property
    def green(self) -> bool:
        """Whether it conforms at every level."""
        return all(result.verdict == "conforms" for result in self.results)

    def write(self, path: Path, case: Case) -> None:
        """Write the report; the case travels with it unless it is large."""
        report.write(path, **self._parts(case))

    def report(self, case: Case) -> report.Report:
        """Return the report as if it had been read."""
        return report.made(Path(f"{self.backend}.jsonl"), **self._parts(case))

    def _parts(self, case: Case) -> dict[str, Any]:
        footer = report.footer(self.results, untested=(), complaints=())
        carried = [case] if _numbers(case) <= CARRIED else []
        return {"header": self.header, "results": self.results, "footer": footer, "cases": carried}


def verify(
    case: Case,
    *,
    backends: Sequence[str],
    precision: Precision = "float64",
    device: str = "cpu",
    command: str = "",
) -> Iterator[Verified]:
    """Yield for each backend, in order, its results at every level of `case`.

    Every backend runs in a process of its own, all at once. `command` says how to make the report again.

    Raises:
        MtlspecError: no backend is named, or one twice.
        BackendError: a backend is not installed, does not have what the case needs, or its process died.
    """
    if len(set(backends)) < len(backends) or not backends:
        raise MtlspecError(f"expected one or more different backends, found {', '.join(backends) or 'none'}")
    spawn = multiprocessing.get_context("spawn")  # a forked framework shares locks with its parent
    with ProcessPoolExecutor(len(backends), mp_context=spawn, max_tasks_per_child=1) as pool:
        running = [(name, pool.submit(_verified, case, name, precision, device, command)) for name in backends]
        for name, run in running:
            try:
                yield run.result()
            except BrokenProcessPool:
                raise BackendError(f"the process of backend {name!r} died") from None


def _verified(case: Case, address: str, precision: Precision, device: str, command: str) -> Verified:
    subject = found(address)
    lacks = lacking(subject.capabilities, case.graph, precision, backend=subject.name)
    if lacks:
        raise BackendError(f"backend {address!r} does not have {', '.join(lacks)}, which the document needs")
    done = list(results(subject, precision=precision, device=device, suite=[case]))
    header = report.header(subject, device=device, examined="document", address=address, command=command)
    return Verified(address, header, done)


def _numbers(case: Case) -> int:
    """Return about how many numbers the file of a case has."""
    data = sum(array.size for array in (*case.dataset.inputs.values(), *case.dataset.targets.values()))
    script = 0 if case.script is None else len(case.script.gradients)
    return int(data + (1 + script) * sum(array.size for array in case.parameters.values()))
