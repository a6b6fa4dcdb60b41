"""Odds: whether numbers that were drawn can be of the law that they should be of; always the same for the same seed."""

from __future__ import annotations

import math

import numpy as np

from mtlspec.spec.training import Precision
from mtlspec.tensors import Array
from mtlspec_conformance.distributions import Distribution
from mtlspec_conformance.measure import Agreement, Disagreement, Finding

ERRORS = 4.0
"""How many standard errors a mean, a share or a variance may be off: one of 16,000 is."""
RARE = 1e-4
"""The least probability, by the test of Kolmogorov and Smirnov, of the largest distance between two shares."""


def expected_near(what: str, found: float, expected: float, error: float) -> Finding:
    """Return whether `found` is within ERRORS standard errors of what is expected."""
    if abs(found - expected) <= ERRORS * error:
        return Agreement(what, exact=True)
    said = f"expected {expected:.6g} ± {error:.2g}, found {found:.6g}"
    return Disagreement(what, math.inf, f"{said}, which is {abs(found - expected) / error:.1f} standard errors off")


def spread(what: str, numbers: Array, law: Distribution) -> tuple[Finding, ...]:
    """Return whether mean, variance, reach and the whole distribution of `numbers` are those of `law`."""
    standard = (np.sort(np.asarray(numbers, dtype=np.float64), axis=None) - law.mean) / law.deviation
    count = standard.size
    square = float(np.mean(standard**2))
    return (
        expected_near(f"mean of {what}, in deviations", float(standard.mean()), 0.0, 1 / math.sqrt(count)),
        expected_near(f"variance of {what}, by that of its law", square, 1.0, math.sqrt((law.kurtosis - 1) / count)),
        _within_reach(what, standard, law),
        _distance(what, standard, law),
    )


def _within_reach(what: str, standard: Array, law: Distribution) -> Finding:
    """Return whether a law that is cut is, where it says so, and one that is not cut goes on beyond."""
    where, far = f"reach of {what}, in deviations", float(np.max(np.abs(standard)))
    rounding = 1 + 1e-6
    if math.isinf(law.reach):
        fits, wanted = far > 3, "numbers beyond 3"
    else:
        fits, wanted = law.reach * 0.98 < far <= law.reach * rounding, f"at most {law.reach:.4f} and nearly so"
    return (
        Agreement(where, exact=True) if fits else Disagreement(where, math.inf, f"expected {wanted}, found {far:.4f}")
    )


def _distance(what: str, standard: Array, law: Distribution) -> Finding:
    from scipy.special import kolmogorov

    where, count = f"distribution of {what}", standard.size
    share = law.below(standard)
    steps = np.arange(count + 1) / count
    far = float(max(np.max(share - steps[:-1]), np.max(steps[1:] - share)))
    odds = float(kolmogorov(math.sqrt(count) * far))
    if odds >= RARE:
        return Agreement(where, exact=True)
    return Disagreement(where, math.inf, f"expected that of its law, found shares {far:.3f} away, with odds {odds:.1e}")


def orthonormal(path: str, kernel: Array, gain: float, precision: Precision) -> Finding:
    """Return whether a kernel, its last axis the columns, has orthogonal vectors of `gain` along its longer side."""
    matrix = np.asarray(kernel, dtype=np.float64).reshape(-1, kernel.shape[-1]) / gain
    where, square = f"orthogonality of {path}", matrix.T @ matrix
    if len(matrix) < matrix.shape[1]:
        square = matrix @ matrix.T
    far = float(np.max(np.abs(square - np.eye(len(square)))))
    if far <= 4 * max(matrix.shape) * float(np.finfo(precision).eps):
        return Agreement(where, exact=True)
    return Disagreement(where, math.inf, f"expected the products of unit vectors, found some {far:.1e} away")


def independent(what: str, first: Array, second: Array, *, share: float) -> Finding:
    """Return whether two masks, each True with the probability `share`, agree as often as two that are independent."""
    agreeing = share**2 + (1 - share) ** 2
    error = math.sqrt(agreeing * (1 - agreeing) / first.size)
    return expected_near(f"agreement of {what}", float(np.mean(first == second)), agreeing, error)


def uncorrelated(what: str, first: Array, second: Array) -> Finding:
    """Return whether two series of numbers are as little correlated as independent ones."""
    where = f"correlation of {what}"
    if first.size != second.size:
        return Disagreement(where, math.inf, f"expected as many numbers, found {first.size} and {second.size}")
    one, two = (np.asarray(series, dtype=np.float64) - np.mean(series) for series in (first, second))
    size = math.sqrt(float(one @ one) * float(two @ two))
    if size == 0:
        return Disagreement(where, math.inf, "expected different numbers, found one number again and again")
    return expected_near(where, float(one @ two) / size, 0.0, 1 / math.sqrt(first.size - 1))
