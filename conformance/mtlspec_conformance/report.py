"""Reports: JSON Lines with a header, a line per case, level and precision, and a footer, without which it is none."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from mtlspec.backend import Backend
from mtlspec.spec import Spec
from mtlspec.spec.value import nearest
from mtlspec_conformance import case_file, environment, suite
from mtlspec_conformance.case import Case
from mtlspec_conformance.case_file import CaseFile, content_of
from mtlspec_conformance.lines import FORMAT, Embedded, Examined, Footer, Header, Line
from mtlspec_conformance.measure import FLOOR, LIMIT
from mtlspec_conformance.noise import RATIO
from mtlspec_conformance.places import Places
from mtlspec_conformance.places import ReportError as ReportError
from mtlspec_conformance.profiles import ProfileVerdict
from mtlspec_conformance.tally import Tally, tally
from mtlspec_conformance.verdicts import Result

Content = Mapping[str, Any]


@dataclass(frozen=True)
class Report:
    """A whole report that was read, or is about to be written."""

    path: Path
    header: Header
    lines: tuple[Line, ...]
    cases: Mapping[str, CaseFile]
    """The cases that travel with it, by id."""
    footer: Footer

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """The ids of all cases that have a line, in order."""
        return tuple(dict.fromkeys(line.case for line in self.lines))

    def has(self, id: str) -> bool:
        """Return whether a case can be run again from this report."""
        return id in self.cases or self.header.examined == "suite"

    def case(self, id: str) -> Case:
        """Return the case of a line: the one that the report carries, else that of the suite.

        Raises:
            ReportError: the report has no line of that case, or neither it nor the suite has the case.
        """
        if id not in self.ids:
            raise ReportError(f"{self.path}: no case {id!r}{nearest(id, self.ids)}")
        if id in self.cases:
            return case_file.read(self.cases[id].model_dump())
        if id in suite.manifest():
            return suite.case(id)
        again = f"; it is run again by `{self.header.command}`" if self.header.command else ""
        raise ReportError(f"{self.path}: {id!r} is no case of the suite, and the report does not carry it{again}")


def header(
    backend: Backend,
    *,
    device: str = "cpu",
    examined: Examined = "suite",
    address: str = "",
    seed: int | None = None,
    command: str = "",
) -> dict[str, Any]:
    """Return what a reader needs to judge the results: versions, device, threads, and which suite it was.

    Args:
        backend: The subject, after it ran: its framework is loaded then.
        device: Where it ran.
        examined: What it was held to.
        address: The name that found it.
        seed: Of drawn specs.
        command: How to make the report again, where it cannot be replayed.
    """
    return {
        "report": FORMAT,
        "suite": suite.version(),
        "spec": Spec.model_fields["mtlspec"].default,
        "case_set": suite.digest(),
        "examined": examined,
        "backend": backend.name,
        "address": environment.address(backend, address),
        "device": device,
        "limit": LIMIT,
        "ratio": RATIO,
        "floor": FLOOR,
        "seed": seed,
        "threads": environment.threads(),
        "flags": environment.flags(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "versions": environment.versions(backend),
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": command,
    }


def footer(
    results: list[Result],
    *,
    untested: Iterable[str],
    complaints: Iterable[str],
    profiles: Iterable[ProfileVerdict] = (),
) -> dict[str, Any]:
    """Return the counts of all verdicts, what no case exercises, and what is wrong with the deviations."""
    return {
        "footer": True,
        "of": len(results),
        "counts": tally(results).counts,
        "untested": list(untested),
        "complaints": list(complaints),
        "profiles": [
            {
                "profile": one.profile,
                "verdict": one.verdict,
                "conforms": tally(one.results).conforming,
                "of": len(one.results),
                "unseen": list(one.unseen),
            }
            for one in profiles
        ],
    }


def write(
    path: Path, *, header: Content, results: Iterable[Result], footer: Content, cases: Iterable[Case] = ()
) -> None:
    """Write a report, as a whole or not at all.

    `cases` are those that the suite does not have; they travel with the report, each once, and so does every case of
    the suite that differs, deviates or is in error: what went wrong is there even if the suite has moved on.

    Raises:
        ReportError: what would be written is no whole report.
    """
    text = _text(header, results, footer, cases)
    parsed(text, path)
    temporary = path.with_name(f"{path.name}.part")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


def made(
    path: Path, *, header: Content, results: Iterable[Result], footer: Content, cases: Iterable[Case] = ()
) -> Report:
    """Return the report that `write` would write to `path`, unwritten."""
    return parsed(_text(header, results, footer, cases), path)


def _text(header: Content, results: Iterable[Result], footer: Content, cases: Iterable[Case]) -> str:
    body = [result.to_json() for result in results]
    first = {**header, "precisions": list(dict.fromkeys(line["precision"] for line in body))}
    own = {case.id: case for case in cases}
    carried = dict.fromkeys(str(line["case"]) for line in body if line["verdict"] in ("differs", "deviates", "error"))
    for id in carried:
        if id not in own and id in suite.manifest():
            own[id] = suite.case(id)
    embedded = [{"case": content_of(case)} for case in own.values()]
    return "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in (first, *body, *embedded, footer))


def read(path: Path | str) -> Report:
    """Return the report at `path`.

    Raises:
        ReportError: it cannot be read, or is not whole; the message says which line, and what is wrong with it.
    """
    path = Path(path)
    try:
        return parsed(path.read_text(encoding="utf-8"), path)
    except (OSError, UnicodeDecodeError) as error:
        raise ReportError(f"{path}: {error}") from None


def case(path: Path | str, id: str) -> Case:
    """Return the case called `id` of the report at `path`.

    Raises:
        ReportError: it is no whole report, or does not have the case.
    """
    return read(path).case(id)


def parsed(text: str, path: Path) -> Report:
    """Return the report that `text` is; `path` names it in errors.

    Raises:
        ReportError: as `read`.
    """
    places = Places(path, text)
    first, last = places.ends()
    lines: dict[Any, Line] = {}
    cases: dict[str, CaseFile] = {}
    for number, content in places.between():
        if "verdict" in content:
            line = places.validated(Line, number)
            if line.key in lines:
                raise places.error(number, f"a second line of {' '.join(line.key)}")
            if line.precision not in first.precisions:
                raise places.error(number, f"the header has no precision {line.precision}")
            lines[line.key] = line
        else:
            one = places.validated(Embedded, number).case
            if one.id in cases:
                raise places.error(number, f"the case {one.id} is there twice")
            cases[one.id] = one
    found = Report(path, first, tuple(lines.values()), cases, last)
    _check(found, places)
    return found


def _check(found: Report, places: Places) -> None:
    """Refuse counts that are not those of the lines, and what went wrong without its case or a command for it."""
    number, last, counted = len(places.texts), found.footer, tally(found.lines)
    if last.of != counted.of or last.counts != counted.counts:
        raise places.error(
            number, f"the footer counts {last.of} results: {Tally(last.counts)}; the lines are {counted}"
        )
    if found.header.command:
        return
    bare = sorted({line.case for line in found.lines if line.carried} - found.cases.keys())
    if bare:
        raise places.error(number, f"lines that are not green, and no line with the case: {', '.join(bare)}")
