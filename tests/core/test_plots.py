"""Plots: every task has its panels, every backend its curve, and equal numbers give equal files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mtlspec import MtlspecError
from mtlspec.comparison import Comparison
from mtlspec.plots import expect_plottable, plot_comparison, plot_history
from mtlspec.training import Epoch, History


def comparison(tasks: int) -> Comparison:
    losses = np.exp(-np.arange(30.0)[:, None] / np.arange(5, 5 + tasks))
    names = tuple(f"task{i}" for i in range(tasks))
    return Comparison("digest", "float64", names, {"one": losses, "two": losses * (1 + 1e-12)}, 1e-15)


def history() -> History:
    steps = np.linspace(2, 1, 6)[:, None]
    epochs = tuple(Epoch(i + 1, 3 * i + 3, 0.1, {"a/loss": 1.5 - i / 2}, {"a/loss": 1.4 - i / 2}) for i in range(2))
    return History(("a",), 0, steps, np.zeros(6), np.full((6, 1), 0.1), np.ones((6, 1)), epochs)


@pytest.mark.parametrize("ending", [".svg", ".png", ".pdf"])
def test_equal_numbers_give_equal_files(tmp_path: Path, ending: str) -> None:
    for name in ("first", "second"):
        plot_comparison(comparison(2), tmp_path / f"{name}{ending}")
    first, second = ((tmp_path / f"{name}{ending}").read_bytes() for name in ("first", "second"))
    assert first == second
    assert len(first) > 2000


@pytest.mark.parametrize("tasks", [1, 3, 5])
def test_every_task_has_two_panels(tmp_path: Path, tasks: int) -> None:
    plot_comparison(comparison(tasks), tmp_path / "out.svg")
    text = (tmp_path / "out.svg").read_text()
    assert sum(f'<g id="axes_{i}">' in text for i in range(1, 100)) == 2 * tasks
    assert all(f"<!-- task{i} -->" in text for i in range(tasks))
    assert "<!-- one -->" in text and "<!-- two -->" in text and "<!-- floor -->" in text


def test_a_history_has_a_curve_for_steps_and_both_parts(tmp_path: Path) -> None:
    plot_history(history(), tmp_path / "out.svg")
    text = (tmp_path / "out.svg").read_text()
    assert all(f"<!-- {label} -->" in text for label in ("each step", "training, by epoch", "held out"))


def test_losses_that_are_not_finite_can_be_drawn(tmp_path: Path) -> None:
    found = comparison(1)
    found.losses["two"][20:] = np.nan
    plot_comparison(found, tmp_path / "out.png")
    assert (tmp_path / "out.png").stat().st_size > 2000


def test_another_ending_is_refused() -> None:
    with pytest.raises(MtlspecError, match=r"cannot plot to losses.txt: expected a name that ends in .svg"):
        expect_plottable(Path("losses.txt"))


def test_without_matplotlib_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MtlspecError, match=r"a plot needs matplotlib: pip install 'mtlspec\[plot\]'"):
        plot_history(history(), Path("out.svg"))
