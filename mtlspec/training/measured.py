"""What metrics compare: the labels that are present, and the predictions at their places."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtlspec.spec.metric import Form
from mtlspec.tensors import Array

Weights = NDArray[np.float64] | None
"""How much each label counts; None where all count alike."""


@dataclass(frozen=True, eq=False)
class Measured:
    """N present labels and their predictions; of a head with positions, those of all examples in a row.

    classes: labels (N,), predicted (N, C). labels: true or false (N, L), predicted (N, L). numbers: both (N, units).
    """

    form: Form
    labels: Array
    predicted: NDArray[np.float64]
    weights: Weights = None


@dataclass(frozen=True, eq=False)
class Queries:
    """Q queries of at most M items: relevances, scores and which items are present, each (Q, M)."""

    relevances: NDArray[np.float64]
    scores: NDArray[np.float64]
    present: NDArray[np.bool_]
    weights: Weights = None
    """Of each query (Q,)."""


def mean_defined(values: list[float]) -> float:
    """Return the mean of those that are not NaN, and NaN if all are."""
    defined = [value for value in values if not np.isnan(value)]
    return float(np.mean(defined)) if defined else float("nan")


def by_column(found: Callable[[Array, Array], float], labels: Array, predicted: Array) -> float:
    """Return the mean of what `found` says of each column for which it is defined."""
    pairs = zip(labels.T, predicted.T, strict=True)
    return mean_defined([float(found(*pair)) for pair in pairs])
