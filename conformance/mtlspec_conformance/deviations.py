"""Deviations: what a backend declares, in its own `deviations.toml`, to do differently; strict both ways."""

from __future__ import annotations

import sys
import tomllib
from dataclasses import dataclass, replace
from importlib.resources import files

from mtlspec.backend import Backend
from mtlspec.errors import MtlspecError
from mtlspec_conformance.verdicts import Result


class DeviationError(MtlspecError):
    """A file of deviations says something that is not so."""


@dataclass(frozen=True)
class Deviation:
    """One difference that a backend declares: at which case and level, why, and where it is discussed."""

    case: str
    level: str
    reason: str
    issue: str


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
        DeviationError: it is no TOML, or an entry does not have exactly the four texts.
    """
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DeviationError(f"{file}: {error}") from None
    expected = {"case", "level", "reason", "issue"}
    found = []
    for index, entry in enumerate(content.pop("deviation", [])):
        if set(entry) != expected or not all(isinstance(value, str) and value for value in entry.values()):
            raise DeviationError(
                f"{file}: deviation[{index}] needs the texts case, level, reason and issue; found {entry}"
            )
        found.append(Deviation(**entry))
    if content:
        raise DeviationError(f"{file}: expected only [[deviation]] entries, found {', '.join(content)}")
    return tuple(found)


def declared(result: Result, deviations: tuple[Deviation, ...]) -> Result:
    """Return `result` as `deviates` where it differs and the backend says so."""
    for deviation in deviations:
        if (deviation.case, deviation.level) == (result.case, result.level) and result.verdict == "differs":
            return replace(result, verdict="deviates", detail=f"{deviation.reason} ({deviation.issue})")
    return result


def complaints(deviations: tuple[Deviation, ...], results: list[Result]) -> tuple[str, ...]:
    """Return what is wrong with `deviations`, given the results of the whole suite: unknown, doubled, not happening."""
    by_place = {(result.case, result.level): result for result in results}
    said = []
    for index, deviation in enumerate(deviations):
        place = f"{deviation.case} at level {deviation.level}"
        result = by_place.get((deviation.case, deviation.level))
        if result is None:
            said.append(f"deviation {place}: the suite has no such case and level")
        elif result.verdict not in ("deviates", "not_run"):
            said.append(f"deviation {place}: declared, but the backend {result.verdict} there; take the entry out")
        if any((d.case, d.level) == (deviation.case, deviation.level) for d in deviations[:index]):
            said.append(f"deviation {place}: declared twice")
    return tuple(said)
