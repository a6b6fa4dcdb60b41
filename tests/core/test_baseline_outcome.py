"""What follows from the records of a comparison: numbers, notes, tables and a plot."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from baseline_runs import SPEC, InThisProcess, compared, with_rate

from mtlspec.baselines import Baselines, Measure, Method, Record, Sweep
from mtlspec.baselines.folder import About
from mtlspec.baselines.pages import latex, markdown
from mtlspec.baselines.plot import plot_baselines
from mtlspec.baselines.tables import tables


def test_a_method_that_diverges_has_no_numbers_and_a_note(tmp_path: Path, runs: InThisProcess) -> None:
    found = compared(tmp_path, variants={"wild": with_rate(SPEC, 1e300)})
    assert math.isnan(found.value("wild", "kind/accuracy").mean)
    assert math.isnan(found.delta_over_tasks("wild").mean)
    assert [note.split(": ")[0] for note in found.notes] == ["wild, seed 0"]
    rank = found.mean_rank("wild")
    assert rank is not None and rank.mean == 2
    assert (
        json.loads(json.dumps(found.to_json(), allow_nan=False))["methods"]["wild"]["delta_over_tasks"]["mean"] is None
    )


def test_a_task_that_alone_has_nothing_is_noted() -> None:
    measures = (Measure("a", "f1", "higher"),)
    records = [
        Record("digest", 1, 1, 1.0, None, {"a/loss": 1.0}, {"a/loss": 1.0, "a/f1": value}) for value in (0.0, 0.5)
    ]
    about = About("spec", "data", "numpy", "float64", "cpu", None, None)
    methods = (Method("alone", "alone", (records[0],)), Method("joint", "joint", (records[1],)))
    found = Baselines(about, measures, (0,), methods)
    assert list(found.notes) == ["a/f1 of the task alone is 0, so no change against it can be told in percent"]
    assert math.isnan(found.delta_over_metrics("joint").mean)
    assert next(tables(found)).text(1, 1) == "–"


def test_the_numbers_of_the_outcome_follow_from_its_records(tmp_path: Path, runs: InThisProcess) -> None:
    found = compared(tmp_path, seeds=2)
    alones, joints = (found.method(name).records for name in ("alone", "joint"))

    def gain(index: int) -> float:
        a, j = alones[index].held_out, joints[index].held_out
        accuracy = (j["kind/accuracy"] - a["kind/accuracy"]) / a["kind/accuracy"]
        return 100 * (accuracy - (j["size/loss"] - a["size/loss"]) / a["size/loss"]) / 2

    assert found.delta_over_tasks("joint").mean == pytest.approx((gain(0) + gain(1)) / 2)
    assert found.delta_over_metrics("joint").mean == pytest.approx(-(gain(0) + gain(1)) / 2)
    assert found.delta_over_tasks("joint").half is not None
    assert found.delta_over_tasks("alone") == (0.0, None)
    assert found.mean_rank("alone") is None
    assert found.gap("joint", "size").mean == pytest.approx(
        sum(r.held_out["size/loss"] - r.training["size/loss"] for r in joints) / 2
    )
    with pytest.raises(KeyError, match="no method 'jiont'; did you mean 'joint'"):
        found.method("jiont")


def test_tables_have_every_method_and_the_best_in_bold(tmp_path: Path, runs: InThisProcess) -> None:
    found = compared(tmp_path, sweep=Sweep(grid=4))
    titles = [table.title for table in tables(found)]
    assert titles == ["all tasks", "task kind, held out", "task size, held out", "weights, seed 0"]
    of_size = list(tables(found))[2]
    losses = [found.value(method.name, "size/loss").mean for method in found.methods]
    assert of_size.best(0) == {i for i, loss in enumerate(losses) if f"{loss:.4g}" == f"{min(losses):.4g}"}
    text = markdown(found)
    assert f"**{min(losses):.4g}**" in text
    assert "| method | mean rank ↓ | Δm over metrics, % ↓ | Δm over tasks, % ↑ |" in text
    assert "which flatters them" in text
    told = latex(found)
    assert told.count("\\begin{tabular}") == told.count("\\bottomrule") == 4
    assert f"\\textbf{{{min(losses):.4g}}}" in told
    assert not [line for line in told.splitlines() if not line.startswith("%") and "Δ" in line]


def test_a_plot_is_the_same_for_the_same_numbers(tmp_path: Path, runs: InThisProcess) -> None:
    found = compared(tmp_path / "out", variants={"wild": with_rate(SPEC, 1e300)}, seeds=2)
    for name in ("a.svg", "b.svg"):
        plot_baselines(found, tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    text = (tmp_path / "a.svg").read_text()
    assert all(f"<!-- {label} -->" in text for label in ("joint", "wild", "each task alone"))
    assert sum(f'<g id="axes_{i}">' in text for i in range(1, 9)) == 3
