"""The plot of a comparison: the gain of every method, and its measure of each task, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mtlspec.baselines.baselines import Baselines
from mtlspec.baselines.measures import principal
from mtlspec.baselines.methods import ALONE
from mtlspec.baselines.statistics import Estimate
from mtlspec.plots import PANEL, expect_plottable, panels, save

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BAND = 0.3
"""The height of a method in inches, at least."""


def plot_baselines(found: Baselines, path: Path) -> None:
    """Draw the gain over tasks of each method, and for each task its first metric, the task alone as a line.

    Raises:
        MtlspecError: matplotlib is missing, or the file cannot be written.
    """
    expect_plottable(path)
    joint = [method.name for method in found.methods if method.name != ALONE]
    measures = principal(found.measures)
    height = max(PANEL[1], 1 + BAND * len(joint))
    figure, drawn = panels(1 + len(measures), rows=1, height=height)
    (first,), *others = drawn
    _draw(first, joint, [found.delta_over_tasks(name) for name in joint], alone=0.0)
    first.set_title("gain over tasks, % (more is better)", fontsize="small")
    for (panel,), measure in zip(others, measures, strict=True):
        _draw(panel, joint, [found.value(n, measure.key) for n in joint], alone=found.value(ALONE, measure.key).mean)
        panel.set_title(
            f"{measure.key} ({'more' if measure.better == 'higher' else 'less'} is better)", fontsize="small"
        )
    save(figure, path)


def _draw(panel: Axes, names: Sequence[str], found: Sequence[Estimate], *, alone: float) -> None:
    rows = range(len(names))
    halves = [each.half or 0.0 for each in found]
    panel.errorbar([each.mean for each in found], rows, xerr=halves, fmt="o", capsize=3, color="0.2")
    panel.axvline(alone, color="tab:red", linewidth=1, linestyle=":", label="each task alone")
    panel.set_yticks(list(rows), list(names), fontsize="small")
    panel.set_ylim(len(names) - 0.5, -0.5)
    panel.legend(frameon=False, fontsize="x-small")
