"""Tallies: how many results there are of each verdict, of how many; the only place where a score is computed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mtlspec_conformance.verdicts import Judged, Verdict, counts

WORDS: dict[Verdict, str] = {
    "conforms": "conform",
    "differs": "differ",
    "deviates": "deviate",
    "unsupported": "unsupported",
    "error": "in error",
    "not_run": "not run",
}
ALWAYS: tuple[Verdict, ...] = ("conforms", "differs")
"""Said even where there are none."""

WORST_FIRST: tuple[Verdict, ...] = ("differs", "error", "not_run", "unsupported", "deviates", "conforms")


@dataclass(frozen=True)
class Tally:
    """The number of results of each verdict."""

    counts: Mapping[Verdict, int]

    @property
    def of(self) -> int:
        """The denominator: every result that the suite has, run or not."""
        return sum(self.counts.values())

    @property
    def conforming(self) -> int:
        """The numerator of the score."""
        return self.counts["conforms"]

    @property
    def worst(self) -> Verdict:
        """The verdict that says most against a backend, among those that were met."""
        return next((verdict for verdict in WORST_FIRST if self.counts[verdict]), "not_run")

    def __str__(self) -> str:
        said = (f"{number} {WORDS[verdict]}" for verdict, number in self.counts.items() if number or verdict in ALWAYS)
        return f"{', '.join(said)}, of {self.of}"


def tally(results: Iterable[Judged]) -> Tally:
    """Return the tally of `results`."""
    return Tally(counts(results))
