"""The runner: every case at every level that applies, one pair of programs per case."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from importlib import import_module

from mtlspec.backend import Backend
from mtlspec.errors import BackendError
from mtlspec.registry import found_backend, kinds_of
from mtlspec_conformance.case import Case, cases
from mtlspec_conformance.deviations import Deviation, declared
from mtlspec_conformance.levels import LEVELS, Level
from mtlspec_conformance.measure import Disagreement, Finding, worst
from mtlspec_conformance.pair import Pair
from mtlspec_conformance.verdicts import Result


def found(name: str) -> Backend:
    """Return the installed backend called `name`, or the one at `module:attribute`.

    Raises:
        BackendError: there is none.
    """
    module, colon, attribute = name.partition(":")
    if not colon:
        return found_backend(name)
    try:
        made: Backend = getattr(import_module(module), attribute)()
    except (ModuleNotFoundError, AttributeError) as error:
        raise BackendError(f"no backend at {name!r}: {error}") from None
    return made


def levels_of(case: Case) -> tuple[Level, ...]:
    """Return the levels that `case` stores enough for."""
    return tuple(level for level in LEVELS.values() if level.applies(case))


def size() -> int:
    """Return the number of results of the whole suite: the denominator of every score."""
    return sum(len(levels_of(case)) for case in cases())


def results(
    subject: Backend,
    *,
    case: str = "*",
    level: str | None = None,
    deviations: tuple[Deviation, ...] = (),
    suite: Iterable[Case] | None = None,
) -> Iterator[Result]:
    """Yield a result for every case and level of the suite; those outside `case` (a glob) and `level` are not run."""
    for each in cases() if suite is None else suite:
        own = levels_of(each)
        chosen = [one.name for one in own if fnmatchcase(each.id, case) and level in (None, one.name)]
        judged = {result.level: result for result in _case_results(subject, each, chosen)}
        for one in own:
            yield declared(judged.get(one.name, Result(each.id, one.name, "not_run")), deviations)


def _case_results(subject: Backend, case: Case, levels: list[str]) -> Iterator[Result]:
    if not levels:
        return
    lacking = sorted(kinds_of(case.graph) - subject.capabilities.kinds)
    if "float64" not in subject.capabilities.precisions:
        lacking.append("precision float64")
    if lacking:
        detail = f"the backend does not claim {', '.join(lacking)}"
        yield from (Result(case.id, level, "unsupported", detail=detail) for level in levels)
        return
    try:
        pair = Pair(case, subject)
    except Exception as error:  # a foreign program may raise anything; whatever it is, it is the verdict
        yield from (Result(case.id, level, "error", detail=_told(error)) for level in levels)
        return
    for level in levels:
        yield judged(pair, LEVELS[level])


def judged(pair: Pair, level: Level) -> Result:
    """Return the verdict of one level; a level that compared nothing is an error."""
    findings: list[Finding] = []
    try:
        findings.extend(level.findings(pair))
    except Exception as error:  # as above
        return Result(pair.case.id, level.name, "error", len(findings), detail=_told(error))
    if not findings:
        return Result(pair.case.id, level.name, "error", detail="the level compared nothing")
    bad = sum(isinstance(finding, Disagreement) for finding in findings)
    return Result(pair.case.id, level.name, "differs" if bad else "conforms", len(findings), bad, worst(findings))


def _told(error: Exception) -> str:
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    at = f" ({place.tb_frame.f_code.co_filename.rpartition('/')[2]}:{place.tb_lineno})" if place is not None else ""
    return f"{type(error).__name__}: {error}{at}"
