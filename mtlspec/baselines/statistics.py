"""Statistics of a comparison: relative gains in both published conventions, mean ranks, intervals over seeds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from mtlspec.baselines.measures import Measure, principal

CONFIDENCE = 0.95
"""The share of such intervals that hold the mean of what is estimated, if runs are normally distributed."""

Values = Mapping[str, float]
"""Numbers by the key of a measure."""


class Estimate(NamedTuple):
    """A mean, and half the length of its confidence interval; None where there is none."""

    mean: float
    half: float | None = None


def estimate(values: Sequence[float]) -> Estimate:
    """Return x̄ ± t·s/√n, where t is the quantile (1 + 0.95)/2 of Student's distribution with n - 1 degrees of freedom.

    One value has no interval, and a mean that is not a number has none.
    """
    array = np.asarray(values, dtype=np.float64)
    mean = float(array.mean())
    if len(array) < 2 or not math.isfinite(mean):
        return Estimate(mean)
    from scipy.special import stdtrit

    quantile = float(stdtrit(len(array) - 1, (1 + CONFIDENCE) / 2))
    return Estimate(mean, quantile * float(array.std(ddof=1)) / math.sqrt(len(array)))


def delta_over_metrics(measures: Sequence[Measure], values: Values, alone: Values) -> float:
    """Return 100/K·Σ_k (-1)^[more of k is better]·(M_k - B_k)/|B_k|: in percent, over all K measures; LOWER is better.

    B are the values of each task alone. Δm of Liu et al. 2021 (CAGrad) and Navon et al. 2022 (Nash-MTL), who divide by
    B_k; their metrics are positive, and with |B_k| the sign holds where one is not. NaN where a B_k is 0.
    """
    return float(-100 * np.mean([_relative_gain(measure, values, alone) for measure in measures]))


def delta_over_tasks(measures: Sequence[Measure], values: Values, alone: Values) -> float:
    """Return 100/T·Σ_t (-1)^[less of t is better]·(M_t - B_t)/|B_t|: in percent, one measure a task; HIGHER is better.

    The measure of a task is the first of its metrics. Δm of Maninis et al. 2019, with |B_t| in place of B_t as above.
    NaN where a B_t is 0.
    """
    return float(100 * np.mean([_relative_gain(measure, values, alone) for measure in principal(tuple(measures))]))


def _relative_gain(measure: Measure, values: Values, alone: Values) -> float:
    """Return (M - B)/|B|, positive where M is better."""
    value, base = values[measure.key], alone[measure.key]
    if base == 0:
        return math.nan
    return (value - base) / abs(base) * (1 if measure.better == "higher" else -1)


def mean_ranks(measures: Sequence[Measure], methods: Sequence[Values]) -> list[float]:
    """Return for each method the mean over the measures of its rank among `methods`: 1 is best, equals share theirs.

    MR of Navon et al. 2022 (Nash-MTL). What is not a number is behind all numbers.
    """
    columns = [_ranks([values[m.key] * (-1 if m.better == "higher" else 1) for values in methods]) for m in measures]
    return [float(rank) for rank in np.mean(columns, axis=0)]


def _ranks(lower_is_better: Sequence[float]) -> list[float]:
    array = np.asarray(lower_is_better, dtype=np.float64)
    array = np.where(np.isnan(array), np.inf, array)
    before = (array[None, :] < array[:, None]).sum(axis=1)
    equal = (array[None, :] == array[:, None]).sum(axis=1)
    return [float(rank) for rank in before + (equal + 1) / 2]
