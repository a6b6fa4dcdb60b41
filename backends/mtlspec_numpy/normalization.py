"""Normalizations: to the statistics of a batch, of an example, or of the training data."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mtlspec.spec.layers import BatchNormalization, LayerNormalization, Normalization
from mtlspec.tensors import Array
from mtlspec_numpy.pullback import Applied, Cotangents, Mode, Pullback, without_parameters

Leaves = Mapping[str, Array]


def batch_normalization(layer: BatchNormalization, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """scale·(x - mean) / sqrt(variance + epsilon) + offset, of the batch in training, else the running statistics."""
    if mode.training:
        axes = tuple(range(x.ndim - 1))
        mean, variance, standard, back = _standardized(x, axes, layer.epsilon)
        statistics = _moved(layer, parameters, mean, variance, count=x.size // x.shape[-1])
        return _scaled(layer, standard, back, parameters, statistics)
    factor = 1 / np.sqrt(parameters["running_variance"] + layer.epsilon)
    standard = (x - parameters["running_mean"]) * factor
    return _scaled(layer, standard, lambda cotangent: cotangent * factor, parameters, {})


def layer_normalization(layer: LayerNormalization, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """scale·(x - mean) / sqrt(variance + epsilon) + offset, of the last axis of each example."""
    _, _, standard, back = _standardized(x, (-1,), layer.epsilon)
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


def _scaled(
    layer: BatchNormalization | LayerNormalization,
    standard: Array,
    back: Pullback,
    parameters: Leaves,
    statistics: Leaves,
) -> Applied:
    output = standard * parameters["scale"] if layer.scale else standard
    if layer.offset:
        output = output + parameters["offset"]

    def pullback(cotangent: Array) -> Cotangents:
        axes = tuple(range(cotangent.ndim - 1))
        gradients = {}
        if layer.scale:
            gradients["scale"] = (cotangent * standard).sum(axis=axes)
        if layer.offset:
            gradients["offset"] = cotangent.sum(axis=axes)
        return Cotangents((back(cotangent * parameters["scale"] if layer.scale else cotangent),), gradients)

    return Applied(output, pullback, statistics)


def _moved(layer: BatchNormalization, parameters: Leaves, mean: Array, variance: Array, count: int) -> Leaves:
    """Return the running statistics after a batch: keeps·running + (1 - keeps)·batch."""
    if layer.running_variance == "unbiased" and count > 1:
        variance = variance * (count / (count - 1))
    keeps = layer.running_average_keeps
    return {
        "running_mean": keeps * parameters["running_mean"] + (1 - keeps) * mean,
        "running_variance": keeps * parameters["running_variance"] + (1 - keeps) * variance,
    }
