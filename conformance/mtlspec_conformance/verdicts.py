"""Verdicts: what a case says of a backend at one level; a closed set, of which only the first is green."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from mtlspec.spec.training import Precision
from mtlspec_conformance.measure import Agreement, Finding

Verdict = Literal["conforms", "differs", "deviates", "unsupported", "error", "not_run"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)


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
            "error": None if worst is None else str(worst.error) if worst.error == float("inf") else worst.error,
            "reason": "" if worst is None or isinstance(worst, Agreement) else worst.reason,
            "detail": self.detail,
        }


def counts(results: list[Result]) -> dict[Verdict, int]:
    """Return how many results there are of each verdict."""
    return {verdict: sum(result.verdict == verdict for result in results) for verdict in VERDICTS}
