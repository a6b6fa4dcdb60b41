"""Metrics of a user's own: functions by dotted name, which documents then use like any other kind."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

import numpy as np

from mtlspec.errors import MtlspecError
from mtlspec.spec.metric import OWN, Better, Metric, OwnMetric
from mtlspec.tensors import Array
from mtlspec.training.measured import Measured

OwnFunction = Callable[[Array, Array, Array], float]
"""Is given predictions (N, units), targets (N,) or (N, units) and weights (N,) of the labels that are present."""

Function = TypeVar("Function", bound=OwnFunction)

FUNCTIONS: dict[str, OwnFunction] = {}
DOTTED = re.compile(r"[A-Za-z]\w*(\.[A-Za-z]\w*)+", re.ASCII)


def metric(name: str, *, better: Better = "higher") -> Callable[[Function], Function]:
    """Return a decorator that registers a function as the metric `name`, such as `acme.cost`, and returns it.

    The function is given predictions (probabilities or numbers), targets and weights of the labels that are present,
    in float64, and returns one number. A name that is registered again has the new function.

    Raises:
        MtlspecError: the name has no dot, or is no name.
    """
    expect_dotted(name)
    if better not in ("higher", "lower"):
        raise MtlspecError(f"metric {name!r}: expected `better` to be 'higher' or 'lower', found {better!r}")

    def register(function: Function) -> Function:
        OWN[name], FUNCTIONS[name], Metric.kinds[name] = better, function, OwnMetric
        return function

    return register


def expect_dotted(name: str) -> None:
    """Raise unless `name` can be that of a metric of a user's own.

    Raises:
        MtlspecError: it has no dot, or is no name.
    """
    if not DOTTED.fullmatch(name):
        raise MtlspecError(f"metric {name!r}: expected a dotted name such as `acme.cost`, so that it is nobody else's")


def measured_by(name: str, function: OwnFunction, found: Measured, weights: Array) -> float:
    """Return what a user's own function says of predictions and labels.

    Raises:
        MtlspecError: it is no number.
    """
    value = function(found.predicted, found.labels, weights)
    try:
        return float(value)
    except (TypeError, ValueError):
        kind = "an array" if isinstance(value, np.ndarray) else f"a {type(value).__name__}"
        raise MtlspecError(f"metric {name!r}: expected its function to return a number, found {kind}") from None
