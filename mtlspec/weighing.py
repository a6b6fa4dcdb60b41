"""Weighing: what each label of a task counts for, and what its loss is divided by."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mtlspec.class_weights import class_factors
from mtlspec.graph import Head
from mtlspec.tensors import Array


class Weighing(NamedTuple):
    """The arrays of one task in a dataset."""

    weights: NDArray[np.float64]
    """What multiplies the losses (N, *positions); 0 where the label is absent."""
    dividing: NDArray[np.float64]
    """What labels, or examples where those are counted, add to `weight_sum`."""
    counted: NDArray[np.bool_] | None
    """Which examples are counted (N,); None where every position counts."""


def weighing(head: Head, targets: Array, present: NDArray[np.bool_], sample: Array) -> Weighing:
    """Return what labels count for whose sample weights (N,) or (N, *positions) are `sample`.

    A label of an example that is a mean over its positions weighs its share: 1 / (labels present in the example).
    """
    factors = class_factors(head.loss, targets)
    own = np.where(present, of_positions(sample, present.shape), 0.0)
    weights, dividing = own * factors.weighing, own * factors.dividing
    if not head.loss.counts_examples:
        return Weighing(weights, dividing, None)
    axes = tuple(range(1, present.ndim))
    labelled = np.asarray(present.any(axis=axes))
    if head.loss.scope == "example":
        return Weighing(weights, dividing.max(axis=axes), labelled)
    shares = 1 / np.maximum(present.sum(axis=axes, keepdims=True), 1)
    return Weighing(weights * shares, (dividing * shares).sum(axis=axes), labelled)


def of_positions(array: Array, shape: tuple[int, ...]) -> Array:
    """Return what is given for each example (N,), or for each position, for each position."""
    return np.broadcast_to(array.reshape(len(array), *(1,) * (len(shape) - 1)) if array.ndim == 1 else array, shape)
