from __future__ import annotations

import math
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from small_specs import one_task

from mtlspec.batch import Dataset
from mtlspec.errors import DataError
from mtlspec.graph import lower
from mtlspec.spec.metrics import Metric
from mtlspec.training.metrics import metric_of

NDCG, MRR = "ndcg", "mean_reciprocal_rank"
LABELS = [[3.0, 0.0, 1.0, 2.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]]
SCORES = [[0.5, 0.9, 0.1, 0.7], [0.6, 0.1, 0.9, 0.4], [0.1, 0.2, 0.3, 0.4]]


def ranked(
    metric: object, labels: Any = LABELS, scores: Any = SCORES, *, absent: Any = (), weights: Any = None, loss: str = ""
) -> float:
    """The metric of items at the positions of a head, or if a loss is given at its units."""
    labels, scores = np.asarray(labels), np.asarray(scores)
    present = np.ones(labels.shape if not loss else len(labels), dtype=bool)
    for place in absent:
        present[place] = False
    if not loss:
        labels, scores = labels[..., None], scores[..., None]
    head = lower(one_task(4, loss or "squared_error")).heads[0]
    weights = present * 1.0 if weights is None else present * np.asarray(weights)
    data = Dataset(inputs={}, targets={"t": labels}, weights={"t": weights}, present={"t": present})
    return metric_of(head, Metric.read(metric), data, scores)


def dcg(gains: list[float], k: int = 9) -> float:
    return sum(gain / math.log2(rank + 2) for rank, gain in enumerate(gains[:k]))


def test_ndcg_by_hand() -> None:
    first = dcg([0, 2, 3, 1]) / dcg([3, 2, 1, 0])
    second = 1 / math.log2(5)
    assert ranked(NDCG) == pytest.approx((first + second) / 2, rel=1e-14)  # the third has nothing relevant
    first = dcg([0, 2, 3, 1], 2) / dcg([3, 2, 1, 0], 2)
    assert ranked({"kind": NDCG, "k": 2}) == pytest.approx(first / 2, rel=1e-14)
    first = dcg([0, 3, 7, 1]) / dcg([7, 3, 1, 0])
    assert ranked({"kind": NDCG, "gain": "exponential"}) == pytest.approx((first + second) / 2, rel=1e-14)


def test_equal_scores_share_their_gains() -> None:
    every = [dcg(list(order)) for order in permutations([3.0, 0.0, 1.0, 2.0])]
    tied = ranked(NDCG, LABELS[:1], [[0.5] * 4])
    assert tied == pytest.approx(sum(every) / len(every) / dcg([3, 2, 1, 0]), rel=1e-13)


def test_absent_items_are_not_ranked() -> None:
    left = ranked(NDCG, LABELS[:1], SCORES[:1], absent=[(0, 1)])
    assert left == pytest.approx(dcg([2, 3, 1]) / dcg([3, 2, 1]), rel=1e-14)
    assert ranked(NDCG, LABELS[:1], SCORES[:1], absent=[(0, 1), (0, 2), (0, 3)]) == 1.0
    assert math.isnan(ranked(NDCG, LABELS[:1], SCORES[:1], absent=[0]))
    assert ranked(MRR, LABELS[1:2], SCORES[1:2], absent=[(0, 0)]) == 1 / 3


def test_reciprocal_rank_is_that_of_the_first_relevant_item() -> None:
    assert ranked(MRR) == (1 / 2 + 1 / 4) / 2
    assert ranked({"kind": MRR, "k": 3}) == (1 / 2 + 0) / 2
    assert ranked(MRR, [[0.0, 1.0, 1.0, 0.0]], [[0.5, 0.5, 0.2, 0.1]]) == 1.0
    assert math.isnan(ranked(MRR, LABELS[2:], SCORES[2:]))


def test_the_units_of_a_head_without_positions_are_its_items() -> None:
    assert ranked(MRR, [2, 1, 0], SCORES, loss="softmax_cross_entropy") == pytest.approx((1 / 4 + 1 / 4 + 1 / 4) / 3)
    assert ranked(NDCG, loss="squared_error") == ranked(NDCG)
    assert ranked(MRR, np.minimum(LABELS, 1), loss="sigmoid_cross_entropy") == ranked(MRR)
    assert ranked(MRR, loss="squared_error", absent=[1]) == 1 / 2


def test_a_query_counts_by_the_mean_weight_of_its_items() -> None:
    weights = [[1.0, 3.0, 0.0, 0.0], [4.0, 2.0, 3.0, 3.0], [1.0, 1.0, 1.0, 1.0]]
    assert ranked({"kind": MRR, "weighted": True}, weights=weights) == pytest.approx((1 / 2 + 3 * 1 / 4) / 4)
    assert ranked({"kind": MRR, "weighted": True}, weights=weights, absent=[(0, 0)]) != ranked(MRR, weights=weights)
    assert math.isnan(ranked({"kind": MRR, "weighted": True}, weights=np.zeros((3, 4))))
    of_examples = ranked({"kind": MRR, "weighted": True}, weights=[1.0, 3.0, 1.0], loss="squared_error")
    assert of_examples == pytest.approx((1 / 2 + 3 * 1 / 4) / 4)


def test_a_negative_relevance_has_no_gain() -> None:
    with pytest.raises(DataError, match="ndcg needs relevances of at least 0, found -1"):
        ranked(NDCG, [[-1.0, 1.0, 0.0, 0.0]], SCORES[:1])


@pytest.mark.parametrize("shape", [(5, 2), (4, 5, 1)])
def test_items_have_one_number_each(shape: tuple[int, ...]) -> None:
    assert "needs a head of shape (items, 1)" in Metric.read(NDCG).misfit("numbers", shape)
    assert not Metric.read(NDCG).misfit("numbers", (5, 1)) and not Metric.read(NDCG).misfit("numbers", (5,))


def test_other_metrics_take_the_present_positions_of_all_examples() -> None:
    head = lower(one_task(2, "softmax_cross_entropy")).heads[0]
    present = np.array([[True, True, False], [False, True, True]])
    labels, scores = np.array([[0, 1, 0], [0, 1, 1]]), np.zeros((2, 3, 2))
    scores[..., 1] = [[0.1, 0.2, 0.9], [0.9, 0.8, 0.7]]
    scores[..., 0] = 1 - scores[..., 1]
    data = Dataset(inputs={}, targets={"t": labels}, weights={"t": present * [[3.0, 1, 1]]}, present={"t": present})
    assert metric_of(head, Metric.read("accuracy"), data, scores) == 3 / 4
    assert metric_of(head, Metric.read({"kind": "accuracy", "weighted": True}), data, scores) == 5 / 6
