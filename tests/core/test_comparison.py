"""Comparisons: backends that train alike show rounding at most, and one that does not is found out."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import planted_backends
import pytest
from small_specs import two_tasks

from mtlspec import BackendError, MtlspecError, compile, lower
from mtlspec.comparison import Comparison, compare, relative_difference
from mtlspec.comparison.exchange import Run, read_common, read_run, write_common, write_run
from mtlspec.comparison.runs import moved_by_one_ulp, training_examples
from mtlspec.graph import initial_parameters
from mtlspec.training import plan, train

SPEC = two_tasks()


@pytest.fixture(autouse=True)
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    planted_backends.install(folder, monkeypatch)


def comparison(losses: dict[str, list[list[float]]], floor: float = 0.0) -> Comparison:
    """Return a comparison of given losses of the tasks a and b."""
    return Comparison("digest", "float64", ("a", "b"), {n: np.array(x) for n, x in losses.items()}, floor)


def test_a_backend_differs_from_itself_by_nothing() -> None:
    found = compare(SPEC, backends=("numpy", "twin"), steps=12)
    assert found.largest_difference.loss == 0.0
    assert found.steps == 12
    assert 0 < found.floor < 1e-13


def test_a_rate_wrong_by_a_millionth_is_found() -> None:
    found = compare(SPEC, backends=("twin", "wrong"), steps=12)
    largest = found.largest_difference
    assert 1e-9 < largest.loss < 1e-4
    assert largest.step > 0
    assert largest.loss > 1e4 * found.floor
    assert found.differences("twin", "wrong")[0].max() == 0.0  # the first loss is of the same values
    assert largest.backends == ("twin", "wrong")


def test_the_losses_are_those_of_train() -> None:
    spec = two_tasks(epochs=2)
    data = training_examples(spec, lower(spec), ".")
    program = compile(spec, backend="numpy", precision="float64")
    history = train(program, data, steps=30)
    found = compare(spec, backends=("numpy", "twin"), steps=30)
    assert (found.losses["numpy"] == history.losses).all()


def test_a_loss_that_is_not_finite_is_infinitely_far() -> None:
    found = compare(SPEC, backends=("numpy", "diverging"), steps=5)
    assert (found.largest_difference.loss, found.largest_difference.step) == (math.inf, 4)
    report = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert report["largest_difference"] == {"loss": None, "task": "kind", "step": 4}
    assert report["backends"]["diverging"]["losses"]["kind"][-1] is None


def test_a_broken_backend_is_told_with_its_last_words() -> None:
    with pytest.raises(
        BackendError, match=r"the run of backend 'broken' failed:\n(.*\n)*RuntimeError: broken on purpose"
    ):
        compare(SPEC, backends=("numpy", "broken"), steps=1)


@pytest.mark.parametrize("backends", [(), ("numpy",), ("numpy", "numpy"), ("numpy", "twin", "numpy")])
def test_one_backend_is_not_compared(backends: tuple[str, ...]) -> None:
    with pytest.raises(MtlspecError, match="expected two or more different backends"):
        compare(SPEC, backends=backends, steps=1)


def test_an_unknown_backend_is_told_with_the_nearest() -> None:
    with pytest.raises(BackendError, match="no backend 'numpi'; did you mean 'numpy'"):
        compare(SPEC, backends=("numpi", "twin"), steps=1)


def test_no_step_is_refused() -> None:
    with pytest.raises(MtlspecError, match="at least one step to compare, found 0"):
        compare(SPEC, backends=("numpy", "twin"), steps=0)


def test_the_measure_is_relative_with_a_floor_for_small_losses() -> None:
    first = np.array([[2.0, 1.0], [1e-9, 1.0], [0.0, 0.0]])
    second = np.array([[2.5, 1.0], [2e-9, -1.0], [0.0, 0.0]])
    assert relative_difference(first, second).tolist() == [[0.2, 0.0], [pytest.approx(1e-9 / 2.5e-6), 2.0], [0.0, 0.0]]
    assert relative_difference(np.zeros((1, 1)), np.zeros((1, 1))).tolist() == [[0.0]]
    assert relative_difference(np.array([[np.nan]]), np.array([[np.nan]])).tolist() == [[np.inf]]


def test_the_largest_difference_is_between_any_two() -> None:
    found = comparison({"x": [[1, 1], [1, 1]], "y": [[1, 1], [1, 1.5]], "z": [[1, 1], [1, 2]]}, floor=3e-15)
    largest = found.largest_difference
    assert (largest.loss, largest.task, largest.step, largest.backends) == (0.5, "b", 1, ("x", "z"))
    assert found.widest().tolist() == [[0.0, 0.0], [0.0, 0.5]]
    assert found.verdict == "largest difference 5.0e-01 at step 1, task b between x and z; floor 3.0e-15"


def test_the_report_has_exactly_its_fields() -> None:
    report = comparison({"x": [[1.0, 2.0]], "y": [[1.0, 4.0]]}, floor=0.25).to_json()
    assert report == {
        "spec": "digest",
        "precision": "float64",
        "steps": 1,
        "floor": 0.25,
        "backends": {"x": {"losses": {"a": [1.0], "b": [2.0]}}, "y": {"losses": {"a": [1.0], "b": [4.0]}}},
        "largest_difference": {"loss": 0.5, "task": "b", "step": 0},
    }


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_every_initial_value_moves_by_one_ulp(precision: str) -> None:
    graph = lower(SPEC)
    values = initial_parameters(graph)
    moved = moved_by_one_ulp(graph, values, "float32" if precision == "float32" else "float64")
    path = "trunk[1].kernel"
    before, after = values[path].astype(precision), moved[path].astype(precision)
    up, down = np.nextafter(before, np.inf, dtype=precision), np.nextafter(before, -np.inf, dtype=precision)
    assert ((after == up) | (after == down)).all()
    assert (after == up).any() and (after == down).any()
    assert (moved_by_one_ulp(graph, values, "float64")[path] == moved_by_one_ulp(graph, values, "float64")[path]).all()


def test_whole_numbers_do_not_move() -> None:
    spec = two_tasks().replacing(lambda s: s.blocks[0].layers, by=({"kind": "dropout", "rate": 0.5},))
    graph = lower(spec)
    assert moved_by_one_ulp(graph, initial_parameters(graph), "float64")["trunk[0].step"] == 0


def test_what_processes_exchange_reads_back(tmp_path: Path) -> None:
    graph = lower(SPEC)
    data = training_examples(SPEC, graph, ".")
    chunks = [chunk.steps for chunk in plan(data, graph, training=SPEC.training, start=0, stop=150)]
    write_common(tmp_path, graph, data, chunks)
    read_graph, read_data, read_chunks = read_common(tmp_path)
    assert read_graph == graph
    assert (read_data.inputs["x"] == data.inputs["x"]).all()
    assert (read_data.present["kind"] == data.present["kind"]).all()
    assert len(read_chunks) == len(chunks) > 2
    for ours, theirs in zip(chunks, read_chunks, strict=True):
        assert (ours.rows == theirs.rows).all()
        assert (ours.learning_rates == theirs.learning_rates).all()
    run = Run("numpy", "float64", "cpu")
    write_run(tmp_path / "run", run, initial_parameters(graph))
    again, parameters = read_run(tmp_path / "run")
    assert again == run
    assert all((parameters[path] == value).all() for path, value in initial_parameters(graph).items())
