"""What a differentiable function returns: its output, and the way back from the output's gradient to its sources'."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from mtlspec.tensors import Array, Rows

Pullback = Callable[[Array], Array]
"""From the gradient of a function's output to that of its one argument."""


class Cotangents(NamedTuple):
    """Gradients of the sources of a node (None: an integer has none), and of its parameters by leaf."""

    sources: tuple[Array | None, ...]
    parameters: Mapping[str, Array | Rows]


@dataclass(frozen=True)
class Mode:
    """How a layer is called: whether in training, with which key of random numbers, and to make what of integers."""

    training: bool
    dropout_key: int = 0
    dtype: type[np.floating[Any]] = np.float64


@dataclass(frozen=True, eq=False)
class Applied:
    """A node's output on a batch, its pullback, and the statistics that the pass writes, by leaf."""

    output: Array
    pullback: Callable[[Array], Cotangents]
    statistics: Mapping[str, Array] = field(default_factory=dict)


def without_parameters(output: Array, pullback: Pullback) -> Applied:
    """Return the application of a function of one source that has no parameters."""
    return Applied(output, lambda cotangent: Cotangents((pullback(cotangent),), {}))
