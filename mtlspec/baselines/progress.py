"""The progress bar of a comparison: how many runs are done, and which one is made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class RunsBar:
    """Shows how far a comparison is; without a terminal it shows nothing."""

    def __init__(self, bar: Progress | None, *, total: int) -> None:
        self._bar = bar
        self._task: TaskID | None = None if bar is None else bar.add_task("", total=total)

    def show(self, name: str) -> None:
        """Show which run is made."""
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, description=name)

    def advance(self) -> None:
        """Show that one more run is done."""
        if self._bar is not None and self._task is not None:
            self._bar.advance(self._task)


@contextmanager
def runs_bar(*, wanted: bool, total: int) -> Iterator[RunsBar]:
    """Show a bar while the context lasts, if it is wanted and the error stream is a terminal."""
    from rich.console import Console

    console = Console(stderr=True)
    if not (wanted and console.is_terminal):
        yield RunsBar(None, total=total)
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(bar_width=20), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, TextColumn("{task.description}", markup=False), console=console) as bar:
        yield RunsBar(bar, total=total)
