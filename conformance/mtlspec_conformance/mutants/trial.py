"""Trials: each mutant has to be seen at its level, by a verdict and not by an accident."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from mtlspec.backend import Backend, Program
from mtlspec_conformance.mutants import MUTANTS
from mtlspec_conformance.mutants.mutant import Mutant, MutantBackend
from mtlspec_conformance.runner import results
from mtlspec_conformance.suite import case
from mtlspec_conformance.verdicts import Result

Fate = Literal["killed", "survived", "error", "unsupported"]


@dataclass(frozen=True)
class Trial:
    """What became of one mutant, and by which result."""

    mutant: Mutant
    fate: Fate
    result: Result | None

    @property
    def good(self) -> bool:
        """Whether the mutant was killed, or needs a kind that the backend does not claim."""
        return self.fate in ("killed", "unsupported")


def trials(subject: Backend, mutants: Iterable[Mutant] = MUTANTS) -> Iterator[Trial]:
    """Yield the fate of each mutant of `subject`; the next of its cases is tried only while it survives."""
    compiled: dict[tuple[str, str], Program] = {}
    for mutant in mutants:
        yield _trial(mutant, MutantBackend(subject, mutant, compiled))


def _trial(mutant: Mutant, backend: MutantBackend) -> Trial:
    fate: Fate = "unsupported"
    last = None
    for id in mutant.cases:
        own = results(backend, level=mutant.level, suite=[case(id)])
        (last,) = (result for result in own if result.level == mutant.level)
        if last.verdict == "differs":
            return Trial(mutant, "killed", last)
        if last.verdict == "error":
            return Trial(mutant, "error", last)
        if last.verdict == "conforms":
            fate = "survived"
    return Trial(mutant, fate, last)
