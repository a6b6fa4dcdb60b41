from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from small_specs import one_task
from test_training_metrics import found

from mtlspec.randomness import uniform

NAN = float("nan")
SOFTMAX, SIGMOID = "softmax_cross_entropy", "sigmoid_cross_entropy"


def classes(metric: object, labels: object, predicted: Any, **others: object) -> float:
    (value,) = found(np.shape(predicted)[1], SOFTMAX, [metric], labels, predicted, **others).values()
    return value


def yes_or_no(metric: object, labels: object, predicted: Any, **others: object) -> float:
    (value,) = found(np.shape(predicted)[1], SIGMOID, [metric], labels, predicted, **others).values()
    return value


P3 = [[0.7, 0.2, 0.1], [0.1, 0.6, 0.3], [0.5, 0.4, 0.1], [0.2, 0.3, 0.5], [0.1, 0.1, 0.8]]
Y3 = [0, 1, 1, 2, 0]
"""Predicted: 0 1 0 2 2."""
P2 = [[0.9, 0.5], [0.6, 0.8], [0.4, 0.7], [0.1, 0.2]]
Y2 = [[1, 0], [0, 1], [1, 1], [0, 0]]


@pytest.mark.parametrize(("k", "share"), [(1, 3 / 5), (2, 1.0), (3, 1.0)])
def test_top_k_counts_strictly_larger_probabilities(k: int, share: float) -> None:
    assert classes({"kind": "top_k_accuracy", "k": k}, Y3, P3) == share


def test_ties_are_all_in_the_top() -> None:
    tied = [[0.4, 0.4, 0.2], [0.4, 0.4, 0.2], [0.4, 0.4, 0.2]]
    assert classes({"kind": "top_k_accuracy", "k": 1}, [0, 1, 2], tied) == 2 / 3


@pytest.mark.parametrize(
    ("kind", "macro", "micro"),
    [("precision", (1 / 2 + 1 + 1 / 2) / 3, 3 / 5), ("recall", (1 / 2 + 1 / 2 + 1) / 3, 3 / 5)],
)
def test_precision_and_recall_of_classes(kind: str, macro: float, micro: float) -> None:
    assert classes(kind, Y3, P3) == pytest.approx(macro, rel=1e-15)
    assert classes({"kind": kind, "average": "micro"}, Y3, P3) == pytest.approx(micro, rel=1e-15)


def test_a_class_that_is_never_predicted_has_no_precision() -> None:
    assert classes("precision", [0, 1], [[0.9, 0.1], [0.8, 0.2]]) == 0.5
    assert classes("recall", [0, 1], [[0.9, 0.1], [0.8, 0.2]]) == 0.5
    assert math.isnan(yes_or_no("precision", [0.0, 1.0], [[0.1], [0.2]]))


def test_precision_and_recall_of_labels() -> None:
    # Label 0 is predicted for 0 and 1, label 1 for 1 and 2; above one half, not at it.
    assert yes_or_no("precision", Y2, P2) == (1 / 2 + 1) / 2
    assert yes_or_no("recall", Y2, P2) == (1 / 2 + 1) / 2
    assert yes_or_no({"kind": "precision", "average": "micro"}, Y2, P2) == 3 / 4
    assert yes_or_no({"kind": "recall", "threshold": 0.3}, Y2, P2) == 1.0
    assert yes_or_no({"kind": "precision", "threshold": 0.3}, Y2, P2) == pytest.approx(2 / 3, rel=1e-15)
    assert yes_or_no({"kind": "precision", "threshold": 0.6}, Y2, P2) == 1.0
    assert yes_or_no({"kind": "f1", "threshold": 0.3}, Y2, P2) == pytest.approx(4 / 5, rel=1e-15)


def test_the_only_label_or_class_one_of_two() -> None:
    labels, yes = [1.0, 0.0, 1.0, 0.0], np.array([[0.9], [0.7], [0.3], [0.2]])
    for average in ("binary", "macro", "micro"):
        assert yes_or_no({"kind": "recall", "average": average}, labels, yes) == 0.5
    both = np.hstack([1 - yes, yes])
    assert classes({"kind": "precision", "average": "binary"}, [1, 0, 1, 0], both) == 0.5
    assert classes({"kind": "recall", "average": "binary", "threshold": 0.25}, [1, 0, 1, 0], both) == 1.0


@pytest.mark.parametrize(
    ("units", "loss", "metric", "message"),
    [
        (
            3,
            SOFTMAX,
            {"kind": "recall", "average": "binary"},
            "recall with `average: binary` needs two classes",
        ),
        (2, SIGMOID, {"kind": "f1", "average": "binary"}, "f1 with `average: binary` needs one label, found 2"),
        (3, SOFTMAX, {"kind": "precision", "threshold": 0.7}, "precision of several classes takes the likeliest one"),
        (3, SOFTMAX, {"kind": "mean_iou", "threshold": 0.7}, "mean_iou of several classes takes the likeliest one"),
        (3, SOFTMAX, {"kind": "iou", "index": 3}, "iou has `index: 3`, and the head has 3 units, counted from 0"),
    ],
)
def test_fields_that_do_not_fit_the_head_are_refused(units: int, loss: str, metric: Any, message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        one_task(units, loss, metrics=[metric])
    (problem,) = caught.value.errors()
    assert problem["loc"] == ("tasks", 0, "metrics", 0)
    assert problem["msg"].startswith(message)


def test_average_precision_has_no_interpolation() -> None:
    # In order of prediction: yes, no, yes, no: precision 1 at the first yes, 2/3 at the second.
    assert yes_or_no("average_precision", [1.0, 0.0, 1.0, 0.0], [[0.9], [0.8], [0.7], [0.1]]) == pytest.approx(5 / 6)
    assert math.isnan(yes_or_no("average_precision", [0.0, 0.0], [[0.9], [0.8]]))
    # Class 2 does not occur; class 0 comes first; class 1 second and third in its order.
    assert classes("average_precision", [0, 1, 1], P3[:3]) == pytest.approx((1 + 1) / 2, rel=1e-15)


def test_log_loss_is_that_of_the_right_class() -> None:
    own = -sum(math.log(P3[i][y]) for i, y in enumerate(Y3)) / 5
    assert classes("log_loss", Y3, P3) == pytest.approx(own, rel=1e-14)
    labels = -sum(math.log(p if y else 1 - p) for p, y in zip(np.ravel(P2), np.ravel(Y2), strict=True))
    assert yes_or_no("log_loss", Y2, P2) == pytest.approx(labels / 8, rel=1e-14)
    assert yes_or_no("log_loss", [1.0, 1.0], [[0.0], [1.0]]) == pytest.approx(-math.log(np.finfo(float).eps) / 2)


def test_probabilities_of_float32_are_measured_without_a_warning() -> None:
    rough = np.array(P3, dtype=np.float32) * np.float32(1 + 1e-6)
    assert classes("log_loss", Y3, rough) == pytest.approx(classes("log_loss", Y3, P3), rel=1e-6)


def test_brier_sums_over_classes_and_means_over_labels() -> None:
    own = sum((p - (c == y)) ** 2 for row, y in zip(P3, Y3, strict=True) for c, p in enumerate(row)) / 5
    assert classes("brier_score", Y3, P3) == pytest.approx(own, rel=1e-14)
    labels = sum((p - y) ** 2 for p, y in zip(np.ravel(P2), np.ravel(Y2), strict=True)) / 8
    assert yes_or_no("brier_score", Y2, P2) == pytest.approx(labels, rel=1e-14)


def test_calibration_error_by_hand() -> None:
    # Confidences 0.7 0.6 0.5 0.5 0.8 in bins (0, 1/2] and (1/2, 1]; right: yes yes no yes no.
    own = abs(0 + 1 - 0.5 - 0.5) / 5 + abs(1 + 1 + 0 - 0.7 - 0.6 - 0.8) / 5
    assert classes({"kind": "calibration_error", "bins": 2}, Y3, P3) == pytest.approx(own, rel=1e-14)
    one = (abs(1 + 0 - 0.9 - 0.6) + abs(1 + 0 - 0.4 - 0.1)) / 4
    other = (abs(1 + 1 - 0.8 - 0.7) + abs(0 + 0 - 0.5 - 0.2)) / 4
    assert yes_or_no({"kind": "calibration_error", "bins": 2}, Y2, P2) == pytest.approx((one + other) / 2, rel=1e-14)
    assert yes_or_no("calibration_error", [1.0, 0.0], [[1.0], [0.0]]) == 0.0


def test_calibration_is_good_where_labels_are_drawn_from_the_probabilities() -> None:
    p, draw = uniform(0, "p", 20000), uniform(0, "y", 20000)
    assert yes_or_no("calibration_error", (draw < p).astype(float), p[:, None]) < 0.02
    assert yes_or_no("calibration_error", (draw < p**2).astype(float), p[:, None]) > 0.1


def test_iou_of_classes_and_labels() -> None:
    # Classes: 0 predicted {0, 2}, true {0, 4}; 1 predicted {1}, true {1, 2}; 2 predicted {3, 4}, true {3}.
    ious = [1 / 3, 1 / 2, 1 / 2]
    for index, value in enumerate(ious):
        assert classes({"kind": "iou", "index": index}, Y3, P3) == pytest.approx(value, rel=1e-15)
    assert classes("iou", Y3, P3) == 0.5
    assert classes("mean_iou", Y3, P3) == pytest.approx(sum(ious) / 3, rel=1e-15)
    assert classes("mean_iou", [0, 0], [[0.9, 0.1, 0.0], [0.4, 0.6, 0.0]]) == 0.25  # class 2 has no part
    assert math.isnan(classes({"kind": "iou", "index": 2}, [0, 1], [[0.9, 0.1, 0.0], [0.4, 0.6, 0.0]]))
    assert yes_or_no("iou", Y2, P2) == 1.0
    assert yes_or_no({"kind": "iou", "index": 0}, Y2, P2) == pytest.approx(1 / 3, rel=1e-15)
    assert yes_or_no({"kind": "mean_iou", "threshold": 0.3}, Y2, P2) == pytest.approx(2 / 3, rel=1e-15)


EVERY_CHOICE = (
    "accuracy", "precision", "recall", "f1", "auc", "average_precision", "log_loss", "brier_score",
    "calibration_error", "iou", "mean_iou",
)  # fmt: skip


@pytest.mark.parametrize("kind", [*EVERY_CHOICE, "top_k_accuracy"])
@pytest.mark.parametrize("of", [classes, yes_or_no])
def test_a_weight_counts_a_label_as_often_if_the_metric_is_weighted(kind: str, of: Any) -> None:
    if of is yes_or_no and kind == "top_k_accuracy":
        kind = "accuracy"
    labels, predicted = (Y3, P3) if of is classes else ([[1, 0], [0, 1], [1, 1], [0, 0], [0, 0]], [*P2, [0.7, 0.6]])
    metric = {"kind": kind, "weighted": True} | ({"k": 1} if kind == "top_k_accuracy" else {})
    counts = [1, 3, 2, 0, 2]
    weighted = of(metric, labels, predicted, weights={"t": counts})
    plain = metric | {"weighted": False}
    repeated = of(plain, np.repeat(labels, counts, axis=0), np.repeat(predicted, counts, axis=0))
    assert weighted == pytest.approx(repeated, rel=1e-13)
    assert weighted != pytest.approx(of(plain, labels, predicted, weights={"t": counts}), rel=1e-3)


def test_without_any_weight_nothing_is_known() -> None:
    metric = {"kind": "accuracy", "weighted": True}
    assert math.isnan(classes(metric, Y3, P3, weights={"t": [0.0] * 5}))
    assert math.isnan(classes("log_loss", [NAN, NAN], P3[:2]))
