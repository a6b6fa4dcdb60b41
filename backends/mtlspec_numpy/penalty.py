"""The penalty of parameters: l1·Σ|w| + l2·Σw², in the total and its gradient, never in a task's loss."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from mtlspec.graph import Parameter
from mtlspec.tensors import Array, Rows, dense


def penalty_of(penalized: Iterable[Parameter], arrays: Mapping[str, Array]) -> float:
    """l1·Σ|w| + l2·Σw² over all penalized parameters."""
    total = 0.0
    for parameter in penalized:
        w, penalty = arrays[parameter.path], parameter.penalty
        total += float(penalty.l1 * np.abs(w).sum() + penalty.l2 * (w * w).sum())
    return total


def with_penalty(
    penalized: Iterable[Parameter], arrays: Mapping[str, Array], gradients: Mapping[str, Array | Rows]
) -> dict[str, Array]:
    """Return the gradients of the penalized parameters, with l1·sign(w) + 2·l2·w added."""
    return {p.path: dense(gradients[p.path]) + _slope(p, arrays[p.path]) for p in penalized}


def _slope(parameter: Parameter, w: Array) -> Array:
    return np.asarray(parameter.penalty.l1 * np.sign(w) + 2 * parameter.penalty.l2 * w)
