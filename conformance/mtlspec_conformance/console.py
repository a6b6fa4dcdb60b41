"""The console: progress, summary with its denominator, and what to run again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from mtlspec_conformance.measure import Agreement, Disagreement
from mtlspec_conformance.mutants.trial import Trial
from mtlspec_conformance.runner import levels_of
from mtlspec_conformance.suite import cases
from mtlspec_conformance.tally import tally
from mtlspec_conformance.verdicts import Result

Item = TypeVar("Item")


def watched(items: Iterable[Item], *, total: int, of: str, console: Console) -> Iterator[Item]:
    """Yield `items` behind a progress bar."""
    columns = (TextColumn(escape(of)), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task(of, total=total)
        for item in items:
            progress.advance(bar)
            yield item


def score(backend: str, results: list[Result]) -> str:
    """Return the line that says how many results there are of each verdict, of how many."""
    return f"{backend}: {tally(results)}"


def show_results(
    console: Console, backend: str, address: str | None, results: list[Result], *, written: Path | None = None
) -> None:
    """Print every result that is not green with its worst tensor and a command, the closest call, and the score.

    `written` is the report, if there is one. Without an address no command repeats a single case.
    """
    for result in results:
        if result.verdict in ("differs", "error"):
            _show_failure(console, address, result)
    for detail, number in _declared(results).items():
        console.print(f"{number} × {escape(detail)}", highlight=False)
    for result in results:
        if result.verdict == "conforms" and result.detail:
            console.print(escape(f"{result.case}, {result.level}: {result.detail}"), highlight=False)
    calls = [(r.worst, r) for r in results if isinstance(r.worst, Agreement)]
    if calls:
        call, result = max(calls, key=lambda each: each[0].error / each[0].limit)
        said = f"closest call: {call.error:.1e} of {call.limit:.1e} at {call.where}, {result.case}, {result.level}"
        console.print(escape(said), highlight=False)
    console.print(score(backend, results), highlight=False, style="bold")
    if written is not None:
        show_written(console, written)


def show_written(console: Console, path: Path) -> None:
    """Print where the report is, and how it is read."""
    console.print(escape(f"report: {path}"), highlight=False)
    page = path.with_suffix(".html")
    console.print(escape(f"  python -m mtlspec_conformance page {path} -o {page}"), highlight=False)


def _show_failure(console: Console, address: str | None, result: Result) -> None:
    console.print(f"{result.verdict} {result.case} at level {result.level}", highlight=False, style="bold red")
    if isinstance(result.worst, Disagreement):
        error = f"{result.worst.error:.3g}"
        console.print(f"  {escape(str(result.worst))}", highlight=False)
        console.print(f"  error {error}; {result.disagreements} of {result.findings} comparisons", highlight=False)
    if result.first is not None and result.first != result.worst:
        console.print(f"  parts first at {escape(result.first.where)}", highlight=False)
    if result.detail:
        console.print(f"  {escape(result.detail)}", highlight=False)
    if address is not None:
        again = f"--case {result.case} --level {result.level} --precision {result.precision}"
        console.print(f"  python -m mtlspec_conformance {address} {again}", highlight=False)


def _declared(results: list[Result]) -> dict[str, int]:
    """Return how often each declared reason was met."""
    reasons = [f"{r.verdict}: {r.detail}" for r in results if r.verdict == "deviates"]
    return {reason: reasons.count(reason) for reason in dict.fromkeys(reasons)}


def show_cases(console: Console) -> None:
    """Print the id of every case, its levels and why it is there."""
    table = Table("case", "levels", "why", box=None)
    for case in cases():
        table.add_row(case.id, " ".join(level.name for level in levels_of(case)), escape(case.why))
    console.print(table)


def show_trials(console: Console, backend: str, trials: list[Trial]) -> None:
    """Print the mutants that were not killed, and of how many the suite killed how many."""
    for trial in trials:
        if not trial.good:
            console.print(f"{trial.fate}: {trial.mutant.name} at level {trial.mutant.level}", style="bold red")
            console.print(f"  {escape(trial.mutant.mistake)}", highlight=False)
            cases = ", ".join(trial.mutant.cases)
            detail = trial.result.detail if trial.result is not None else ""
            console.print(f"  not seen by {cases}{f': {escape(detail)}' if detail else ''}", highlight=False)
    fates = [trial.fate for trial in trials]
    said = ", ".join(f"{fates.count(fate)} {fate}" for fate in dict.fromkeys(("killed", "survived", *fates)))
    console.print(f"mutants of {backend}: {said}, of {len(trials)}", highlight=False, style="bold")
