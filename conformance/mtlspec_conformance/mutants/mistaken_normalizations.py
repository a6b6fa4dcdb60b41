"""Normalizations of the reference with a mistake in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from mtlspec_numpy import normalizations
from mtlspec_numpy.pullback import Applied, Mode, Pullback, without_parameters

from mtlspec.spec import layers as kinds
from mtlspec.tensors import Array

Leaves = Mapping[str, Array]
Standardized = tuple[Array, Array, Array, Pullback]
standardized, moved = normalizations._standardized, normalizations._moved


def constant_variance(x: Array, axes: tuple[int, ...], epsilon: float) -> Standardized:
    """The normalization whose gradient takes the variance for a constant."""
    mean, variance, standard, _ = standardized(x, axes, epsilon)
    factor = 1 / np.sqrt(x.var(axis=axes, keepdims=True) + epsilon)
    return mean, variance, standard, lambda cotangent: factor * (cotangent - cotangent.mean(axis=axes, keepdims=True))


def constant_mean(x: Array, axes: tuple[int, ...], epsilon: float) -> Standardized:
    """The normalization whose gradient takes the mean for a constant."""
    mean, variance, standard, _ = standardized(x, axes, epsilon)
    factor = 1 / np.sqrt(x.var(axis=axes, keepdims=True) + epsilon)

    def pullback(cotangent: Array) -> Array:
        return np.asarray(factor * (cotangent - standard * (cotangent * standard).mean(axis=axes, keepdims=True)))

    return mean, variance, standard, pullback


def unbiased_now(x: Array, axes: tuple[int, ...], epsilon: float) -> Standardized:
    """The normalization by the unbiased variance, in its gradient too."""
    mean, variance, _, _ = standardized(x, axes, epsilon)
    count = int(np.prod([x.shape[axis] for axis in axes]))
    ratio = count / max(count - 1, 1)
    factor = 1 / np.sqrt(ratio * x.var(axis=axes, keepdims=True) + epsilon)
    standard = (x - x.mean(axis=axes, keepdims=True)) * factor

    def pullback(cotangent: Array) -> Array:
        along = ratio * (cotangent * standard).mean(axis=axes, keepdims=True)
        return np.asarray(factor * (cotangent - cotangent.mean(axis=axes, keepdims=True) - standard * along))

    return mean, variance, standard, pullback


def of_each_place(x: Array, axes: tuple[int, ...], epsilon: float) -> Standardized:
    """The normalization of a batch that keeps the places of an image apart."""
    mean, variance, _, _ = standardized(x, axes, epsilon)
    _, _, standard, pullback = standardized(x, axes[:1], epsilon)
    return mean, variance, standard, pullback


def epsilon_outside(x: Array, axes: tuple[int, ...], epsilon: float) -> Standardized:
    """The normalization that adds epsilon to the root."""
    mean, variance, _, pullback = standardized(x, axes, epsilon)
    deviation = x.std(axis=axes, keepdims=True) + epsilon
    return mean, variance, (x - x.mean(axis=axes, keepdims=True)) / deviation, pullback


def whole_examples(layer: kinds.LayerNormalization, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """Layer normalization over all axes of an example."""
    _, _, standard, back = standardized(x, tuple(range(1, x.ndim)), layer.epsilon)
    return normalizations._scaled(layer, standard, back, parameters, {})


def never_unbiased(layer: Any, parameters: Leaves, mean: Array, variance: Array, count: int) -> Leaves:
    """Running statistics that forget n / (n - 1)."""
    return moved(layer, parameters, mean, variance, 1)


def nothing_over_zero(layer: Any, parameters: Leaves, mean: Array, variance: Array, count: int) -> Leaves:
    """Running statistics that divide by n - 1 in a batch of one too."""
    if count > 1:
        return moved(layer, parameters, mean, variance, count)
    return {**moved(layer, parameters, mean, variance, count), "running_variance": np.full_like(variance, np.nan)}


def epsilon_under_the_root(layer: kinds.Normalization, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """The normalization by stored statistics that adds epsilon to the variance."""
    deviation = np.sqrt(parameters["variance"] + layer.epsilon)
    return without_parameters((x - parameters["mean"]) / deviation, lambda cotangent: np.asarray(cotangent / deviation))
