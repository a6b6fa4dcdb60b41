"""Metrics of numbers, (N, units) each, by scikit-learn and SciPy; the mean over the units."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from mtlspec.spec import metrics as kinds
from mtlspec.tensors import Array
from mtlspec.training.measured import Measured, by_column


def _by_sklearn(function: str, metric: kinds.Metric, found: Measured) -> float:
    from sklearn import metrics as sklearn

    measure: Callable[..., Any] = getattr(sklearn, function)
    return float(measure(found.labels, found.predicted, sample_weight=found.weights))


def _explained(function: str, metric: kinds.Metric, found: Measured) -> float:
    """Undefined where a unit's labels are all equal: there is nothing to explain."""
    if not (found.labels != found.labels[0]).any(axis=0).all():
        return float("nan")
    return _by_sklearn(function, metric, found)


def _correlation(function: str, metric: kinds.Metric, found: Measured) -> float:
    from scipy import stats

    def of_unit(labels: Array, predicted: Array) -> float:
        if not (labels != labels[0]).any() or not (predicted != predicted[0]).any():
            return float("nan")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", stats.NearConstantInputWarning)
            return float(np.clip(getattr(stats, function)(labels, predicted).statistic, -1, 1))

    return by_column(of_unit, found.labels, found.predicted)


RULES: dict[type[kinds.Metric], Callable[[Any, Measured], float]] = {
    kinds.MeanAbsoluteError: partial(_by_sklearn, "mean_absolute_error"),
    kinds.RootMeanSquaredError: partial(_by_sklearn, "root_mean_squared_error"),
    kinds.MeanAbsolutePercentageError: partial(_by_sklearn, "mean_absolute_percentage_error"),
    kinds.MedianAbsoluteError: partial(_by_sklearn, "median_absolute_error"),
    kinds.R2: partial(_explained, "r2_score"),
    kinds.ExplainedVariance: partial(_explained, "explained_variance_score"),
    kinds.Pearson: partial(_correlation, "pearsonr"),
    kinds.Spearman: partial(_correlation, "spearmanr"),
}
