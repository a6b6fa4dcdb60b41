"""What a training pass remembers: running statistics and dropout steps, and who advances them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from layer_cases import TRAINING, called, layer_of
from programs import batch_of, program_of

from mtlspec.randomness import dropout_kept, dropout_key

NORMALIZED: dict[str, Any] = {
    "inputs": [{"name": "x", "shape": [4]}],
    "blocks": [{"name": "trunk", "layers": [{"kind": "batch_normalization"}, {"kind": "dropout", "rate": 0.5}]}],
    "tasks": [{"name": "a", "loss": "squared_error"}],
    "training": {"seed": 3},
}
# two examples of two positions, one channel: 1, 2, 3, 6; mean 3, squares 4 + 1 + 0 + 9 = 14
FOUR = np.array([[[1.0], [2.0]], [[3.0], [6.0]]])


@pytest.mark.parametrize(("law", "variance"), [("biased", 14 / 4), ("unbiased", 14 / 3)])
def test_running_statistics_move_toward_the_batch(law: str, variance: float) -> None:
    layer = layer_of({"kind": "batch_normalization", "running_variance": law, "running_average_keeps": 0.75})
    at = {"scale": [1.0], "offset": [0.0], "running_mean": [10.0], "running_variance": [2.0]}
    result = called(layer, {"x": FOUR, **{leaf: np.array(value) for leaf, value in at.items()}}, TRAINING)
    assert result.statistics["running_mean"].tolist() == [7.5 + 0.25 * 3]
    assert result.statistics["running_variance"].tolist() == pytest.approx([1.5 + 0.25 * variance], rel=1e-15)
    expected = (FOUR - 3) / np.sqrt(3.5 + 1e-5)
    assert np.abs(result.output - expected).max() < 1e-15


def test_cumulative_statistics_are_the_mean_of_all_batches() -> None:
    layer = layer_of({"kind": "batch_normalization", "running_variance": "biased", "running_average": "cumulative"})
    at = {"scale": np.ones(1), "offset": np.zeros(1), "running_mean": np.array([7.0]), "running_variance": np.ones(1)}
    for batches, mean, variance in ((0, 3.0, 3.5), (1, 5.0, 2.25), (3, 6.0, 1.625)):
        found = called(layer, {"x": FOUR, "batches": np.asarray(batches), **at}, TRAINING).statistics
        assert {leaf: value.tolist() for leaf, value in found.items()} == {
            "running_mean": [mean],
            "running_variance": [variance],
            "batches": batches + 1,
        }


@pytest.mark.parametrize("frozen", ["statistics", "all"])
def test_frozen_statistics_are_those_of_inference_and_stay(frozen: str) -> None:
    layer = layer_of({"kind": "batch_normalization", "frozen": frozen, "epsilon": 1.0})
    at = {
        "scale": np.ones(1),
        "offset": np.zeros(1),
        "running_mean": np.array([3.0]),
        "running_variance": np.full(1, 8),
    }
    result = called(layer, {"x": FOUR, **at}, TRAINING)
    assert result.output.tolist() == ((FOUR - 3) / 3).tolist()
    assert not result.statistics
    trained = {rule.leaf for rule in layer.signature((2, 1)).parameters if rule.role == "trainable"}
    assert (
        trained == result.pullback(FOUR).parameters.keys() == ({"scale", "offset"} if frozen == "statistics" else set())
    )


def test_the_variance_of_one_element_has_no_correction() -> None:
    layer = layer_of({"kind": "batch_normalization", "running_variance": "unbiased", "running_average_keeps": 0.5})
    at = {"scale": np.ones(1), "offset": np.zeros(1), "running_mean": np.zeros(1), "running_variance": np.ones(1)}
    result = called(layer, {"x": np.array([[4.0]]), **at}, TRAINING)
    assert result.statistics["running_variance"].tolist() == [0.5]
    assert result.output.tolist() == [[0.0]]


def test_inference_takes_the_running_statistics() -> None:
    program = program_of(NORMALIZED)
    program.parameters = {
        "trunk[0].running_mean": np.full(4, 1.0),
        "trunk[0].running_variance": np.full(4, 4.0),
    }
    found = program.outputs({"x": np.full((1, 4), 5.0)})["a"]
    assert found.tolist() == [pytest.approx([4 / np.sqrt(4 + 1e-5)] * 4, rel=1e-15)]


def test_the_dropout_mask_is_the_hash_of_seed_path_step_and_element() -> None:
    document = {**NORMALIZED, "blocks": [{"name": "trunk", "layers": [{"kind": "dropout", "rate": 0.3}]}]}
    program = program_of(document)
    program.parameters = {"trunk[0].step": np.asarray(7)}
    x = np.arange(1.0, 25.0).reshape(6, 4)
    kept = dropout_kept(dropout_key(3, "trunk[0]"), 7, 6, 4, 0.3)
    assert 0 < kept.sum() < kept.size
    assert program.model({"x": x}, training=True)["a"].tolist() == np.where(kept, x / 0.7, 0).tolist()
    assert program.model({"x": x})["a"].tolist() == x.tolist()


def test_a_gradient_carries_new_statistics_and_changes_nothing() -> None:
    program = program_of(NORMALIZED)
    before, batch = dict(program.parameters), batch_of(program.graph)
    first = program.value_with_gradient(on=batch, weights={"a": 1.0})
    again = program.value_with_gradient(on=batch, weights={"a": 1.0})
    assert first.value == again.value and program.losses(on=batch) == first.value.losses
    assert set(first.statistics) == {"trunk[0].running_mean", "trunk[0].running_variance", "trunk[1].step"}
    assert first.statistics["trunk[1].step"] == 1 and first.statistics["trunk[1].step"].dtype == np.int64
    assert all((value == before[path]).all() for path, value in program.parameters.items())


def test_an_update_takes_the_statistics_over() -> None:
    program = program_of(NORMALIZED)
    batch = batch_of(program.graph)
    _, gradients, statistics = program.value_with_gradient(on=batch, weights={"a": 1.0})
    old = program.losses(on=batch)
    program.update(along=gradients, statistics=statistics, learning_rate=0.0)
    assert all((program.parameters[path] == value).all() for path, value in statistics.items())
    assert program.losses(on=batch) != old  # another mask
    assert program.losses(on=batch, training=False) == program.losses(on=batch, training=False)


def test_what_was_handed_out_stays_as_it_was() -> None:
    program = program_of(NORMALIZED)
    held, copy = program.parameters, {path: array.copy() for path, array in program.parameters.items()}
    _, gradients, statistics = program.value_with_gradient(on=batch_of(program.graph), weights={"a": 1.0})
    program.update(along=gradients, statistics=statistics, learning_rate=0.1)
    assert all((held[path] == copy[path]).all() for path in copy)
    assert any((program.parameters[path] != copy[path]).any() for path in copy)
    with pytest.raises(ValueError, match="read-only"):
        held["trunk[0].scale"][0] = 5.0
