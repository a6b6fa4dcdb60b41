"""The command: `python -m mtlspec_conformance BACKEND`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from mtlspec.backend import Backend
from mtlspec.errors import MtlspecError
from mtlspec_conformance import report
from mtlspec_conformance.console import show_cases, show_results, show_trials, watched
from mtlspec_conformance.coverage import untested
from mtlspec_conformance.deviations import complaints, deviations_of
from mtlspec_conformance.levels import LEVELS
from mtlspec_conformance.mutants import MUTANTS
from mtlspec_conformance.mutants.trial import trials
from mtlspec_conformance.runner import found, results, size
from mtlspec_conformance.suite import cases

CONSOLE = Console(soft_wrap=True)
APP = typer.Typer(add_completion=False)

Name = Annotated[str | None, typer.Argument(metavar="BACKEND", help="An installed backend, or module:attribute.")]
CaseGlob = Annotated[str, typer.Option("--case", metavar="GLOB", help="Run the cases whose id matches.")]
LevelName = Annotated[str | None, typer.Option("--level", help=f"Run one level: {', '.join(LEVELS)}.")]
ReportFile = Annotated[Path | None, typer.Option("--report", help="Write the results there, as JSON Lines.")]
Mutants = Annotated[bool, typer.Option("--mutants", help="Prove that the suite kills every mutant of this backend.")]
ListCases = Annotated[bool, typer.Option("--list", help="Print all cases.")]


@APP.command()
def main(
    name: Name = None,
    case: CaseGlob = "*",
    level: LevelName = None,
    report_file: ReportFile = None,
    mutants: Mutants = False,
    list_cases: ListCases = False,
) -> None:
    """Hold BACKEND against the reference; exit with 0 only if everything conforms, or deviates as declared."""
    if list_cases:
        show_cases(CONSOLE)
        return
    if level is not None and level not in LEVELS:
        raise typer.BadParameter(f"unknown level {level!r}; known: {', '.join(LEVELS)}", param_hint="--level")
    if name is None:
        raise typer.BadParameter("name a backend, such as numpy, torch or keras", param_hint="BACKEND")
    try:
        subject = found(name)
        good = _mutants(subject) if mutants else _suite(subject, name, case, level, report_file)
    except MtlspecError as error:
        CONSOLE.print(escape(str(error)), highlight=False)
        raise typer.Exit(2) from None
    raise typer.Exit(0 if good else 1)


def _suite(subject: Backend, address: str, case: str, level: str | None, path: Path | None) -> bool:
    """Run the suite, print and write what came out, and return whether all that was chosen is green."""
    deviations = deviations_of(subject)
    running = results(subject, case=case, level=level, deviations=deviations)
    done = list(watched(running, total=size(), of=subject.name, console=CONSOLE))
    chosen = [result for result in done if result.verdict != "not_run"]
    if not chosen:
        raise MtlspecError(f"no case matches {case!r} at level {level or 'any'}; --list prints them")
    wrong, gaps = complaints(deviations, done), untested(cases())
    show_results(CONSOLE, subject.name, address, done)
    for line in (*wrong, *(f"untested: {gap}" for gap in gaps)):
        CONSOLE.print(escape(line), highlight=False, style="red")
    if path is not None:
        last = report.footer(done, untested=gaps, complaints=wrong)
        report.write(path, header=report.header(subject), results=done, footer=last)
    return all(result.green for result in chosen) and not wrong


def _mutants(subject: Backend) -> bool:
    """Try every mutant, print the table, and return whether all that apply were killed."""
    done = list(watched(trials(subject), total=len(MUTANTS), of=f"mutants of {subject.name}", console=CONSOLE))
    show_trials(CONSOLE, subject.name, done)
    return all(trial.good for trial in done)


if __name__ == "__main__":
    APP(prog_name="python -m mtlspec_conformance")
