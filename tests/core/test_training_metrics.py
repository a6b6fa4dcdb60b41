from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from pydantic import ValidationError
from small_specs import one_task

from mtlspec.graph import Head, lower
from mtlspec.training import dataset, metrics

NAN = float("nan")


def found(
    units: int, loss: object, names: Sequence[object], labels: object, predictions: object, **others: object
) -> dict[str, float]:
    spec = one_task(units, loss, metrics=names)
    head: Head = lower(spec).heads[0]
    size = len(np.asarray(labels))
    data = dataset(spec, inputs={"x": np.zeros((size, 1))}, targets={"t": labels}, **others)  # type: ignore[arg-type]
    return metrics(head, data, np.asarray(predictions))


NUMBERS = ("mean_absolute_error", "root_mean_squared_error", "r2")
CLASSES = ("accuracy", "auc", "f1")


def test_metrics_of_numbers_by_hand() -> None:
    values = found(1, "squared_error", NUMBERS, [1.0, 2.0, 3.0, 6.0], [[1.0], [3.0], [5.0], [6.0]])
    assert values["mean_absolute_error"] == pytest.approx(3 / 4, rel=1e-15)
    assert values["root_mean_squared_error"] == pytest.approx(math.sqrt(5 / 4), rel=1e-15)
    assert values["r2"] == pytest.approx(1 - 5 / 14, rel=1e-15)


def test_metrics_of_several_numbers_are_means_over_them() -> None:
    labels, predictions = [[0.0, 0.0], [2.0, 4.0]], [[0.0, 2.0], [2.0, 2.0]]
    values = found(2, "squared_error", NUMBERS, labels, predictions)
    assert values["mean_absolute_error"] == 1.0
    assert values["root_mean_squared_error"] == 1.0
    assert values["r2"] == 0.5


def test_r2_of_equal_labels_is_undefined() -> None:
    assert math.isnan(found(1, "squared_error", ("r2",), [2.0, 2.0], [[1.0], [3.0]])["r2"])
    assert math.isnan(found(1, "squared_error", ("r2",), [2.0], [[1.0]])["r2"])


SCORES = [[0.7, 0.2, 0.1], [0.1, 0.6, 0.3], [0.5, 0.4, 0.1], [0.2, 0.3, 0.5]]


def test_metrics_of_classes_by_hand() -> None:
    values = found(3, "softmax_cross_entropy", CLASSES, [0, 1, 1, 2], SCORES)
    assert values["accuracy"] == 0.75
    f1 = (2 / 3 + 2 / 3 + 1) / 3
    assert values["f1"] == pytest.approx(f1, rel=1e-15)
    # One class against the others: 0 wins 3 of 3 pairs, 1 wins 4 of 4, 2 wins 3 of 3.
    assert values["auc"] == 1.0
    # Class 0 against the others now: 0.5 beats 0.1 and 0.2 and loses to 0.7; the other two classes win every pair.
    shifted = found(3, "softmax_cross_entropy", ("auc",), [1, 1, 0, 2], SCORES)
    one = ((0.2 > 0.4) + (0.2 > 0.3) + (0.6 > 0.4) + (0.6 > 0.3)) / 4
    assert shifted["auc"] == pytest.approx((2 / 3 + one + 1) / 3, rel=1e-15)


def test_a_class_that_does_not_occur_has_no_part_in_the_auc() -> None:
    assert found(3, "softmax_cross_entropy", ("auc",), [0, 1, 1], SCORES[:3])["auc"] == 1.0


def test_the_auc_of_one_class_is_undefined() -> None:
    assert math.isnan(found(3, "softmax_cross_entropy", ("auc",), [1, 1], SCORES[:2])["auc"])


def test_probabilities_count_by_their_largest() -> None:
    loss = {"kind": "softmax_cross_entropy", "targets": "probabilities"}
    labels = [[0.9, 0.1, 0.0], [0.3, 0.3, 0.4], [NAN, NAN, NAN], [0.0, 0.0, 1.0]]
    assert found(3, loss, ("accuracy",), labels, SCORES)["accuracy"] == pytest.approx(2 / 3, rel=1e-15)


def test_yes_or_no_labels_by_hand() -> None:
    labels, predictions = [[1, 0], [0, 1], [1, 1], [0, 0]], [[0.9, 0.5], [0.6, 0.8], [0.4, 0.7], [0.1, 0.2]]
    values = found(2, "sigmoid_cross_entropy", CLASSES, labels, predictions)
    assert values["accuracy"] == 6 / 8
    assert values["f1"] == pytest.approx((0.5 + 1.0) / 2, rel=1e-15)
    assert values["auc"] == pytest.approx((3 / 4 + 1) / 2, rel=1e-15)


def test_one_half_is_not_predicted() -> None:
    assert found(1, "sigmoid_cross_entropy", ("accuracy",), [0.0], [[0.5]])["accuracy"] == 1.0


def test_undefined_metrics_are_nan_without_a_warning() -> None:
    values = found(1, "sigmoid_cross_entropy", CLASSES, [0.0, 0.0], [[0.1], [0.2]])
    assert values["accuracy"] == 1.0
    assert math.isnan(values["auc"])
    assert math.isnan(values["f1"])


def test_absent_labels_are_left_out_and_weights_ignored() -> None:
    weights = {"t": [1.0, 100.0, 1.0]}
    values = found(3, "softmax_cross_entropy", ("accuracy",), [0, 0, NAN], SCORES[:3], weights=weights)
    assert values["accuracy"] == 0.5
    values = found(3, "softmax_cross_entropy", CLASSES, [NAN, NAN], SCORES[:2])
    assert all(math.isnan(value) for value in values.values())


def test_predictions_of_float32_are_measured_in_float64() -> None:
    predictions = np.array([[0.1], [0.2]], dtype=np.float32)
    value = found(1, "squared_error", ("mean_absolute_error",), [0.0, 0.0], predictions)["mean_absolute_error"]
    assert value == (float(np.float32(0.1)) + float(np.float32(0.2))) / 2


OF_NUMBERS = (
    "mean_absolute_error, root_mean_squared_error, r2, mean_absolute_percentage_error, explained_variance, "
    "median_absolute_error, pearson, spearman"
)
OF_QUERIES = "ndcg, mean_reciprocal_rank"
OF_CHOICES = "precision, recall, average_precision, log_loss, brier_score, calibration_error, iou, mean_iou"


@pytest.mark.parametrize(
    ("units", "loss", "metric", "fitting"),
    [
        (1, "squared_error", "auc", f"{OF_NUMBERS}, {OF_QUERIES}"),
        (
            3,
            "softmax_cross_entropy",
            "r2",
            f"accuracy, auc, f1, top_k_accuracy, {OF_CHOICES}, {OF_QUERIES}",
        ),
        (1, "sigmoid_cross_entropy", "top_k_accuracy", f"accuracy, auc, f1, {OF_CHOICES}, {OF_QUERIES}"),
    ],
)
def test_a_metric_that_does_not_fit_the_loss_is_refused(units: int, loss: str, metric: str, fitting: str) -> None:
    good = "r2" if loss == "squared_error" else "accuracy"
    with pytest.raises(ValidationError) as caught:
        one_task(units, loss, metrics=(good, metric))
    (problem,) = caught.value.errors()
    assert problem["loc"] == ("tasks", 0, "metrics", 1)
    assert problem["msg"] == f"{metric} does not fit {loss}; use {fitting}"
