"""The console's table of mutants by level."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.progress import track
from rich.table import Table

from mtlspec.backend import Backend
from mtlspec_conformance.levels import LEVELS
from mtlspec_conformance.mutants.trial import Row, Sight, alone, complaints, mutants_of, rows

MARKS: dict[Sight, str] = {"killed": "x", "silent": "", "error": "error", "not applicable": "–"}


def run_all_levels(subject: Backend, console: Console) -> bool:
    """Try every mutant of `subject` at every level, print the table, and return whether nothing is wrong with it."""
    chosen = mutants_of(subject)
    watched = track(rows(subject, chosen), f"mutants of {subject.name}", len(chosen), console=console, transient=True)
    table = list(watched)
    show_table(console, subject.name, table)
    return not complaints(table)


def show_table(console: Console, backend: str, table: list[Row]) -> None:
    """Print what every level makes of every mutant, what is wrong, and how many each level sees alone."""
    shown = Table("mutant", "level", *LEVELS, box=None)
    for row in table:
        marks = (MARKS[row.sights[level]] if row.sights else "unsupported" for level in LEVELS)
        shown.add_row(row.mutant.name, row.mutant.level, *marks)
    console.print(shown)
    for complaint in complaints(table):
        console.print(escape(complaint), highlight=False, style="bold red")
    counted = ", ".join(f"{level} {len(own)}" for level, own in alone(table).items())
    console.print(f"seen by one level alone: {counted}", highlight=False)
    killed = sum(row.mutant.level in row.seen_by for row in table)
    skipped = sum(not row.sights for row in table)
    said = f"mutants of {backend}: {killed} killed at their level, {skipped} unsupported, of {len(table)}"
    console.print(said, highlight=False, style="bold")
