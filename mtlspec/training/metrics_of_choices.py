"""Metrics of classes and of yes-or-no labels, from their probabilities, by scikit-learn wherever it has them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtlspec.spec import metrics as kinds
from mtlspec.tensors import Array
from mtlspec.training.measured import Measured, by_column, mean_defined

THRESHOLD = 0.5
"""A label counts as predicted where its probability is above."""


def _accuracy(metric: kinds.Accuracy, found: Measured) -> float:
    from sklearn import metrics as sklearn

    if found.form == "classes":
        return float(sklearn.accuracy_score(found.labels, found.predicted.argmax(axis=1), sample_weight=found.weights))
    chosen, weights = found.predicted > THRESHOLD, _for_each_label(found)
    return float(sklearn.accuracy_score(found.labels.ravel(), chosen.ravel(), sample_weight=weights))


def _for_each_label(found: Measured) -> Array | None:
    return None if found.weights is None else np.repeat(found.weights, found.labels.shape[1])


def _top_k(metric: kinds.TopKAccuracy, found: Measured) -> float:
    own = np.take_along_axis(found.predicted, found.labels[:, None], axis=1)
    above = (found.predicted > own).sum(axis=1)
    return float(np.average(above < metric.k, weights=found.weights))


def _ratio(function: str, metric: kinds.AveragedMetric, found: Measured) -> float:
    """Undefined ratios are NaN to scikit-learn, whose mean leaves them out."""
    from sklearn import metrics as sklearn

    measure = partial(getattr(sklearn, function), zero_division=np.nan)
    if metric.average == "binary":
        labels, chosen = _of_the_only_one(metric, found)
        return float(measure(labels, chosen, sample_weight=found.weights))
    if found.form == "classes":
        likeliest = found.predicted.argmax(axis=1)
        return float(measure(found.labels, likeliest, average=metric.average, sample_weight=found.weights))
    chosen = found.predicted > metric.threshold
    if metric.average == "micro":
        return float(measure(found.labels.ravel(), chosen.ravel(), sample_weight=_for_each_label(found)))
    return by_column(partial(measure, sample_weight=found.weights), found.labels, chosen)


def _of_the_only_one(metric: kinds.ThresholdMetric, found: Measured) -> tuple[Array, Array]:
    """Return the truth of class 1, or of the only label, and whether it is predicted."""
    predicted = found.predicted[:, -1] > metric.threshold
    return (found.labels == 1 if found.form == "classes" else found.labels[:, 0]), predicted


def _one_against_the_others(found: Measured) -> NDArray[np.bool_]:
    """Return for each class, or label, whether it is true (N, C)."""
    if found.form == "labels":
        return np.asarray(found.labels, dtype=np.bool_)
    return np.asarray(found.labels[:, None] == np.arange(found.predicted.shape[1]))


def _ranked(function: str, metric: kinds.Metric, found: Measured) -> float:
    """Return the mean over the columns that hold what the area needs: a yes, and for the ROC curve a no."""
    from sklearn import metrics as sklearn

    def of_column(labels: Array, predicted: Array) -> float:
        if not labels.any() or (function == "roc_auc_score" and labels.all()):
            return float("nan")
        return float(getattr(sklearn, function)(labels, predicted, sample_weight=found.weights))

    return by_column(of_column, _one_against_the_others(found), found.predicted)


def _log_loss(metric: kinds.LogLoss, found: Measured) -> float:
    from sklearn import metrics as sklearn

    if found.form == "labels":
        measure = partial(sklearn.log_loss, labels=[False, True], sample_weight=found.weights)
        return by_column(measure, found.labels, found.predicted)
    sums = found.predicted.sum(axis=1, keepdims=True)  # those of float32 are 1 to seven digits only
    classes = np.arange(found.predicted.shape[1])
    return float(sklearn.log_loss(found.labels, found.predicted / sums, labels=classes, sample_weight=found.weights))


def _brier(metric: kinds.BrierScore, found: Measured) -> float:
    from sklearn import metrics as sklearn

    truth = _one_against_the_others(found).astype(np.float64)
    mean = float(sklearn.mean_squared_error(truth, found.predicted, sample_weight=found.weights))
    return mean * truth.shape[1] if found.form == "classes" else mean


def _calibration(metric: kinds.CalibrationError, found: Measured) -> float:
    weights = np.ones(len(found.labels)) if found.weights is None else found.weights

    def error(right: Array, confidence: Array) -> float:
        bins = np.clip(np.ceil(confidence * metric.bins).astype(np.int64) - 1, 0, metric.bins - 1)
        gaps = np.bincount(bins, weights * (right - confidence), minlength=metric.bins)
        return float(np.abs(gaps).sum() / weights.sum())

    if found.form == "labels":
        return by_column(error, found.labels.astype(np.float64), found.predicted)
    right = found.predicted.argmax(axis=1) == found.labels
    return error(right.astype(np.float64), found.predicted.max(axis=1))


def _chosen(metric: kinds.ThresholdMetric, found: Measured) -> NDArray[np.bool_]:
    """Return for each class, or label, whether it is predicted (N, C)."""
    if found.form == "labels":
        return np.asarray(found.predicted > metric.threshold)
    return np.asarray(found.predicted.argmax(axis=1)[:, None] == np.arange(found.predicted.shape[1]))


def _overlap(found: Measured, truth: Array, chosen: Array) -> float:
    from sklearn import metrics as sklearn

    if not truth.any() and not chosen.any():
        return float("nan")
    return float(sklearn.jaccard_score(truth, chosen, sample_weight=found.weights))


def _iou(metric: kinds.Iou, found: Measured) -> float:
    truth, chosen = _one_against_the_others(found), _chosen(metric, found)
    return _overlap(found, truth[:, metric.index], chosen[:, metric.index])


def _mean_iou(metric: kinds.MeanIou, found: Measured) -> float:
    truth, chosen = _one_against_the_others(found), _chosen(metric, found)
    return mean_defined([_overlap(found, truth[:, i], chosen[:, i]) for i in range(truth.shape[1])])


RULES: dict[type[kinds.Metric], Callable[[Any, Measured], float]] = {
    kinds.Accuracy: _accuracy,
    kinds.TopKAccuracy: _top_k,
    kinds.Precision: partial(_ratio, "precision_score"),
    kinds.Recall: partial(_ratio, "recall_score"),
    kinds.F1: partial(_ratio, "f1_score"),
    kinds.Auc: partial(_ranked, "roc_auc_score"),
    kinds.AveragePrecision: partial(_ranked, "average_precision_score"),
    kinds.LogLoss: _log_loss,
    kinds.BrierScore: _brier,
    kinds.CalibrationError: _calibration,
    kinds.Iou: _iou,
    kinds.MeanIou: _mean_iou,
}
