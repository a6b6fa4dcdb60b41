"""Gains, ranks, intervals and weights that were tried, by hand."""

from __future__ import annotations

import math

import pytest

from mtlspec import MtlspecError
from mtlspec.baselines import Measure, Record, Sweep, delta_over_metrics, delta_over_tasks, estimate, mean_ranks
from mtlspec.baselines.sweep import Point
from mtlspec.baselines.tuning import Tried, best, gains

MEASURES = (
    Measure("a", "accuracy", "higher"),
    Measure("a", "log_loss", "lower"),
    Measure("b", "mean_absolute_error", "lower"),
)
ALONE = {"a/accuracy": 0.5, "a/log_loss": 2.0, "b/mean_absolute_error": 4.0}
JOINT = {"a/accuracy": 0.6, "a/log_loss": 1.0, "b/mean_absolute_error": 5.0}
"""Better by a fifth and by a half, worse by a quarter."""


def record(held_out: dict[str, float], failure: str = "") -> Record:
    return Record("digest", 1, 1, 1.0, None, {}, held_out, failure)


def test_over_metrics_every_metric_counts_and_lower_is_better() -> None:
    assert delta_over_metrics(MEASURES, JOINT, ALONE) == pytest.approx(-100 * (0.2 + 0.5 - 0.25) / 3)


def test_over_tasks_the_first_metric_of_each_counts_and_higher_is_better() -> None:
    assert delta_over_tasks(MEASURES, JOINT, ALONE) == pytest.approx(100 * (0.2 - 0.25) / 2)


def test_the_conventions_have_opposite_signs() -> None:
    better = {**ALONE, "a/accuracy": 0.75}
    assert delta_over_metrics(MEASURES, better, ALONE) == pytest.approx(-50 / 3)
    assert delta_over_tasks(MEASURES, better, ALONE) == pytest.approx(25)


def test_more_is_better_where_the_task_alone_is_below_zero() -> None:
    measures = (Measure("a", "r2", "higher"),)
    assert delta_over_tasks(measures, {"a/r2": 0.5}, {"a/r2": -0.5}) == 200
    assert delta_over_metrics(measures, {"a/r2": 0.5}, {"a/r2": -0.5}) == -200


@pytest.mark.parametrize("rule", [delta_over_metrics, delta_over_tasks])
def test_there_is_no_change_in_percent_against_nothing(rule: object) -> None:
    assert callable(rule)
    assert math.isnan(rule(MEASURES, JOINT, {**ALONE, "a/accuracy": 0.0}))


def test_ranks_are_means_over_measures_and_equals_share_theirs() -> None:
    second = {"a/accuracy": 0.6, "a/log_loss": 3.0, "b/mean_absolute_error": 1.0}
    third = {"a/accuracy": 0.1, "a/log_loss": 2.0, "b/mean_absolute_error": math.nan}
    # accuracy 1.5, 1.5, 3; log loss 1, 3, 2; error 2, 1, 3
    assert mean_ranks(MEASURES, [JOINT, second, third]) == pytest.approx([4.5 / 3, 5.5 / 3, 8 / 3])


def test_an_interval_is_that_of_student() -> None:
    found = estimate([1.0, 2.0, 3.0])
    assert found.mean == 2
    quantile = 0.95 * math.sqrt(2 / (1 - 0.95**2))  # of two degrees of freedom, where it has a closed form
    assert found.half == pytest.approx(quantile / math.sqrt(3), rel=1e-12)
    assert estimate([5.0, 5.0]) == (5.0, 0.0)


@pytest.mark.parametrize("values", [[7.0], [1.0, math.nan]])
def test_one_seed_and_a_failed_one_have_no_interval(values: list[float]) -> None:
    assert estimate(values).half is None


def test_a_grid_has_every_point_inside_the_simplex() -> None:
    assert Sweep(grid=4).points(2, seed=0) == (
        Point("weights 1:3", (0.5, 1.5)),
        Point("weights 2:2", (1.0, 1.0)),
        Point("weights 3:1", (1.5, 0.5)),
    )
    assert [len(Sweep().points(tasks, seed=0)) for tasks in (2, 3, 4)] == [3, 6, 10]
    for point in Sweep().points(3, seed=0):
        assert sum(point.weights) == pytest.approx(3)
        assert min(point.weights) > 0


def test_drawn_weights_follow_from_the_seed() -> None:
    points = Sweep(draws=4).points(3, seed=1)
    assert points == Sweep(draws=4).points(3, seed=1)
    assert points != Sweep(draws=4).points(3, seed=2)
    assert len({point.name for point in points}) == 4
    assert all(sum(point.weights) == pytest.approx(3) and min(point.weights) > 0 for point in points)


def test_drawn_weights_are_uniform_on_the_simplex() -> None:
    found = [point.weights for point in Sweep(draws=1000).points(3, seed=0)]
    for task in range(3):
        shares = [weights[task] / 3 for weights in found]
        # the share of one of three is Beta(1, 2): mean 1/3, variance 1/18; four standard errors of 1000 draws
        assert sum(shares) / 1000 == pytest.approx(1 / 3, abs=4 * math.sqrt(1 / 18 / 1000))
        assert sum(share < 0.5 for share in shares) / 1000 == pytest.approx(3 / 4, abs=4 * math.sqrt(3 / 16 / 1000))


@pytest.mark.parametrize(
    ("sweep", "tasks", "told"),
    [
        ({"grid": 2}, 3, "a grid of at least 3, one part for each task, found 2"),
        ({"grid": 60}, 4, "has 32509 points; draw some"),
        ({}, 1, "needs two tasks or more"),
        ({"grid": 4, "draws": 4}, 2, "leave one out"),
        ({"draws": 0}, 2, "expected from 1 to 1000 drawn weights, found 0"),
    ],
)
def test_a_sweep_that_cannot_be_made_is_refused(sweep: dict[str, int], tasks: int, told: str) -> None:
    with pytest.raises(MtlspecError, match=told):
        Sweep(**sweep).points(tasks, seed=0)


def test_the_weights_of_the_largest_gain_are_taken() -> None:
    worse, better = {**JOINT, "b/mean_absolute_error": 6.0}, {**JOINT, "b/mean_absolute_error": 4.0}
    tried = [Tried(Point(str(i), ()), record(found)) for i, found in enumerate([JOINT, worse, better, better])]
    assert gains(tried, MEASURES, record(ALONE)) == pytest.approx([-2.5, -15, 10, 10])
    assert best(tried, MEASURES, record(ALONE)) is tried[2]


def test_failed_weights_are_not_taken() -> None:
    tried = [Tried(Point("1", ()), record({}, "diverged")), Tried(Point("2", ()), record(JOINT))]
    assert math.isnan(gains(tried, MEASURES, record(ALONE))[0])
    assert best(tried, MEASURES, record(ALONE)) is tried[1]
    with pytest.raises(MtlspecError, match="none of the 1 weights can be trained: diverged"):
        best(tried[:1], MEASURES, record(ALONE))


def test_without_gains_the_least_mean_rank_decides() -> None:
    nothing = record({**ALONE, "a/accuracy": 0.0})
    tried = [Tried(Point("1", ()), record(ALONE)), Tried(Point("2", ()), record(JOINT))]
    assert best(tried, MEASURES, nothing) is tried[1]
