"""Metrics of rankings: each query has items, some of them relevant, and the predictions put them in order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtlspec.errors import DataError
from mtlspec.spec import metrics as kinds
from mtlspec.tensors import Array
from mtlspec.training.measured import Queries


def _ndcg(metric: kinds.Ndcg, found: Queries) -> float:
    wrong = found.relevances[found.present & (found.relevances < 0)]
    if wrong.size:
        raise DataError(f"ndcg needs relevances of at least 0, found {wrong[0]:g}")
    gains = np.exp2(found.relevances) - 1 if metric.gain == "exponential" else found.relevances
    return _mean_over_queries(found, lambda rows, items: _gain(metric, gains, found.scores, rows, items))


def _gain(metric: kinds.Ndcg, gains: Array, scores: Array, rows: Array, items: Array) -> Array:
    from sklearn import metrics as sklearn

    if items.shape[1] == 1:
        return np.ones(len(rows))  # the only item is relevant, and first
    own, order = np.take_along_axis(gains[rows], items, 1), np.take_along_axis(scores[rows], items, 1)
    return np.array([sklearn.ndcg_score(own[i : i + 1], order[i : i + 1], k=metric.k) for i in range(len(rows))])


def _reciprocal_rank(metric: kinds.MeanReciprocalRank, found: Queries) -> float:
    def reciprocal(rows: Array, items: Array) -> Array:
        relevant = np.take_along_axis(found.relevances[rows], items, 1) > 0
        scores = np.take_along_axis(found.scores[rows], items, 1)
        first = np.where(relevant, scores, -np.inf).max(axis=1, keepdims=True)
        ranks = 1 + (scores > first).sum(axis=1)
        return np.where(ranks <= (metric.k or ranks), 1 / ranks, 0.0)

    return _mean_over_queries(found, reciprocal)


def _mean_over_queries(found: Queries, value: Callable[[Array, Array], Array]) -> float:
    """Return the mean of `value`, which is asked for the queries of each number of items, and where those lie."""
    relevant = (found.present & (found.relevances > 0)).any(axis=1)
    if found.weights is not None:
        relevant &= found.weights > 0
    counts = found.present.sum(axis=1)
    values: NDArray[np.float64] = np.zeros(len(counts))
    for count in np.unique(counts[relevant]):
        rows = np.flatnonzero(relevant & (counts == count))
        values[rows] = value(rows, np.nonzero(found.present[rows])[1].reshape(-1, count))
    if not relevant.any():
        return float("nan")
    weights = None if found.weights is None else found.weights[relevant]
    return float(np.average(values[relevant], weights=weights))


RULES: dict[type[kinds.Metric], Callable[[Any, Queries], float]] = {
    kinds.Ndcg: _ndcg,
    kinds.MeanReciprocalRank: _reciprocal_rank,
}
