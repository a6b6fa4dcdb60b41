"""Trials: each mutant has to be seen at its level, by a verdict and not by an accident; and who sees what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from mtlspec_numpy import NumpyBackend

from mtlspec.backend import Backend
from mtlspec_conformance.levels import LEVELS
from mtlspec_conformance.mutants import MUTANTS
from mtlspec_conformance.mutants.grafting import grafted
from mtlspec_conformance.mutants.mutant import Compiled, Mutant, MutantBackend
from mtlspec_conformance.runner import results
from mtlspec_conformance.suite import case
from mtlspec_conformance.verdicts import Result

Fate = Literal["killed", "survived", "error", "unsupported"]
Sight = Literal["killed", "silent", "error", "not applicable"]
"""What a level makes of a mutant: it differs in a case, conforms in all, raises, or no case of the mutant has it."""


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


def mutants_of(subject: Backend) -> tuple[Mutant, ...]:
    """Return the mutants that are made of `subject`; those planted in the reference belong to it alone."""
    return tuple(mutant for mutant in MUTANTS if not mutant.of_the_reference or isinstance(subject, NumpyBackend))


def trials(
    subject: Backend, mutants: Iterable[Mutant] | None = None, *, compiled: Compiled | None = None
) -> Iterator[Trial]:
    """Yield the fate of each mutant of `subject`; the next of its cases is tried only while it survives.

    Programs in `compiled` are used again.
    """
    compiled = {} if compiled is None else compiled
    for mutant in mutants_of(subject) if mutants is None else mutants:
        yield _trial(mutant, MutantBackend(subject, mutant, compiled))


def _trial(mutant: Mutant, backend: MutantBackend) -> Trial:
    fate: Fate = "unsupported"
    last = None
    for id in mutant.cases:
        (last,) = (result for result in _results(backend, id, mutant.level) if result.level == mutant.level)
        if last.verdict == "differs":
            return Trial(mutant, "killed", last)
        if last.verdict == "error":
            return Trial(mutant, "error", last)
        if last.verdict == "conforms":
            fate = "survived"
    return Trial(mutant, fate, last)


def _results(backend: MutantBackend, id: str, level: str | None = None) -> list[Result]:
    """Return the results of one case, which is read before the host has its mistake."""
    suite = [case(id)]
    if not backend.mutant.host:
        return list(results(backend, level=level, suite=suite))
    with grafted(backend.mutant.host):
        return list(results(backend, level=level, suite=suite))


@dataclass(frozen=True)
class Row:
    """What every level makes of one mutant, over the mutant's own cases."""

    mutant: Mutant
    sights: Mapping[str, Sight]
    """By level, in order; empty if the backend claims none of the cases."""

    @property
    def seen_by(self) -> tuple[str, ...]:
        """The levels that see it, in order."""
        return tuple(level for level, sight in self.sights.items() if sight == "killed")

    @property
    def complaints(self) -> tuple[str, ...]:
        """What is wrong: not seen at its level, seen before it without a reason, a reason without need, an error."""
        if not self.sights:
            return ()
        mutant, first = self.mutant, self.seen_by[:1]
        said = [f"{mutant.name}: an error at level {level}" for level, s in self.sights.items() if s == "error"]
        if mutant.level not in self.seen_by:
            said.append(f"{mutant.name}: not seen at level {mutant.level}, which it is for")
        elif first != (mutant.level,) and not mutant.earlier:
            said.append(f"{mutant.name}: seen first at level {first[0]}; it is for {mutant.level} and says no reason")
        elif first == (mutant.level,) and mutant.earlier:
            said.append(f"{mutant.name}: gives a reason for levels before {mutant.level}, and none sees it")
        return tuple(said)


def rows(
    subject: Backend, mutants: Iterable[Mutant] | None = None, *, compiled: Compiled | None = None
) -> Iterator[Row]:
    """Yield what every level makes of each mutant of `subject`; programs in `compiled` are used again."""
    compiled = {} if compiled is None else compiled
    for mutant in mutants_of(subject) if mutants is None else mutants:
        yield _row(MutantBackend(subject, mutant, compiled))


def _row(backend: MutantBackend) -> Row:
    found: dict[str, set[str]] = {}
    for id in backend.mutant.cases:
        for result in _results(backend, id):
            found.setdefault(result.level, set()).add(result.verdict)
    if set().union(*found.values()) == {"unsupported"}:
        return Row(backend.mutant, {})
    return Row(backend.mutant, {level: _sight(found.get(level, set())) for level in LEVELS})


def _sight(verdicts: set[str]) -> Sight:
    if not verdicts - {"unsupported"}:
        return "not applicable"
    if "error" in verdicts:
        return "error"
    return "killed" if "differs" in verdicts else "silent"


def alone(table: Iterable[Row]) -> dict[str, tuple[str, ...]]:
    """Return by level the names of the mutants that no other level sees; a level without one is not needed here."""
    names: dict[str, list[str]] = {level: [] for level in LEVELS}
    for row in table:
        if len(row.seen_by) == 1:
            names[row.seen_by[0]].append(row.mutant.name)
    return {level: tuple(own) for level, own in names.items()}


def complaints(table: Iterable[Row]) -> tuple[str, ...]:
    """Return what is wrong with a whole table: with its rows, and levels that see no mutant alone.

    A level whose mutants are all of the reference is not judged by a table of another backend.
    """
    all_rows = list(table)
    tried, known = {row.mutant.level for row in all_rows if row.sights}, {mutant.level for mutant in MUTANTS}
    idle = [level for level, own in alone(all_rows).items() if not own and (level in tried or level not in known)]
    said = [complaint for row in all_rows for complaint in row.complaints]
    return (*said, *(f"level {level}: sees no mutant that every other level misses" for level in idle))
