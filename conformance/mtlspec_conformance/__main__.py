"""The command: `python -m mtlspec_conformance BACKEND`, `... replay REPORT --case ID`, `... page REPORT... -o FILE`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from typer.core import TyperGroup

from mtlspec.cli.arguments import Extensions, Precision
from mtlspec.errors import MtlspecError
from mtlspec.extension_source import import_extension
from mtlspec.output import expect_writable, write
from mtlspec_conformance import checking, markdown, page, report
from mtlspec_conformance import replay as replaying
from mtlspec_conformance.console import show_cases
from mtlspec_conformance.drawn_cases import COUNT
from mtlspec_conformance.kinds import check_kinds
from mtlspec_conformance.levels import LEVELS
from mtlspec_conformance.mutants.console import run_all_levels
from mtlspec_conformance.runner import found

CONSOLE = Console(soft_wrap=True)
BAD_INPUT = 2


class _CheckUnlessTold(TyperGroup):
    """A group whose command `check` need not be written: a backend's name will do."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        told = bool(args) and (args[0] in self.commands or args[0] == "--help")
        return super().parse_args(ctx, args if told else ["check", *args])


APP = typer.Typer(
    cls=_CheckUnlessTold,
    help="Hold a backend against the reference, case by case and level by level; repeat and show what came out.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

Name = Annotated[str | None, typer.Argument(metavar="BACKEND", help="An installed backend, or module:attribute.")]
CaseGlob = Annotated[str, typer.Option("--case", metavar="GLOB", help="Run the cases whose id matches.")]
LevelName = Annotated[str | None, typer.Option("--level", help=f"Run one level: {', '.join(LEVELS)}.")]
PrecisionName = Annotated[Precision, typer.Option("--precision", help="The arithmetic of the backend.")]
Device = Annotated[str, typer.Option("--device", metavar="DEVICE", help="Where the backend computes.")]
Jobs = Annotated[int, typer.Option("--jobs", metavar="N", min=1, help="How many processes share the cases.")]
ReportFile = Annotated[
    Path | None, typer.Option("--report", metavar="FILE", help="Write the results there, as JSON Lines.")
]
Mutants = Annotated[bool, typer.Option("--mutants", help="Prove that the suite kills every mutant of this backend.")]
AllLevels = Annotated[bool, typer.Option("--all-levels", help="With --mutants: show which level sees which mutant.")]
Smoke = Annotated[bool, typer.Option("--smoke", help="Tell, in a minute, a wrong harness from a wrong backend.")]
ListCases = Annotated[bool, typer.Option("--list", help="Print all cases.")]
Kinds = Annotated[
    list[str] | None, typer.Option("--kinds", metavar="KIND", help="Hold a kind of your own, by cases drawn for it.")
]
Drawn = Annotated[int, typer.Option("--cases", metavar="N", min=1, help="With --kinds: how many cases, at least.")]
Report = Annotated[Path, typer.Argument(metavar="REPORT", help="A report that --report wrote.")]
Reports = Annotated[list[Path], typer.Argument(metavar="REPORT...", help="Reports, of one backend each.")]
Output = Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Markdown if it ends in .md, else HTML.")]
CaseId = Annotated[str, typer.Option("--case", metavar="ID", help="The case to repeat.")]
AnyPrecision = Annotated[Precision | None, typer.Option("--precision", help="Only the lines of this precision.")]


@APP.command()
def check(
    name: Name = None,
    case: CaseGlob = "*",
    level: LevelName = None,
    precision: PrecisionName = Precision.float64,
    device: Device = "cpu",
    jobs: Jobs = 1,
    report: ReportFile = None,
    mutants: Mutants = False,
    all_levels: AllLevels = False,
    smoke: Smoke = False,
    list_cases: ListCases = False,
    kinds: Kinds = None,
    drawn: Drawn = COUNT,
    extension: Extensions = None,
) -> None:
    """Hold BACKEND against the reference; exit with 0 only if all that it claims conforms, or deviates as declared."""
    if list_cases:
        show_cases(CONSOLE)
        return
    _expect_level(level)
    if name is None:
        raise typer.BadParameter("name a backend, such as numpy, torch or keras", param_hint="BACKEND")
    with _errors():
        expect_writable(report)
        for source in extension or ():
            import_extension(source)
        if kinds:
            _expect_alone({"--report": report, "--mutants": mutants, "--smoke": smoke})
            choice = checking.Choice(case, level, precision.chosen, device)
            options = "".join(f" --extension {source}" for source in extension or ())
            good = check_kinds(CONSOLE, name, kinds, choice, count=drawn, options=options)
        elif smoke:
            good = checking.try_smoke(CONSOLE, name)
        elif mutants:
            tried = checking.try_mutants
            good = run_all_levels(found(name), CONSOLE) if all_levels else tried(CONSOLE, name, jobs=jobs)
        else:
            choice = checking.Choice(case, level, precision.chosen, device)
            good = checking.check(CONSOLE, name, choice, jobs=jobs, written=report)
    raise typer.Exit(0 if good else 1)


@APP.command()
def replay(report: Report, case: CaseId, level: LevelName = None, precision: AnyPrecision = None) -> None:
    """Run a case of a report again; exit with 0 if every verdict is the same."""
    _expect_level(level)
    with _errors():
        chosen = None if precision is None else precision.chosen
        code = replaying.run(CONSOLE, report, case=case, level=level, precision=chosen)
    raise typer.Exit(code)


@APP.command("page")
def write_page(reports: Reports, output: Output) -> None:
    """Show reports side by side, as one HTML page or as Markdown."""
    with _errors():
        expect_writable(output)
        shown = [report.read(path) for path in reports]
        write(output, (markdown if output.suffix == ".md" else page).rendered(shown))
        CONSOLE.print(f"{output}", highlight=False)


def _expect_alone(options: dict[str, object]) -> None:
    for option, value in options.items():
        if value:
            raise typer.BadParameter("kinds of your own are held by drawn cases alone", param_hint=option)


def _expect_level(level: str | None) -> None:
    if level is not None and level not in LEVELS:
        raise typer.BadParameter(f"unknown level {level!r}; known: {', '.join(LEVELS)}", param_hint="--level")


@contextmanager
def _errors() -> Iterator[None]:
    """Tell an error in a message, and exit with 2."""
    try:
        yield
    except MtlspecError as error:
        CONSOLE.print(escape(str(error)), highlight=False)
        raise typer.Exit(BAD_INPUT) from None


if __name__ == "__main__":
    APP(prog_name="python -m mtlspec_conformance")
