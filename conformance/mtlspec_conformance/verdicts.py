"""Verdicts: what a case says of a backend at one level; a closed set, of which only the first is green."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol, get_args

from mtlspec.spec.training import Precision
from mtlspec_conformance.measure import Agreement, Disagreement, Finding

Verdict = Literal["conforms", "differs", "deviates", "unsupported", "error", "not_run"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)


class Judged(Protocol):
    """Anything with a verdict: a result, or the line of a report."""

    @property
    def verdict(self) -> Verdict:
        """What was found."""
        ...


@dataclass(frozen=True)
class Result:
    """The verdict of one case at one level, with the worst finding and the number of findings behind it."""

    case: str
    level: str
    verdict: Verdict
    precision: Precision = "float64"
    findings: int = 0
    disagreements: int = 0
    worst: Finding | None = None
    detail: str = ""
    """Why a case is an error, unsupported or deviates."""
    first: Disagreement | None = None
    """Where the two sides part first, in the order in which the level looks."""

    @property
    def green(self) -> bool:
        """Whether the backend does here what the spec says, or what it declares to do instead."""
        return self.verdict in ("conforms", "deviates")

    def to_json(self) -> dict[str, object]:
        """Return the line of the report."""
        worst = self.worst
        return {
            "case": self.case,
            "level": self.level,
            "precision": self.precision,
            "verdict": self.verdict,
            "findings": self.findings,
            "disagreements": self.disagreements,
            "worst": None if worst is None else worst.where,
            "error": None if worst is None else _size(worst.error),
            "limit": None if worst is None or worst.exact else worst.limit,
            "noise": None if worst is None else worst.noise,
            "ratio": None if worst is None or not worst.noise else _size(worst.error / worst.noise),
            "step": None if worst is None else step_of(worst),
            "first": None if self.first is None else self.first.where,
            "reason": "" if worst is None or isinstance(worst, Agreement) else worst.reason,
            "detail": self.detail,
        }


def _size(error: float) -> float | str:
    """Return an error as JSON has it, which knows nothing infinite."""
    return "inf" if error == float("inf") else error


def step_of(finding: Finding) -> int | None:
    """Return the number of the step that a finding names, counted from 1."""
    named = re.search(r"\bstep (\d+)", finding.where)
    return None if named is None else int(named[1])


def counts(results: Iterable[Judged]) -> dict[Verdict, int]:
    """Return how many results there are of each verdict."""
    met = [result.verdict for result in results]
    return {verdict: met.count(verdict) for verdict in VERDICTS}
