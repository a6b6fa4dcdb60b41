"""Metrics of a task, by scikit-learn in float64, over the examples whose label is present.

Weights of examples play no part. Where a metric is undefined it is NaN, without a warning.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mtlspec.batch import Dataset
from mtlspec.graph import Head
from mtlspec.spec.model import Metric
from mtlspec.tensors import Array
from mtlspec.training.labels import label_form

THRESHOLD = 0.5
"""A sigmoid label counts as predicted where its probability is above."""


def metrics(head: Head, data: Dataset, predictions: Array) -> dict[str, float]:
    """Return the metrics of the task of `head` by name, for linked predictions of all of `data`."""
    present = data.present[head.task]
    predicted = np.asarray(predictions, dtype=np.float64)[present]
    labels = data.targets[head.task][present]
    if label_form(head.loss) == "probabilities":
        labels = labels.argmax(axis=1)
    return {metric: metric_of(head, metric, labels, predicted) for metric in head.metrics}


def metric_of(head: Head, metric: Metric, labels: Array, predicted: NDArray[np.float64]) -> float:
    """Return one metric, for labels that are class indices (N,), yes-or-no labels (N, L) or numbers (N, units)."""
    if not len(labels):
        return float("nan")
    if head.loss.link == "none":
        return _of_numbers(metric, labels, predicted)
    if head.loss.link == "softmax":
        return _of_classes(metric, labels, predicted)
    return _of_yes_or_no(metric, labels > THRESHOLD, predicted)


def _of_numbers(metric: Metric, labels: Array, predicted: Array) -> float:
    """Each is the mean over the units; r2 is undefined where a unit's labels are all equal."""
    from sklearn import metrics as sklearn

    match metric:
        case "mean_absolute_error":
            return float(sklearn.mean_absolute_error(labels, predicted))
        case "root_mean_squared_error":
            return float(sklearn.root_mean_squared_error(labels, predicted))
        case "r2":
            varied = (labels != labels[0]).any(axis=0).all()
            return float(sklearn.r2_score(labels, predicted)) if varied else float("nan")
    raise NotImplementedError(f"metric {metric!r} has no rule for numbers")


def _of_classes(metric: Metric, labels: Array, predicted: Array) -> float:
    """f1 is the mean over the classes that occur or are predicted; auc that of one class against the others."""
    from sklearn import metrics as sklearn

    match metric:
        case "accuracy":
            return float(sklearn.accuracy_score(labels, predicted.argmax(axis=1)))
        case "f1":
            return float(sklearn.f1_score(labels, predicted.argmax(axis=1), average="macro", zero_division=np.nan))
        case "auc":
            return _mean_auc(labels[:, None] == np.arange(predicted.shape[1]), predicted)
    raise NotImplementedError(f"metric {metric!r} has no rule for classes")


def _of_yes_or_no(metric: Metric, labels: NDArray[np.bool_], predicted: Array) -> float:
    """Accuracy counts every label; f1 and auc are means over the labels for which they are defined."""
    from sklearn import metrics as sklearn

    chosen = predicted > THRESHOLD
    match metric:
        case "accuracy":
            return float(sklearn.accuracy_score(labels.ravel(), chosen.ravel()))
        case "f1":
            pairs = zip(labels.T, chosen.T, strict=True)
            return _mean_defined([float(sklearn.f1_score(*pair, zero_division=np.nan)) for pair in pairs])
        case "auc":
            return _mean_auc(labels, predicted)
    raise NotImplementedError(f"metric {metric!r} has no rule for yes-or-no labels")


def _mean_auc(labels: NDArray[np.bool_], predicted: Array) -> float:
    """Return the mean area under the curve over the columns that hold both truth values."""
    from sklearn import metrics as sklearn

    both = [i for i in range(labels.shape[1]) if labels[:, i].any() and not labels[:, i].all()]
    return _mean_defined([float(sklearn.roc_auc_score(labels[:, i], predicted[:, i])) for i in both])


def _mean_defined(values: list[float]) -> float:
    defined = [value for value in values if not np.isnan(value)]
    return float(np.mean(defined)) if defined else float("nan")
