"""The runner: every case at every level that applies, one pair of programs per case."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from functools import cached_property
from importlib import import_module

from mtlspec.backend import Backend
from mtlspec.errors import BackendError
from mtlspec.registry import found_backend, lacking
from mtlspec.spec.training import Precision
from mtlspec_conformance.case import Case
from mtlspec_conformance.deviations import Deviation, declared
from mtlspec_conformance.levels import LEVELS, Level
from mtlspec_conformance.measure import Disagreement, Finding, worst
from mtlspec_conformance.noise import judged_by_conditioning, judged_in_float32, softness
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
    device: str = "cpu",
) -> Iterator[Result]:
    """Yield a result for every case and level of the suite; those outside `case` (a glob) and `level` are not run."""
    for each in cases() if suite is None else suite:
        examination = Examination(subject, each, precision, deviations, device=device)
        for one in levels_of(each):
            chosen = fnmatchcase(each.id, case) and level in (None, one.name)
            yield examination.result(one) if chosen else Result(each.id, one.name, "not_run", precision)


class Examination:
    """One case of one backend, whose programs are compiled once, when the first level is asked for."""

    def __init__(
        self,
        subject: Backend,
        case: Case,
        precision: Precision,
        deviations: tuple[Deviation, ...] = (),
        *,
        device: str = "cpu",
    ) -> None:
        self.subject, self.case, self.precision, self.device = subject, case, precision, device
        self.deviations = deviations

    def result(self, level: Level) -> Result:
        """Return the verdict of one level; what lies outside the claims is never compiled."""
        return self.examined(level)[0]

    def examined(self, level: Level) -> tuple[Result, tuple[Finding, ...]]:
        """Return the verdict of one level with all findings behind it; none where nothing could be run."""
        if self.lacking:
            detail = f"the backend does not claim {', '.join(self.lacking)}"
            return Result(self.case.id, level.name, "unsupported", self.precision, detail=detail), ()
        if isinstance(self._pair, str):
            return Result(self.case.id, level.name, "error", self.precision, detail=self._pair), ()
        findings, wrong = compared(self._pair, level)
        return declared(_verdict(self._pair, level, findings, wrong), self.deviations), tuple(findings)

    @cached_property
    def lacking(self) -> tuple[str, ...]:
        """What the case needs and the backend does not claim."""
        return lacking(self.subject.capabilities, self.case.graph, self.precision, backend=self.subject.name)

    @cached_property
    def _pair(self) -> Pair | str:
        """The programs, or what compiling them raised."""
        try:
            return Pair(self.case, self.subject, self.precision, device=self.device)
        except Exception as error:  # a foreign program may raise anything; whatever it is, it is the verdict
            return told(error)


def judged(pair: Pair, level: Level) -> Result:
    """Return the verdict of one level; a level that compared nothing is an error."""
    return _verdict(pair, level, *compared(pair, level))


def compared(pair: Pair, level: Level) -> tuple[list[Finding], str]:
    """Return the findings of one level, judged as the precision demands, and what went wrong, if anything did."""
    findings: list[Finding] = []
    try:
        findings.extend(level.findings(pair))
    except Exception as error:  # as above
        return findings, told(error)
    if pair.precision == "float32":
        findings = judged_in_float32(findings, pair, level)
    elif pair.case.own:
        findings = judged_by_conditioning(findings, pair, level)
    return findings, "" if findings else "the level compared nothing"


def _verdict(pair: Pair, level: Level, findings: list[Finding], wrong: str) -> Result:
    if wrong:
        return _result(pair, level, "error", findings, wrong)
    differs = any(isinstance(finding, Disagreement) for finding in findings)
    detail = softness(findings) if pair.precision == "float64" else ""
    return _result(pair, level, "differs" if differs else "conforms", findings, detail)


def _result(pair: Pair, level: Level, verdict: Verdict, findings: list[Finding], detail: str = "") -> Result:
    bad = [finding for finding in findings if isinstance(finding, Disagreement)]
    closest = None if verdict == "error" else worst(findings)
    first = bad[0] if bad else None
    return Result(pair.case.id, level.name, verdict, pair.precision, len(findings), len(bad), closest, detail, first)


def told(error: Exception) -> str:
    """Return the type, message and place of an error."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    at = f" ({place.tb_frame.f_code.co_filename.rpartition('/')[2]}:{place.tb_lineno})" if place is not None else ""
    return f"{type(error).__name__}: {error}{at}"
