"""Deviations: what a backend declares, in its own `deviations.toml`, to do differently; strict both ways."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import get_args

from mtlspec.backend import Backend
from mtlspec.errors import MtlspecError
from mtlspec.spec.training import Precision
from mtlspec_conformance.verdicts import Result

PRECISIONS = get_args(Precision)


class DeviationError(MtlspecError):
    """A file of deviations says something that is not so."""


@dataclass(frozen=True)
class Deviation:
    """One difference that a backend declares: at which case and level, why, and where it is discussed."""

    case: str
    level: str
    reason: str
    issue: str
    precision: Precision | None = None
    """The only precision in which it happens; by default it happens in each."""

    def covers(self, result: Result) -> bool:
        """Return whether it is about the place of `result`."""
        place = (self.case, self.level) == (result.case, result.level)
        return place and self.precision in (None, result.precision)


def deviations_of(backend: Backend) -> tuple[Deviation, ...]:
    """Return what the package of `backend` declares; nothing if it has no `deviations.toml`.

    Raises:
        DeviationError: the file is not of that form.
    """
    package = type(backend).__module__.partition(".")[0]
    if not hasattr(sys.modules[package], "__path__"):  # a single module has no place for files
        return ()
    file = files(package) / "deviations.toml"
    return read(file.read_text(encoding="utf-8"), file=f"{package}/deviations.toml") if file.is_file() else ()


def read(text: str, *, file: str = "deviations.toml") -> tuple[Deviation, ...]:
    """Return the deviations that `text` declares.

    Raises:
        DeviationError: it is no TOML, or an entry has not exactly the four texts, or those and a precision.
    """
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DeviationError(f"{file}: {error}") from None
    expected = {"case", "level", "reason", "issue"}
    found = []
    for index, entry in enumerate(content.pop("deviation", [])):
        texts = all(isinstance(value, str) and value for value in entry.values())
        known = entry.get("precision", PRECISIONS[0]) in PRECISIONS
        if set(entry) - {"precision"} != expected or not texts or not known:
            raise DeviationError(
                f"{file}: deviation[{index}] needs the texts case, level, reason and issue, and may have a precision, "
                f"{' or '.join(PRECISIONS)}; found {entry}"
            )
        found.append(Deviation(**entry))
    if content:
        raise DeviationError(f"{file}: expected only [[deviation]] entries, found {', '.join(content)}")
    return tuple(found)


def declared(result: Result, deviations: tuple[Deviation, ...]) -> Result:
    """Return `result` as `deviates` where it differs and the backend says so."""
    for deviation in deviations:
        if deviation.covers(result) and result.verdict == "differs":
            return replace(result, verdict="deviates", detail=f"{deviation.reason} ({deviation.issue})")
    return result


def complaints(deviations: tuple[Deviation, ...], results: list[Result]) -> tuple[str, ...]:
    """Return what is wrong with `deviations`, given the results of the whole suite: unknown, doubled, not happening.

    Of a precision that was not run, nothing is said.
    """
    run = {result.precision for result in results}
    said: list[str] = []
    for index, deviation in enumerate(deviations):
        if deviation.precision is None or deviation.precision in run:
            said.extend(_complaints(deviation, deviations[:index], results))
    return tuple(said)


def _complaints(deviation: Deviation, before: tuple[Deviation, ...], results: list[Result]) -> Iterator[str]:
    place = f"deviation {deviation.case} at level {deviation.level}"
    own = [result for result in results if deviation.covers(result)]
    if not own:
        yield f"{place}: the suite has no such case and level"
    for result in own:
        if result.verdict not in ("deviates", "not_run"):
            what = f"declared, but in {result.precision} the backend {result.verdict} there"
            yield f"{place}: {what}; take the entry out, or name the other precision in it"
        if any(other.covers(result) for other in before):
            yield f"{place}: declared twice in {result.precision}"
