"""Comparison: two records held against each other level by level."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mtlspec.spec.training import Precision
from mtlspec.tensors import Array
from mtlspec_conformance.measure import worst
from mtlspec_conformance.verdicts import Result, Verdict
from mtlspec_conformance.witness.judging import Compared, absences, numbers, shapes
from mtlspec_conformance.witness.parting import Parting, parting
from mtlspec_conformance.witness.record import Record, RecordError
from mtlspec_conformance.witness.where import LEVELS

CASE = "witness"
DROWNED = 1e-3
"""Where rounding alone moves a number by more than a tenth of this share of it, agreement says little."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two records and all that was compared."""

    first: Record
    second: Record
    names: Mapping[str, str]
    """The second's parameter by the first's."""
    compared: tuple[Compared, ...]

    @property
    def green(self) -> bool:
        """Whether the two do not part."""
        return not any(each.differs for each in self.compared)

    @property
    def precision(self) -> Precision:
        """The coarser arithmetic of the two."""
        return "float32" if "float32" in (self.first.dtype, self.second.dtype) else "float64"

    @cached_property
    def results(self) -> list[Result]:
        """The verdict of every level, in order."""
        return [self._result(level) for level in LEVELS]

    def _result(self, level: str) -> Result:
        own = [each for each in self.compared if each.where.level == level]
        if not own:
            return Result(
                CASE, level, "not_run", self.precision, detail=self.first.lacks(level) or self.second.lacks(level)
            )
        bad = sum(each.differs for each in own)
        verdict: Verdict = "differs" if bad else "conforms"
        found = worst(each.finding for each in own)
        return Result(CASE, level, verdict, self.precision, len(own), bad, found, _drowned(own))

    @cached_property
    def parting(self) -> Parting | None:
        """The first place where the two part."""
        return parting(self.compared, self.first, self.second, self.names)


def _drowned(own: list[Compared]) -> str:
    """Return how much of a level is lost in rounding; the script of the law level has tiny gradients on purpose."""
    own = [each for each in own if each.where.level != "law" and not each.finding.exact]
    lost = [each for each in own if not each.differs and each.finding.limit > DROWNED]
    return f"{len(lost)} of {len(own)} numbers are mostly rounding, such as {lost[0].where}" if lost else ""


def compare(first: Record, second: Record, *, passing: float = 0.0) -> Comparison:
    """Return how far two records are apart; an error up to `passing` passes, whatever the noise.

    Raises:
        RecordError: they were not measured alike, or not from the same start.
    """
    first, second, names = paired(first, second)
    _expect_same_conditions(first, second)
    measured = (*absences(first, second, names), *numbers(first, second, names, passing=passing))
    by_level = sorted(measured, key=lambda each: LEVELS.index(each.where.level))
    compared = (*shapes(first, second, names), *by_level)
    return Comparison(first, second, names, compared)


def paired(first: Record, second: Record) -> tuple[Record, Record, dict[str, str]]:
    """Return both records, the one that the other began from first, and the second's names by the first's.

    Raises:
        RecordError: neither began where the other did.
    """
    for one, other in ((first, second), (second, first)):
        if other.origin is not None and other.origin.start == one.start_digest():
            names = dict(other.origin.names)
            if all(_began(other.start[theirs], one.start[mine]) for mine, theirs in names.items()):
                return one, other, names
    if first.start_digest() == second.start_digest():
        return first, second, {name: name for name in first.start}
    raise RecordError(
        f"{first.source} and {second.source} were not recorded from the same start: record the second with --from "
        "the record of the first"
    )


def _began(found: Array, given: Array) -> bool:
    return np.array_equal(found, given.astype(found.dtype))


def _expect_same_conditions(first: Record, second: Record) -> None:
    for name in ("batches", "batch_size", "steps", "precision"):
        mine, theirs = getattr(first.conditions, name), getattr(second.conditions, name)
        if mine != theirs:
            raise RecordError(f"the records differ in {name}: {mine} and {theirs}; record both alike")
    if set(first.tasks) != set(second.tasks):
        raise RecordError(f"the tasks differ: {', '.join(first.tasks)} and {', '.join(second.tasks)}")
