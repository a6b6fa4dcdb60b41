"""Positions: a label at each of several places of an example, what it weighs, and what is divided by."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from mtlspec_numpy import NumpyBackend
from programs import program_of

import mtlspec as mtl
from mtlspec.batch import Dataset
from mtlspec.errors import DataError
from mtlspec.graph import Graph, lower
from mtlspec.spec import Spec
from mtlspec.training import prediction_columns, read
from mtlspec.training.batches import batches

NAN = float("nan")
CLASSES = [[0, 1, 2], [2, 2, 2]]


def document(loss: Any = "softmax_cross_entropy", units: int = 3, **training: Any) -> dict[str, Any]:
    head = [{"kind": "dense", "units": units}]
    return {
        "inputs": [{"name": "x", "shape": [3, 2]}],
        "tasks": [{"name": "y", "head": head, "loss": loss}],
        "training": training,
    }


def data_of(loss: Any, targets: Any, units: int = 3, **more: Any) -> Dataset:
    inputs = {"x": np.arange(6.0 * len(targets)).reshape(-1, 3, 2) / 10}
    given = {name: {"y": own} for name, own in more.items()}
    return mtl.dataset(Spec.model_validate(document(loss, units)), inputs=inputs, targets={"y": targets}, **given)


def denominators(data: Dataset) -> list[float]:
    return [float(data.denominator("y", np.arange(len(data)), law)) for law in ("present", "batch", "weight_sum")]


def test_a_head_has_the_axes_before_its_units() -> None:
    (head,) = lower(Spec.model_validate(document())).heads
    assert (head.positions, head.units, head.target_shape) == ((3,), 3, (3,))
    (head,) = lower(Spec.model_validate(document("squared_error", 2))).heads
    assert (head.target_shape, head.predicted_shape) == ((3, 2), (3, 2))


def test_a_graph_with_positions_reads_back() -> None:
    graph = lower(Spec.model_validate(document({"kind": "gaussian_likelihood"}, 4)))
    assert Graph.from_json(graph.to_json()) == graph
    assert (graph.heads[0].target_shape, graph.heads[0].predicted_shape) == ((3, 2), (3, 4))


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, [4, 6, 4]),
        ({"weights": [2.0, 0.5]}, [4, 6, 6.5]),
        ({"weights": [[2, 0, 1], [1, 1, 1]]}, [4, 6, 4]),
        ({"present": [[1, 1, 0], [1, 1, 1]]}, [3, 6, 3]),
        ({"present": [0, 1]}, [1, 6, 1]),
    ],
    ids=str,
)
def test_every_position_counts(more: dict[str, Any], expected: list[float]) -> None:
    data = data_of("softmax_cross_entropy", [[0, 1, 2], [2, NAN, NAN]], **more)
    assert denominators(data) == expected


def test_an_example_may_be_the_mean_over_its_labels() -> None:
    data = data_of(
        {"kind": "softmax_cross_entropy", "positions": "example_mean"},
        [[0, NAN, 2], [1, NAN, NAN], [NAN, NAN, NAN]],
        weights=[2.0, 3.0, 5.0],
    )
    assert data.weights["y"].tolist() == [[1, 0, 1], [3, 0, 0], [0, 0, 0]]
    assert denominators(data) == [2, 3, 5]
    assert data.counted["y"].tolist() == [True, True, False]


def test_class_weights_are_those_of_the_label_at_each_position() -> None:
    loss = {"kind": "softmax_cross_entropy", "class_weights": [1.0, 2.0, 4.0]}
    data = data_of(loss, [[0, 1, 2]])
    assert data.weights["y"].tolist() == [[1, 2, 4]]
    assert denominators(data) == [3, 3, 7]
    mean = data_of(loss | {"positions": "example_mean"}, [[0, 1, 2]])
    assert denominators(mean) == [1, 1, pytest.approx(7 / 3)]


def test_a_loss_of_examples_weighs_them_by_their_largest_weight() -> None:
    data = data_of("dice", CLASSES, weights=[[0.5, 2, 0], [1, 1, 1]], present=[[1, 1, 1], [0, 1, 1]])
    assert denominators(data) == [2, 2, 3]
    assert data.weights["y"].tolist() == [[0.5, 2, 0], [0, 1, 1]]


@pytest.mark.parametrize("kind", ["softmax_cross_entropy", "softmax_focal", "dice"])
def test_the_ignored_class_is_absent(kind: str) -> None:
    data = data_of({"kind": kind, "ignored_class": 255}, [[0, 255, 2], [255, 255, 255]])
    assert data.present["y"].tolist() == [[True, False, True], [False] * 3]
    assert data.targets["y"].tolist() == [[0, 0, 2], [0, 0, 0]]
    with pytest.raises(DataError, match="example 0, position 1: expected a class from 0 to 2, found 255"):
        data_of(kind, [[0, 255, 2]])


def test_a_sum_takes_the_ignored_class_of_its_terms() -> None:
    terms = [{"loss": "dice"}, {"loss": {"kind": "softmax_cross_entropy", "ignored_class": -100}}]
    assert data_of({"kind": "weighted_sum", "terms": terms}, [[0, -100, 2]]).present["y"].tolist() == [[1, 0, 1]]


@pytest.mark.parametrize(
    ("loss", "units", "targets", "message"),
    [
        ("softmax_cross_entropy", 3, [0, 1], "each with a label: for one label of the whole example, end it"),
        ("squared_error", 2, [[[1, 2], [NAN, 2], [0, 0]]], "example 0, position 1: 1 of 2 numbers are missing"),
        ("hinge", 1, [[[1], [-2], [0]]], r"position 1: expected a label in \[-1, 1\], found -2"),
        ("poisson", 1, [[[1], [2], [-0.5]]], "position 2: expected a number of at least 0, found -0.5"),
        ("kullback_leibler", 2, [[[1, 0], [0.5, 0.4], [0, 1]]], "position 1: expected probabilities that sum to 1"),
        ("ordinal_cross_entropy", 2, [[0, 3, 2]], "position 1: expected a class from 0 to 2, found 3"),
    ],
)
def test_labels_out_of_place_are_refused(loss: str, units: int, targets: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        data_of(loss, targets, units)


@pytest.mark.parametrize("loss", ["squared_error", "cosine_similarity", "log_cosh"])
def test_the_axis_of_one_number_may_be_left_out(loss: str) -> None:
    assert data_of(loss, [[1.0, 2.0, 3.0]], 1).targets["y"].shape == (1, 3, 1)


@pytest.mark.parametrize(
    ("loss", "units"),
    [
        ("softmax_cross_entropy", 3),
        ("softmax_focal", 3),
        ("ordinal_cross_entropy", 2),
        ("multi_margin", 3),
        ({"kind": "quantile", "quantiles": [0.1, 0.9]}, 2),
        ("gaussian_likelihood", 2),
        ("dice", 3),
        ("pairwise_ranking", 1),
        ("list_net", 1),
        ("list_mle", 1),
    ],
    ids=str,
)
def test_a_batch_without_labels_has_no_loss_and_no_gradient(loss: Any, units: int) -> None:
    program = program_of(document(loss, units))
    program.parameters = {path: array + 0.5 for path, array in program.parameters.items()}
    data = data_of(loss, np.full((2, 3), NAN), units)
    batch = data.batch(np.arange(2), {"y": "present"})
    value, gradients, _ = program.value_with_gradient(on=batch, weights={"y": 1.0})
    assert value.losses["y"] == 0
    assert not any(gradient.any() for gradient in gradients.values())


def test_a_model_of_steps_trains_predicts_and_is_evaluated() -> None:
    spec = Spec.model_validate(
        document(epochs=20, batch_size=4, optimizer={"kind": "adam", "learning_rate": 0.1})
        | {"tasks": [document()["tasks"][0] | {"metrics": ["accuracy"]}]}
    )
    x = np.sin(np.arange(72.0)).reshape(12, 3, 2)
    labels = np.where(x[..., 0] > 0, 1.0, 2.0)
    labels[0, 1] = labels[3] = NAN
    data = mtl.dataset(spec, inputs={"x": x}, targets={"y": labels})
    program = mtl.compile(spec, backend=NumpyBackend())
    before = mtl.evaluate(program, data)
    mtl.train(program, data)
    after = mtl.evaluate(program, data)
    assert after["y/loss"] < before["y/loss"] / 2
    assert after["y/accuracy"] == 1
    predicted = mtl.predict(program, {"x": x})["y"]
    assert predicted.shape == (12, 3, 3)
    columns = prediction_columns(lower(spec), {"y": predicted}, probabilities=False)
    assert list(columns) == ["y[0]", "y[1]", "y[2]"]
    assert columns["y[1]"][2] == str(int(labels[2, 1]))


def test_the_loss_of_the_whole_is_that_of_its_batches_together() -> None:
    loss = {"kind": "squared_error", "positions": "example_mean", "reduction": "batch"}
    spec = Spec.model_validate(document(loss, 1, batch_size=2, shuffle=False))
    data = data_of(loss, [[1, 2, NAN], [NAN] * 3, [3, 0, 1], [2, 2, 2]], 1)
    program = mtl.compile(spec, backend=NumpyBackend())
    parts = [program.losses(on=batch, training=False)["y"] for batch in batches(spec, data)]
    assert mtl.evaluate(program, data)["y/loss"] == pytest.approx(np.mean(parts))


def test_the_columns_of_a_table_are_the_labels_of_the_steps() -> None:
    spec = Spec.model_validate(
        document()
        | {
            "inputs": [{"name": "x", "shape": [3, 1]}],
            "data": {
                "file": "none.csv",
                "inputs": [{"name": "x", "columns": ["a", "b", "c"]}],
                "targets": [{"name": "y", "columns": ["p", "q", "r"], "encode": "vocabulary"}],
            },
        }
    )
    numbers = {"a": [1.0, 2.0], "b": [0.0, 1.0], "c": [3.0, 1.0]}
    frame = numbers | {"p": ["no", "so"], "q": ["so", ""], "r": ["yes", "no"]}
    examples = read(spec, frame=frame)
    assert examples.training.targets["y"].tolist() == [[0, 1, 2], [1, 0, 0]]
    assert examples.training.present["y"].tolist() == [[True] * 3, [True, False, True]]


def test_synthetic_labels_have_every_form() -> None:
    kinds = {"multi_margin": 3, "hinge": 1, "poisson": 2, "kullback_leibler": 2, "pairwise_ranking": 1, "dice": 2}
    tasks = [{**document(kind, units)["tasks"][0], "name": kind} for kind, units in kinds.items()]
    spec = Spec.model_validate(document() | {"tasks": tasks, "data": {"synthetic": 20}})
    targets = read(spec).training.targets
    assert {task: own.shape[1:] for task, own in targets.items()} == {
        head.task: head.target_shape for head in lower(spec).heads
    }
    assert set(np.unique(targets["hinge"])) == {-1.0, 1.0}


def test_the_rows_of_a_query_are_ranked_as_one_example() -> None:
    spec = Spec.model_validate(
        {
            "inputs": [{"name": "x", "shape": [None, 1]}],
            "tasks": [
                {
                    "name": "y",
                    "head": [{"kind": "dense", "units": 1, "bias": False}],
                    "loss": "pairwise_ranking",
                    "metrics": ["ndcg"],
                }
            ],
            "training": {"epochs": 30, "optimizer": {"kind": "sgd", "learning_rate": 1.0}},
            "data": {
                "file": "none.csv",
                "inputs": [{"name": "x", "columns": ["a"]}],
                "targets": [{"name": "y", "columns": ["grade"]}],
                "group_by": "query",
            },
        }
    )
    frame = {
        "query": [1, 1, 1, 2, 2, 3, 3, 3, 3],
        "a": [0.1, -0.4, 0.9, 2.0, 1.0, 0.0, 0.3, 0.2, 0.1],
        "grade": [1.0, 2.0, 0.0, 0.0, 1.0, 3.0, 0.0, 1.0, None],
    }
    data = read(spec, frame=frame).training
    assert data.present["y"].astype(int).tolist() == [[1, 1, 1, 0], [1, 1, 0, 0], [1, 1, 1, 0]]
    assert denominators(data) == [3, 3, 3]
    program = mtl.compile(spec, backend=NumpyBackend())
    program.parameters = {path: np.ones_like(array) for path, array in program.parameters.items()}
    before = mtl.evaluate(program, data)["y/ndcg"]
    mtl.train(program, data)
    assert before < mtl.evaluate(program, data)["y/ndcg"] == 1
