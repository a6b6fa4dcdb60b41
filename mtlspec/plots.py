"""Plots: curves of a history, and of a comparison, with matplotlib (the extra `plot`)."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mtlspec.errors import MtlspecError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from mtlspec.comparison import Comparison
    from mtlspec.training import History

FORMATS = (".svg", ".png", ".pdf")
PANEL = 4.2, 2.6
"""Width and height of one panel, in inches."""
ACROSS = 4
"""How many tasks stand beside each other."""
SMALLEST = 1e-17
"""Where a difference of 0 is drawn."""
STYLES = ("-", "--", ":", "-.")
"""One for each backend, so that equal curves can be told apart where they lie over each other."""
STABLE: dict[str, dict[str, Any]] = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}
"""Metadata that would make two drawings of the same numbers differ."""


def expect_plottable(path: Path | None) -> None:
    """Raise unless `path` can be drawn to.

    Raises:
        MtlspecError: matplotlib is missing, or the ending of the name is unknown.
    """
    if path is None:
        return
    from importlib.util import find_spec

    if path.suffix not in FORMATS:
        raise MtlspecError(f"cannot plot to {path}: expected a name that ends in {', '.join(FORMATS)}")
    if find_spec("matplotlib") is None:
        raise MtlspecError("a plot needs matplotlib: pip install 'mtlspec[plot]'")


def plot_comparison(comparison: Comparison, path: Path) -> None:
    """Draw for each task the losses of all backends over each other, and below the largest difference of any two.

    Raises:
        MtlspecError: matplotlib is missing, or the file cannot be written.
    """
    expect_plottable(path)
    figure, drawn = panels(len(comparison.tasks), rows=2)
    widest = comparison.widest()
    for index, (task, (above, below)) in enumerate(zip(comparison.tasks, drawn, strict=True)):
        for number, (name, losses) in enumerate(comparison.losses.items()):
            above.plot(losses[:, index], STYLES[number % len(STYLES)], linewidth=1.6, label=name)
        above.set_title(task)
        below.semilogy(np.maximum(widest[:, index], SMALLEST), color="0.25", linewidth=1, label="difference")
        below.axhline(max(comparison.floor, SMALLEST), color="tab:red", linewidth=1, linestyle=":", label="floor")
        below.set_xlabel("step")
    for panel, label in zip(drawn[0], ("loss", "relative difference"), strict=True):
        panel.set_ylabel(label)
        panel.legend(frameon=False, fontsize="small")
    figure.suptitle(f"{', '.join(comparison.losses)} in {comparison.precision}: {comparison.verdict}", fontsize="small")
    save(figure, path)


def plot_history(history: History, path: Path) -> None:
    """Draw for each task the loss of every step, and that of the held-out examples after every epoch.

    Raises:
        MtlspecError: matplotlib is missing, or the file cannot be written.
    """
    expect_plottable(path)
    figure, drawn = panels(len(history.tasks), rows=1)
    steps = np.arange(history.first_step + 1, history.last_step + 1)
    for index, (task, (panel,)) in enumerate(zip(history.tasks, drawn, strict=True)):
        panel.plot(steps, history.losses[:, index], color="0.7", linewidth=0.8, label="each step")
        ends = [epoch.step for epoch in history.epochs]
        key = f"{task}/loss"
        panel.plot(ends, [epoch.training[key] for epoch in history.epochs], label="training, by epoch")
        if history.epochs and key in history.epochs[0].validation:
            panel.plot(ends, [epoch.validation[key] for epoch in history.epochs], label="held out")
        panel.set_title(task)
        panel.set_xlabel("step")
    drawn[0][0].set_ylabel("loss")
    drawn[0][0].legend(frameon=False, fontsize="small")
    save(figure, path)


def panels(tasks: int, *, rows: int, height: float = PANEL[1]) -> tuple[Figure, list[list[Axes]]]:
    """Return a figure of its own, that no window shows, and for each task its panels from above."""
    from matplotlib.figure import Figure

    columns = min(tasks, ACROSS)
    bands = -(-tasks // columns)
    figure = Figure(figsize=(PANEL[0] * columns, height * rows * bands), layout="constrained")
    drawn = []
    for task in range(tasks):
        band, column = divmod(task, columns)
        places = [1 + column + columns * (band * rows + row) for row in range(rows)]
        drawn.append([figure.add_subplot(bands * rows, columns, place) for place in places])
    return figure, drawn


def save(figure: Figure, path: Path) -> None:
    """Write `figure` to `path`, equal drawings as equal bytes.

    Raises:
        MtlspecError: the file cannot be written.
    """
    import matplotlib

    from mtlspec.output import write

    drawn = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "mtlspec"}):
        figure.savefig(drawn, format=path.suffix[1:], metadata=STABLE.get(path.suffix), dpi=150)
    write(path, drawn.getvalue())
