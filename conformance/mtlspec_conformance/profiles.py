"""Profile verdicts: what the results say of each profile that a backend claims, and how much lies outside its claims.

The cases of `core-1` are those that need nothing else, the same for every backend. Those of another profile need
something of it and nothing outside the claims, so that a backend is never judged by what it does not have.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from mtlspec.backend import Capabilities
from mtlspec.profiles import BASE, PROFILES, profile_of
from mtlspec.registry import kinds_of
from mtlspec_conformance.case import Case
from mtlspec_conformance.suite import cases
from mtlspec_conformance.verdicts import Result, Verdict, counts

Needs = Mapping[str, frozenset[str]]
"""The kinds and features that each case needs, by its id."""

WORDS: dict[Verdict, str] = {
    "conforms": "conforms",
    "differs": "differs",
    "deviates": "deviates as declared",
    "unsupported": "unsupported",
    "error": "in error",
    "not_run": "not judged",
}
WORST_FIRST: tuple[Verdict, ...] = ("differs", "error", "unsupported", "not_run")


@dataclass(frozen=True)
class ProfileVerdict:
    """One claimed profile: its results, and what of it no case within the claims looks at."""

    profile: str
    results: tuple[Result, ...]
    unseen: tuple[str, ...] = ()
    wanted: tuple[str, ...] = ()
    """The profiles that have to be claimed too for a case to look at what is unseen."""

    @property
    def verdict(self) -> Verdict:
        """The worst of its results; a profile of which something is unseen, or all, is not judged."""
        met = {result.verdict for result in self.results}
        worst = next((verdict for verdict in WORST_FIRST if verdict in met), None)
        if worst is not None:
            return worst
        if self.unseen or not met:
            return "not_run"
        return "deviates" if "deviates" in met else "conforms"

    def __str__(self) -> str:
        conforming = sum(result.verdict == "conforms" for result in self.results)
        said = f"{self.profile}: {WORDS[self.verdict]}, {conforming} of {len(self.results)}"
        return f"{said}; {unseen_told(self.unseen, self.wanted)}" if self.unseen else said


def profile_verdicts(
    capabilities: Capabilities, results: Iterable[Result], *, suite: Iterable[Case] | None = None
) -> tuple[ProfileVerdict, ...]:
    """Return the verdict of each claimed profile, in the precisions that are claimed."""
    own = tuple(result for result in results if result.precision in capabilities.precisions)
    needs = needs_of(suite)
    return tuple(_verdict(name, capabilities.kinds, own, needs) for name in PROFILES if name in capabilities.profiles)


def needs_of(suite: Iterable[Case] | None = None) -> Needs:
    """Return what each case of a suite needs."""
    return {case.id: kinds_of(case.graph) for case in (cases() if suite is None else suite)}


def belongs(needs: frozenset[str], profile: str, claims: frozenset[str]) -> bool:
    """Return whether a case with these needs belongs to a profile of a backend with these claims."""
    kinds = PROFILES[profile].kinds
    return needs <= kinds if profile == BASE else bool(needs & kinds) and needs <= claims


def unseen(name: str, claims: frozenset[str], needs: Needs) -> tuple[str, ...]:
    """Return the kinds of a profile that no case within the claims needs."""
    seen = frozenset[str]().union(*(kinds for kinds in needs.values() if belongs(kinds, name, claims)))
    return tuple(sorted(PROFILES[name].kinds - seen))


def wanted(kinds: Iterable[str], claims: frozenset[str], needs: Needs) -> tuple[str, ...]:
    """Return the fewest profiles that have to be claimed too for a case to look at each of `kinds`."""
    found: set[str] = set()
    for kind in kinds:
        ways = [{profile_of(other) or other for other in case - claims} for case in needs.values() if kind in case]
        found |= min(ways, key=lambda way: (len(way), sorted(way)), default=set())
    return tuple(sorted(found))


def unseen_told(unseen: tuple[str, ...], wanted: tuple[str, ...]) -> str:
    """Return in words what no case looks at, and what to do about it."""
    told = f"no case within the claims needs {', '.join(unseen)}"
    return f"{told}: claim {', '.join(wanted)} too" if wanted else told


def _verdict(name: str, claims: frozenset[str], results: tuple[Result, ...], needs: Needs) -> ProfileVerdict:
    own = tuple(result for result in results if belongs(needs[result.case], name, claims))
    lacks = unseen(name, claims, needs)
    return ProfileVerdict(name, own, lacks, wanted(lacks, claims, needs))


def summary(capabilities: Capabilities, results: list[Result], *, suite: Iterable[Case] | None = None) -> Iterator[str]:
    """Yield a line for each claimed profile, one for what belongs to none of them, and one for what is not claimed."""
    suite = cases() if suite is None else tuple(suite)
    verdicts = profile_verdicts(capabilities, results, suite=suite)
    yield from map(str, verdicts)
    judged = {id(result) for verdict in verdicts for result in verdict.results}
    beside = [r for r in results if id(r) not in judged and r.verdict not in ("unsupported", "not_run")]
    if beside:
        conforming = sum(result.verdict == "conforms" for result in beside)
        yield f"beside the profiles: {conforming} of {len(beside)} conform"
    unsupported = [result for result in results if result.verdict == "unsupported"]
    if unsupported:
        needs = needs_of(suite)
        lacks = Counter(lack for r in unsupported for lack in _lacks(needs[r.case], capabilities, r))
        told = ", ".join(f"{name} ({count})" for name, count in lacks.items())
        yield f"outside the claims: {len(unsupported)} of {len(results)} unsupported; they need {told}"


def _lacks(needs: frozenset[str], capabilities: Capabilities, result: Result) -> Iterator[str]:
    """Yield the profiles that a case needs and nothing is claimed of, and single kinds of the others."""
    named = {
        profile if profile and not PROFILES[profile].kinds & capabilities.kinds else kind
        for kind in needs - capabilities.kinds
        for profile in (profile_of(kind),)
    }
    yield from sorted(named, key=lambda name: (name not in PROFILES, name))
    if result.precision not in capabilities.precisions:
        yield result.precision


def good(capabilities: Capabilities, results: list[Result], *, suite: Iterable[Case] | None = None) -> bool:
    """Return whether a run, or the part of it that was chosen, is green.

    Something within the claims has to be green and nothing wrong; no claimed profile may have parts that no case sees;
    and a backend that claims no profile has to support everything.
    """
    counted = counts(results)
    if counted["conforms"] + counted["deviates"] == 0 or counted["differs"] + counted["error"] > 0:
        return False
    verdicts = profile_verdicts(capabilities, results, suite=suite)
    return not any(verdict.unseen for verdict in verdicts) and (bool(verdicts) or counted["unsupported"] == 0)
