"""Search: cases drawn one after the other until one is found on which a backend differs, then the smallest like it."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import Literal

from hypothesis import HealthCheck, Phase, Verbosity, assume, given, settings
from hypothesis import seed as seeded
from hypothesis.errors import Flaky, Unsatisfiable
from hypothesis.strategies import SearchStrategy

from mtlspec.backend import Backend
from mtlspec.registry import kinds_of
from mtlspec_conformance.case import Case
from mtlspec_conformance.case_file import content_of
from mtlspec_conformance.levels import LEVELS
from mtlspec_conformance.reduction import reduced
from mtlspec_conformance.runner import Examination, levels_of
from mtlspec_conformance.stability import stable
from mtlspec_conformance.verdicts import Result

ROUND = 50
"""Cases between two seeds; what was found in one round is set aside in the next."""
PLAIN = frozenset({"layer/dense", "loss/squared_error", "optimizer/sgd"})
"""Kinds that a shrunk case has for want of anything plainer."""
Fate = Literal["judged", "unstable", "unsupported", "known"]
Check = Callable[[Case], Result | None]
"""Returns the first result of a case that is not green, or None; a result that says `unsupported` judges nothing."""


@dataclass(frozen=True)
class Found:
    """A case on which a backend differs, as small as it could be made, and the result that says so."""

    case: Case
    result: Result

    @property
    def signature(self) -> tuple[str, str]:
        """The level and the kind of tensor, or of error: what tells one mistake from another."""
        if self.result.worst is None or self.result.verdict == "error":
            return self.result.level, re.sub(r":.*(\(.*\))?$", r"\1", self.result.detail, flags=re.DOTALL)
        return self.result.level, self.result.worst.where.partition(" of ")[0]

    @cached_property
    def special(self) -> frozenset[str]:
        """The kinds that it cannot do without."""
        return kinds_of(self.case.graph) - PLAIN

    def covers(self, other: Found) -> bool:
        """Return whether `other` may well be the same mistake: seen in the same way, with the same kinds around."""
        return self.signature == other.signature and self.special <= kinds_of(other.case.graph)

    def like(self, other: Found) -> bool:
        """Return whether both are seen in the same way, or this one at an earlier level."""
        order = list(LEVELS)
        places = [order.index(one.result.level) if one.result.level in order else -1 for one in (self, other)]
        return self.signature == other.signature or places[0] < places[1]

    def named(self) -> Found:
        """Return it under an id made of its content, and with the disagreement in words."""
        said = self.result.detail if self.result.verdict == "error" else str(self.result.worst)
        plain = replace(self.case, id="found/0", why=f"A search found, at level {self.result.level}: {said}.")
        digest = hashlib.sha256(json.dumps(content_of(plain), sort_keys=True).encode()).hexdigest()[:8]
        return Found(replace(plain, id=f"found/{digest}"), replace(self.result, case=f"found/{digest}"))


class _FoundError(Exception):
    """Carries what was found out of Hypothesis, which tells bugs apart by the class of what they raise."""

    def __init__(self, found: Found) -> None:
        super().__init__(str(found.result))
        self.found = found


@cache
def _error_of(signature: tuple[str, str]) -> type[_FoundError]:
    return type("FoundError", (_FoundError,), {"__doc__": "/".join(signature)})


@dataclass
class Search:
    """A search over drawn cases: what it found, and how many cases were judged, and how many could not be."""

    strategy: SearchStrategy[Case]
    check: Check
    until: float = float("inf")
    """When to stop, by the monotonic clock."""
    found: list[Found] = field(default_factory=list)
    fates: Counter[Fate] = field(default_factory=Counter)

    @property
    def drawn(self) -> int:
        """The number of cases drawn, those of shrinking apart."""
        return sum(self.fates.values())

    def rounds(self, *, seed: int, examples: int | None = None) -> Iterator[Found]:
        """Yield what is found, round by round, until so many cases are judged or the time is over.

        A round in which nothing can be judged is the last, unless there is time. The same seed draws the same cases.
        """
        index, before = 0, -1
        while not self._over() and (examples is None or before < self.fates["judged"] < examples):
            before = self.fates["judged"]
            left = ROUND if examples is None else min(ROUND, examples - before)
            yield from self._round(seed + index * 1_000_003, left)
            index += 1

    def _round(self, seed: int, examples: int) -> list[Found]:
        shrinking = False

        def judge(case: Case) -> None:
            nonlocal shrinking
            assume(shrinking or not self._over())
            found, fate = self._judged(case, counting=not shrinking)
            if not shrinking:
                self.fates[fate] += 1
            assume(fate == "judged")
            if found is not None:
                shrinking = True
                raise _error_of(found.signature)(found)

        new = []
        for caught in _caught(lambda: _ran(judge, self.strategy, seed, examples)):
            found = self._reduced(caught)
            if not any(old.covers(found) for old in self.found):
                self.found.append(found)
                new.append(found)
        return new

    def _reduced(self, found: Found) -> Found:
        """Return the smallest case like the one that was found; one that is seen at an earlier level is as good."""

        def shows(case: Case) -> bool:
            result = self.check(case)
            return result is not None and Found(case, result).like(found) and stable(case)

        case = reduced(found.case, shows)
        result = self.check(case)
        return (found if result is None else Found(case, result)).named()

    def _judged(self, case: Case, *, counting: bool) -> tuple[Found | None, Fate]:
        result = self.check(case)
        if result is None and not counting:
            return None, "judged"
        if result is not None and result.verdict == "unsupported":
            return None, "unsupported"
        if not stable(case):
            return None, "unstable"
        if result is None:
            return None, "judged"
        found = Found(case, result)
        return (None, "known") if any(old.covers(found) for old in self.found) else (found, "judged")

    def _over(self) -> bool:
        return time.monotonic() > self.until


def _ran(judge: Callable[[Case], None], strategy: SearchStrategy[Case], seed: int, examples: int) -> None:
    chosen = settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=(Phase.generate,),  # what is found is made small by `reduced`, which knows documents
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
        report_multiple_bugs=True,
    )
    seeded(seed)(chosen(given(strategy)(judge)))()


def _caught(run: Callable[[], None]) -> list[Found]:
    """Return what the bugs that `run` raises carry, each once.

    Raises:
        Flaky: something failed and then did not; without the case that failed there is nothing to report.
    """
    try:
        run()
    except Unsatisfiable:  # no case of the round could be judged, which the counts say
        return []
    except _FoundError as bug:
        return [bug.found]
    except ExceptionGroup as group:
        bugs = [bug.found for bug in group.exceptions if isinstance(bug, _FoundError)]
        if isinstance(group, Flaky) and not bugs:
            raise
        return bugs
    return []


def against_reference(subject: Backend) -> Check:
    """Return the check of all levels, in their order, that stops at the first that is not green."""

    def check(case: Case) -> Result | None:
        examination = Examination(subject, case, "float64")
        own = (examination.result(level) for level in levels_of(case))
        return next((result for result in own if not result.green), None)

    return check
