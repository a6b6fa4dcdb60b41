"""Normalizations: to the statistics of a batch, of an example, or of the training data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from mtlspec.spec.layer import Layer
from mtlspec.spec.normalizations import (
    Affine,
    BatchNormalization,
    GroupNormalization,
    LayerNormalization,
    Normalization,
    RmsNormalization,
)
from mtlspec.tensors import Array
from mtlspec_numpy.pullback import Applied, Cotangents, Mode, Pullback, without_parameters

Leaves = Mapping[str, Array]


def batch_normalization(layer: BatchNormalization, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """scale·(x - mean) / sqrt(variance + epsilon) + offset, of the batch in training, else the running statistics."""
    if mode.training and layer.frozen == "nothing":
        axes = tuple(range(x.ndim - 1))
        mean, variance, standard, back = _standardized(x, axes, layer.epsilon)
        statistics = _moved(layer, parameters, mean, variance, count=x.size // x.shape[-1])
        return _scaled(layer, standard, back, parameters, statistics)
    factor = 1 / np.sqrt(parameters["running_variance"] + layer.epsilon)
    standard = (x - parameters["running_mean"]) * factor
    result = _scaled(layer, standard, lambda cotangent: cotangent * factor, parameters, {})
    if layer.frozen != "all":
        return result
    return Applied(result.output, lambda cotangent: Cotangents(result.pullback(cotangent).sources, {}))


def layer_normalization(layer: LayerNormalization, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """scale·(x - mean) / sqrt(variance + epsilon) + offset, of the last axes of each example."""
    _, _, standard, back = _standardized(x, tuple(range(-layer.axes, 0)), layer.epsilon)
    return _scaled(layer, standard, back, parameters, {})


def group_normalization(layer: GroupNormalization, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """scale·(x - mean) / sqrt(variance + epsilon) + offset, of each group of channels of each example."""
    grouped = x.reshape(len(x), -1, layer.groups, x.shape[-1] // layer.groups)
    _, _, standard, back = _standardized(grouped, (1, 3), layer.epsilon)

    def ungrouped(cotangent: Array) -> Array:
        return back(cotangent.reshape(grouped.shape)).reshape(x.shape)

    return _scaled(layer, standard.reshape(x.shape), ungrouped, parameters, {})


def rms_normalization(layer: RmsNormalization, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """scale·x / sqrt(mean(x²) + epsilon), of the last axes of each example."""
    axes = tuple(range(-layer.axes, 0))
    factor = 1 / np.sqrt((x * x).mean(axis=axes, keepdims=True) + layer.epsilon)
    standard = x * factor

    def back(cotangent: Array) -> Array:
        return np.asarray(factor * (cotangent - standard * (cotangent * standard).mean(axis=axes, keepdims=True)))

    return _scaled(layer, standard, back, parameters, {})


def normalization(layer: Normalization, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """(x - mean) / max(sqrt(variance), epsilon)."""
    deviation = np.maximum(np.sqrt(parameters["variance"]), x.dtype.type(layer.epsilon))
    return without_parameters((x - parameters["mean"]) / deviation, lambda cotangent: np.asarray(cotangent / deviation))


def _standardized(x: Array, axes: tuple[int, ...], epsilon: float) -> tuple[Array, Array, Array, Pullback]:
    """Return mean, biased variance, (x - mean) / sqrt(variance + epsilon), and its pullback."""
    mean = x.mean(axis=axes, keepdims=True)
    centered = x - mean
    variance = (centered * centered).mean(axis=axes, keepdims=True)
    factor = 1 / np.sqrt(variance + epsilon)
    standard = centered * factor

    def pullback(cotangent: Array) -> Array:
        along = (cotangent * standard).mean(axis=axes, keepdims=True)
        return np.asarray(factor * (cotangent - cotangent.mean(axis=axes, keepdims=True) - standard * along))

    return mean.reshape(-1), variance.reshape(-1), standard, pullback


def _scaled(layer: Affine, standard: Array, back: Pullback, parameters: Leaves, statistics: Leaves) -> Applied:
    output = standard * parameters["scale"] if layer.scale else standard
    if layer.offset:
        output = output + parameters["offset"]

    def pullback(cotangent: Array) -> Cotangents:
        gradients = {}
        if layer.scale:
            gradients["scale"] = _summed(cotangent * standard, parameters["scale"].ndim)
        if layer.offset:
            gradients["offset"] = _summed(cotangent, parameters["offset"].ndim)
        return Cotangents((back(cotangent * parameters["scale"] if layer.scale else cotangent),), gradients)

    return Applied(output, pullback, statistics)


def _summed(values: Array, axes: int) -> Array:
    """Return the sum over all but the last `axes`."""
    return np.asarray(values.sum(axis=tuple(range(values.ndim - axes))))


def _moved(layer: BatchNormalization, parameters: Leaves, mean: Array, variance: Array, count: int) -> Leaves:
    """Return the running statistics after a batch: keeps·running + (1 - keeps)·batch."""
    if layer.running_variance == "unbiased" and count > 1:
        variance = variance * (count / (count - 1))
    keeps, counted = layer.running_average_keeps, {}
    if layer.running_average == "cumulative":
        batches = int(parameters["batches"]) + 1
        keeps, counted = 1 - 1 / batches, {"batches": np.asarray(batches, dtype=np.int64)}
    return {
        "running_mean": keeps * parameters["running_mean"] + (1 - keeps) * mean,
        "running_variance": keeps * parameters["running_variance"] + (1 - keeps) * variance,
        **counted,
    }


LAYERS: Mapping[type[Layer], Callable[[Any, Array, Leaves, Mode], Applied]] = {
    BatchNormalization: batch_normalization,
    LayerNormalization: layer_normalization,
    GroupNormalization: group_normalization,
    RmsNormalization: rms_normalization,
    Normalization: normalization,
}
