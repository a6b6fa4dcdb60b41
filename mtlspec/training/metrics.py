"""Metrics of a task, in float64, over the positions whose label is present.

Weights play no part unless a metric is `weighted`. Where a metric is undefined it is NaN, without a warning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from mtlspec.batch import Dataset
from mtlspec.graph import Head
from mtlspec.spec.metric import Metric, OwnMetric, WeighableMetric, form_of
from mtlspec.spec.metrics import QueryMetric
from mtlspec.tensors import Array
from mtlspec.training import metrics_of_choices, metrics_of_numbers, metrics_of_queries
from mtlspec.training.measured import Measured, Queries
from mtlspec.training.metrics_of_choices import THRESHOLD as THRESHOLD
from mtlspec.training.own_metrics import FUNCTIONS, OwnFunction, measured_by

RULES = {**metrics_of_choices.RULES, **metrics_of_numbers.RULES}


def metrics(
    head: Head, data: Dataset, predictions: Array, *, own: Mapping[str, OwnFunction] | None = None
) -> dict[str, float]:
    """Return the metrics of the task of `head` by name, and those in `own`, for linked predictions of all of `data`."""
    found = {metric.name: metric_of(head, metric, data, predictions) for metric in head.metrics}
    return found | {name: _own(name, function, head, data, predictions) for name, function in (own or {}).items()}


def metric_of(head: Head, metric: Metric, data: Dataset, predictions: Array) -> float:
    """Return one metric; NaN where no label is present, or none has a weight and the metric is weighted."""
    if isinstance(metric, OwnMetric):
        return _own(metric.kind, FUNCTIONS[metric.kind], head, data, predictions)
    weights = data.weights[head.task] if isinstance(metric, WeighableMetric) and metric.weighted else None
    if isinstance(metric, QueryMetric):
        return metrics_of_queries.RULES[type(metric)](metric, _queries(head, data, predictions, weights))
    found = _measured(head, data, predictions, weights)
    return RULES[type(metric)](metric, found) if len(found.labels) else float("nan")


def _measured(head: Head, data: Dataset, predictions: Array, weights: Array | None) -> Measured:
    """Return what metrics compare; where labels are weighted, those without a weight are left out."""
    counted = data.present[head.task] if weights is None else data.present[head.task] & (weights > 0)
    labels = data.targets[head.task][counted]
    if head.loss.form == "probabilities":
        labels = labels.argmax(axis=1)
    form = form_of(head.loss)
    return Measured(
        form,
        labels > (0 if head.loss.form == "signs" else THRESHOLD) if form == "labels" else labels,
        _compared(head, predictions)[counted],
        None if weights is None else weights[counted],
    )


def _compared(head: Head, predictions: Array) -> Array:
    """Return what of predictions is compared with labels; a margin as a number that is above one half for a yes."""
    from scipy.special import expit

    own = np.asarray(predictions, dtype=np.float64)[..., head.loss.estimates(head.units)]
    return np.asarray(expit(own)) if head.loss.link == "none" and form_of(head.loss) == "labels" else own


def _queries(head: Head, data: Dataset, predictions: Array, weights: Array | None) -> Queries:
    """Return the positions of each example as items, or its units where it has no positions."""
    scores, present = np.asarray(predictions, dtype=np.float64), data.present[head.task]
    relevances = data.targets[head.task]
    if head.targets_are_classes:
        relevances = relevances[..., None] == np.arange(scores.shape[-1])
    if present.ndim > 1:
        return Queries(relevances[..., 0] * 1.0, scores[..., 0], present, _mean_weights(weights, present))
    return Queries(relevances * 1.0, scores, np.repeat(present[:, None], scores.shape[1], axis=1), weights)


def _mean_weights(weights: Array | None, present: Array) -> Array | None:
    if weights is None:
        return None
    return np.asarray((weights * present).sum(axis=1) / np.maximum(present.sum(axis=1), 1))


def _own(name: str, function: OwnFunction, head: Head, data: Dataset, predictions: Array) -> float:
    found = _measured(head, data, predictions, None)
    targets = data.targets[head.task][data.present[head.task]]
    if not len(targets):
        return float("nan")
    return measured_by(name, function, replace(found, labels=targets), data.weights[head.task][data.present[head.task]])
