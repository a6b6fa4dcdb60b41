"""Class weights: what the factors of its class do to the weight of an example, and to what its loss is divided by."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mtlspec.spec.losses import Loss, SoftmaxCrossEntropy
from mtlspec.tensors import Array


class ClassFactors(NamedTuple):
    """Factors of labels (N, *positions): of the weight, and of what the label adds to `weight_sum`."""

    weighing: NDArray[np.float64]
    dividing: NDArray[np.float64]


def class_weights_told(loss: Loss) -> str:
    """Return in words which class weights `loss` has, for a dataset to remember those that are in its weights."""
    if not isinstance(loss, SoftmaxCrossEntropy) or loss.class_weights is None:
        return "none"
    return f"{', '.join(map(str, loss.class_weights))} for each {loss.class_weights_apply_to}"


def class_factors(loss: Loss, targets: Array) -> ClassFactors:
    """Return the factors that the class weights of `loss` give labels with these targets; 1 without class weights."""
    is_class = loss.form == "classes"
    ones = np.ones(targets.shape if is_class else targets.shape[:-1])
    if not isinstance(loss, SoftmaxCrossEntropy) or loss.class_weights is None:
        return ClassFactors(ones, ones)
    factors = np.asarray(loss.class_weights, dtype=np.float64)
    of_class = np.asarray(factors[targets] if loss.targets == "integer" else targets @ factors)
    if loss.class_weights_apply_to == "example":
        return ClassFactors(of_class, of_class)
    # as CrossEntropyLoss(weight=...) of PyTorch, whose mean divides by Σ w_y, but by the batch for probabilities
    return ClassFactors(ones, of_class if loss.targets == "integer" else ones)
