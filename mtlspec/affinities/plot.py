"""The heat map of affinities."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mtlspec.affinities.affinity import Affinity
from mtlspec.plots import expect_plottable, save

CELL = 0.9
"""The width of a cell in inches."""
DARK = 0.6
"""The share of the largest value above which a cell's number is written in white."""


def plot_affinity(found: Affinity, path: Path) -> None:
    """Draw the mean affinity of each task's step to each task, blue where it helps and red where it harms.

    The colors are those of the steps of others; what a task's own step does may be beyond them.

    Raises:
        MtlspecError: matplotlib is missing, or the file cannot be written.
    """
    expect_plottable(path)
    from matplotlib.figure import Figure

    size = len(found.tasks)
    figure = Figure(figsize=(2.2 + CELL * size, 1.4 + CELL * size), layout="constrained")
    panel = figure.add_subplot()
    others = found.mean[~np.eye(size, dtype=bool) & np.isfinite(found.mean)]  # a task's own step helps it far more
    most = float(np.abs(others).max(initial=0.0)) or 1.0
    image = panel.imshow(found.mean, cmap="RdBu", vmin=-most, vmax=most)
    for i, j in np.ndindex(size, size):
        value = found.mean[i, j]
        if np.isfinite(value):
            color = "white" if abs(value) > DARK * most else "black"
            panel.text(j, i, f"{value:+.2g}", ha="center", va="center", fontsize="x-small", color=color)
    panel.set_xticks(range(size), found.tasks, rotation=45, ha="right")
    panel.set_yticks(range(size), found.tasks)
    panel.set_ylabel("step of")
    panel.set_xlabel("loss of")
    panel.set_title(f"1 - loss after / loss before, mean of {found.measured}", fontsize="small")
    figure.colorbar(image, ax=panel, shrink=0.8, extend="both")
    save(figure, path)
