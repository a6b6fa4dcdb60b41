"""Checking: the suite, or its mutants, run on one backend by several processes, told and written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from mtlspec.backend import Backend
from mtlspec.errors import MtlspecError
from mtlspec.spec.training import Precision
from mtlspec_conformance import report, smoke
from mtlspec_conformance.console import show_results, show_trials, watched
from mtlspec_conformance.coverage import untested
from mtlspec_conformance.deviations import complaints, deviations_of
from mtlspec_conformance.mutants.mutant import Compiled
from mtlspec_conformance.mutants.trial import Fate, Trial, mutants_of, trials
from mtlspec_conformance.parallel import shared
from mtlspec_conformance.profiles import good, profile_verdicts, summary
from mtlspec_conformance.runner import found, results
from mtlspec_conformance.suite import case, cases, manifest
from mtlspec_conformance.verdicts import Result


@dataclass(frozen=True)
class Choice:
    """What of the suite is run: cases by a glob, one level or all, in one precision, on one device."""

    case: str = "*"
    level: str | None = None
    precision: Precision = "float64"
    device: str = "cpu"


def check(console: Console, address: str, choice: Choice, *, jobs: int = 1, written: Path | None = None) -> bool:
    """Run the suite, print and write what came out, and return whether all that was chosen is green.

    Raises:
        MtlspecError: there is no such backend, or nothing was chosen.
    """
    subject = found(address)
    outcomes = shared(partial(_of_case, choice), manifest(), address=address, jobs=jobs)
    done = list(chain.from_iterable(watched(outcomes, total=len(manifest()), of=subject.name, console=console)))
    if all(result.verdict == "not_run" for result in done):
        raise MtlspecError(f"no case matches {choice.case!r} at level {choice.level or 'any'}; --list prints them")
    wrong, gaps = complaints(deviations_of(subject), done), untested(cases())
    if written is not None:
        own_profiles = profile_verdicts(subject.capabilities, done)
        last = report.footer(done, untested=gaps, complaints=wrong, profiles=own_profiles)
        header = report.header(subject, device=choice.device, address=address)
        report.write(written, header=header, results=done, footer=last)
    show_results(console, subject.name, address, done, written=written)
    _print(console, summary(subject.capabilities, done))
    _print(console, (*wrong, *(f"untested: {gap}" for gap in gaps)), style="red")
    return good(subject.capabilities, done) and not wrong


def _of_case(choice: Choice, subject: Backend, id: str) -> list[Result]:
    return list(
        results(
            subject,
            case=choice.case,
            level=choice.level,
            precision=choice.precision,
            device=choice.device,
            deviations=deviations_of(subject),
            suite=[case(id)],
        )
    )


def try_mutants(console: Console, address: str, *, jobs: int = 1) -> bool:
    """Try every mutant, print what is wrong and the score, and return whether all that apply were killed."""
    subject = found(address)
    mutants = mutants_of(subject)
    outcomes = shared(_of_mutant, range(len(mutants)), address=address, jobs=jobs)
    fates = watched(outcomes, total=len(mutants), of=f"mutants of {subject.name}", console=console)
    done = [Trial(mutant, fate, result) for mutant, (fate, result) in zip(mutants, fates, strict=True)]
    show_trials(console, subject.name, done)
    return all(trial.good for trial in done)


_compiled: Compiled = {}
"""Programs of this process, for mutants that compile the same."""


def _of_mutant(subject: Backend, index: int) -> tuple[Fate, Result | None]:
    """Return what becomes of one mutant; the mutant itself is made of functions, which cannot be sent."""
    (trial,) = trials(subject, mutants_of(subject)[index : index + 1], compiled=_compiled)
    return trial.fate, trial.result


def try_smoke(console: Console, address: str) -> bool:
    """Print what the smoke test finds, and return whether that is nothing."""
    troubles = smoke.smoke(address)
    _print(console, smoke.lines(address, troubles))
    return not troubles


def _print(console: Console, lines: Iterable[str], *, style: str | None = None) -> None:
    for line in lines:
        console.print(escape(line), highlight=False, style=style)
