from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from test_training_metrics import found

from mtlspec.randomness import normal


def numbers(metric: object, labels: Any, predicted: Any, **others: object) -> float:
    predicted = np.asarray(predicted, dtype=float).reshape(len(labels), -1)
    (value,) = found(predicted.shape[1], "squared_error", [metric], labels, predicted, **others).values()
    return value


Y, P = [1.0, 2.0, -4.0, 8.0], [2.0, 2.0, -2.0, 4.0]


def test_errors_by_hand() -> None:
    assert numbers("mean_absolute_percentage_error", Y, P) == pytest.approx((1 + 0 + 0.5 + 0.5) / 4, rel=1e-15)
    assert numbers("median_absolute_error", Y, P) == 1.5
    assert numbers("explained_variance", [1.0, 2.0, 3.0], [3.0, 4.0, 5.0]) == 1.0
    assert numbers("explained_variance", Y, P) == pytest.approx(1 - np.var(np.subtract(Y, P)) / np.var(Y), rel=1e-14)
    assert math.isnan(numbers("explained_variance", [1.0, 1.0], [3.0, 4.0]))


def test_correlations_by_hand() -> None:
    y, p = normal(0, "y", 50), normal(0, "p", 50)
    own = ((y - y.mean()) * (p - p.mean())).mean() / (y.std() * p.std())
    assert numbers("pearson", y, p) == pytest.approx(own, rel=1e-12)
    ranks = [array.argsort().argsort() * 1.0 for array in (y, p)]
    assert numbers("spearman", y, p) == pytest.approx(numbers("pearson", *ranks), rel=1e-12)
    assert numbers("spearman", y, np.exp(y)) == pytest.approx(1, rel=1e-14)
    assert numbers("spearman", [1.0, 2.0, 2.0, 3.0], [1.0, 2.0, 3.0, 4.0]) == pytest.approx(math.sqrt(0.9), rel=1e-14)


def test_a_correlation_pools_all_examples_and_averages_units() -> None:
    y, p = normal(0, "y", 40).reshape(20, 2), normal(0, "p", 40).reshape(20, 2)
    each = [numbers("pearson", y[:, i], p[:, i]) for i in range(2)]
    assert numbers("pearson", y, p) == pytest.approx(sum(each) / 2, rel=1e-14)
    p[:, 1] = 3.0
    assert numbers("pearson", y, p) == pytest.approx(each[0], rel=1e-14)


@pytest.mark.parametrize("kind", ["pearson", "spearman"])
def test_a_constant_correlates_with_nothing_and_a_near_one_raises_no_warning(kind: str) -> None:
    assert math.isnan(numbers(kind, [1.0, 2.0, 3.0], [5.0, 5.0, 5.0]))
    assert math.isnan(numbers(kind, [2.0], [5.0]))
    assert -1 <= numbers(kind, [1.0, 2.0, 3.0], [1e9, 1e9, 1e9 + 1e-6]) <= 1


@pytest.mark.parametrize(
    "kind",
    [
        "mean_absolute_error", "root_mean_squared_error", "r2", "mean_absolute_percentage_error", "explained_variance",
        "median_absolute_error",
    ],
)  # fmt: skip
def test_a_weight_counts_a_number_as_often_if_the_metric_is_weighted(kind: str) -> None:
    y, p, counts = normal(0, "y", 7), normal(0, "p", 7), [1, 4, 0, 2, 1, 1, 2]
    metric = {"kind": kind, "weighted": True}
    weighted = numbers(metric, y, p, weights={"t": counts})
    assert weighted == pytest.approx(numbers(kind, np.repeat(y, counts), np.repeat(p, counts)), rel=1e-13)
    assert weighted != pytest.approx(numbers(kind, y, p, weights={"t": counts}), rel=1e-3)
