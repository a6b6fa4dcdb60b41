"""The progress bar: steps, epoch and the loss of each task, on the terminal's error stream."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class ProgressBar:
    """Shows how far training is; without a terminal it shows nothing."""

    def __init__(self, bar: Progress | None, *, total: int, done: int) -> None:
        self._bar = bar
        self._task: TaskID | None = None if bar is None else bar.add_task("", total=total, completed=done)

    def show(self, *, step: int, epoch: int, losses: Mapping[str, float]) -> None:
        """Show that `step` updates are made, in `epoch` counted from 1, and the losses of the last."""
        if self._bar is not None and self._task is not None:
            text = "  ".join(f"{task} {loss:.4g}" for task, loss in losses.items())
            self._bar.update(self._task, completed=step, description=f"epoch {epoch}  {text}")


@contextmanager
def progress_bar(*, wanted: bool, total: int, done: int) -> Iterator[ProgressBar]:
    """Show a bar while the context lasts, if it is wanted and the error stream is a terminal."""
    if not wanted:
        yield ProgressBar(None, total=total, done=done)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (BarColumn(bar_width=20), MofNCompleteColumn(), TimeRemainingColumn())
    text = TextColumn("{task.description}", markup=False)
    if not console.is_terminal:
        yield ProgressBar(None, total=total, done=done)
        return
    with Progress(*columns, text, console=console) as bar:
        yield ProgressBar(bar, total=total, done=done)
