"""The runner: every case at every level that applies, one pair of programs per case."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from importlib import import_module

from mtlspec.backend import Backend
from mtlspec.errors import BackendError
from mtlspec.registry import found_backend, kinds_of
from mtlspec.spec.training import Precision
from mtlspec_conformance.case import Case
from mtlspec_conformance.deviations import Deviation, declared
from mtlspec_conformance.levels import LEVELS, Level
from mtlspec_conformance.measure import Disagreement, Finding, worst
from mtlspec_conformance.pair import Pair
from mtlspec_conformance.suite import cases
from mtlspec_conformance.verdicts import Result, Verdict


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


def size(suite: Iterable[Case] | None = None) -> int:
    """Return the number of results of the whole suite: the denominator of every score."""
    return sum(len(levels_of(each)) for each in (cases() if suite is None else suite))


def results(
    subject: Backend,
    *,
    case: str = "*",
    level: str | None = None,
    precision: Precision = "float64",
    deviations: tuple[Deviation, ...] = (),
    suite: Iterable[Case] | None = None,
) -> Iterator[Result]:
    """Yield a result for every case and level of the suite; those outside `case` (a glob) and `level` are not run."""
    for each in cases() if suite is None else suite:
        own = levels_of(each)
        chosen = [one.name for one in own if fnmatchcase(each.id, case) and level in (None, one.name)]
        judged = {result.level: result for result in _case_results(subject, each, chosen, precision)}
        for one in own:
            not_run = Result(each.id, one.name, "not_run", precision)
            yield declared(judged.get(one.name, not_run), deviations)


def _case_results(subject: Backend, case: Case, levels: list[str], precision: Precision) -> Iterator[Result]:
    if not levels:
        return
    lacking = sorted(kinds_of(case.graph) - subject.capabilities.kinds)
    if precision not in subject.capabilities.precisions:
        lacking.append(f"precision {precision}")
    if lacking:
        detail = f"the backend does not claim {', '.join(lacking)}"
        yield from (Result(case.id, level, "unsupported", precision, detail=detail) for level in levels)
        return
    try:
        pair = Pair(case, subject, precision)
    except Exception as error:  # a foreign program may raise anything; whatever it is, it is the verdict
        yield from (Result(case.id, level, "error", precision, detail=_told(error)) for level in levels)
        return
    for level in levels:
        yield judged(pair, LEVELS[level])


def judged(pair: Pair, level: Level) -> Result:
    """Return the verdict of one level; a level that compared nothing is an error."""
    findings: list[Finding] = []
    try:
        findings.extend(level.findings(pair))
    except Exception as error:  # as above
        return _result(pair, level, "error", findings, _told(error))
    if not findings:
        return _result(pair, level, "error", findings, "the level compared nothing")
    differs = any(isinstance(finding, Disagreement) for finding in findings)
    return _result(pair, level, "differs" if differs else "conforms", findings)


def _result(pair: Pair, level: Level, verdict: Verdict, findings: list[Finding], detail: str = "") -> Result:
    bad = sum(isinstance(finding, Disagreement) for finding in findings)
    closest = None if verdict == "error" else worst(findings)
    return Result(pair.case.id, level.name, verdict, pair.precision, len(findings), bad, closest, detail)


def _told(error: Exception) -> str:
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    at = f" ({place.tb_frame.f_code.co_filename.rpartition('/')[2]}:{place.tb_lineno})" if place is not None else ""
    return f"{type(error).__name__}: {error}{at}"
