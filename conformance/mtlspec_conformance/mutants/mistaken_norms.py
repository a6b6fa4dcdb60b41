"""Normalizations over groups and squares, shaping and merges of the reference with a mistake in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from mtlspec_numpy import merges, normalizations, shaping
from mtlspec_numpy.pullback import Applied, Cotangents, Mode, Pullback, without_parameters

from mtlspec.spec import layers as kinds
from mtlspec.tensors import Array

Leaves = Mapping[str, Array]
Standardized = tuple[Array, Array, Array, Pullback]
standardized, moved = normalizations._standardized, normalizations._moved


def scattered_groups(layer: kinds.GroupNormalization, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """Groups of every n-th channel, in place of neighbours."""
    return _grouped(layer, x, parameters, (len(x), -1, x.shape[-1] // layer.groups, layer.groups), (1, 2))


def groups_of_each_place(layer: kinds.GroupNormalization, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """Groups whose statistics are those of one place of an image."""
    return _grouped(layer, x, parameters, (-1, layer.groups, x.shape[-1] // layer.groups), (2,))


def _grouped(
    layer: kinds.GroupNormalization, x: Array, parameters: Leaves, shape: tuple[int, ...], axes: tuple[int, ...]
) -> Applied:
    _, _, standard, back = standardized(x.reshape(shape), axes, layer.epsilon)

    def ungrouped(cotangent: Array) -> Array:
        return back(cotangent.reshape(shape)).reshape(x.shape)

    return normalizations._scaled(layer, standard.reshape(x.shape), ungrouped, parameters, {})


def centred(layer: kinds.RmsNormalization, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """The root mean square of what has been centred, which is a layer normalization."""
    return normalizations.rms_normalization(layer, x - x.mean(axis=-1, keepdims=True), parameters, mode)


def constant_square(layer: kinds.RmsNormalization, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """The normalization whose gradient takes the mean square for a constant."""
    right = normalizations.rms_normalization(layer, x, parameters, mode)
    axes = tuple(range(-layer.axes, 0))
    factor = 1 / np.sqrt((x * x).mean(axis=axes, keepdims=True) + layer.epsilon)

    def pullback(cotangent: Array) -> Cotangents:
        scale = parameters["scale"] if layer.scale else 1.0
        return Cotangents((cotangent * scale * factor,), right.pullback(cotangent).parameters)

    return Applied(right.output, pullback)


def last_axis(x: Array, axes: tuple[int, ...], epsilon: float) -> Standardized:
    """The normalization over the last axis alone, however many are asked for."""
    return standardized(x, axes[-1:], epsilon)


def batch_statistics(layer: kinds.BatchNormalization, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """Batch normalization that leaves frozen statistics alone, and trains by those of the batch all the same."""
    if not mode.training:
        return normalizations.batch_normalization(layer, x, parameters, mode)
    _, _, standard, back = standardized(x, tuple(range(x.ndim - 1)), layer.epsilon)
    return normalizations._scaled(layer, standard, back, parameters, {})


def counted_late(layer: Any, parameters: Leaves, mean: Array, variance: Array, count: int) -> Leaves:
    """Cumulative statistics in which the first batch has half the weight."""
    later = {**parameters, "batches": np.asarray(int(parameters["batches"]) + 1)}
    return {**moved(layer, later, mean, variance, count), "batches": later["batches"]}


def never_counted(layer: Any, parameters: Leaves, mean: Array, variance: Array, count: int) -> Leaves:
    """Cumulative statistics that forget to count."""
    return {**moved(layer, parameters, mean, variance, count), "batches": parameters["batches"]}


def permuted_by_reshape(layer: kinds.Permute, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """A permutation of sizes that leaves the elements in their order."""
    shape = [x.shape[axis + 1] for axis in layer.axes]
    return without_parameters(x.reshape(len(x), *shape), lambda cotangent: cotangent.reshape(x.shape))


def permuted_one_way(layer: kinds.Permute, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """A permutation that is not undone on the way back."""
    right = shaping.permute(layer, x, parameters, mode)
    return without_parameters(right.output, lambda cotangent: cotangent.reshape(x.shape))


def stride_forgotten(layer: kinds.Slice, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """A slice of neighbours, as many as were asked for."""
    right = shaping.sliced(layer, x, parameters, mode)
    axis = layer.axis if layer.axis < 0 else layer.axis + 1
    places = np.arange(x.shape[axis])[layer.begin : layer.end][: right.output.shape[axis]]
    return Applied(np.take(x, places, axis=axis), right.pullback)


def slice_shifted(layer: kinds.Slice, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """A slice whose gradient lands one place further on."""
    right = shaping.sliced(layer, x, parameters, mode)
    axis = layer.axis if layer.axis < 0 else layer.axis + 1
    return without_parameters(right.output, lambda c: np.roll(np.asarray(right.pullback(c).sources[0]), 1, axis=axis))


def gradient_of_one_copy(layer: kinds.RepeatVector, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """A repeated vector that gets the gradient of its first copy."""
    right = shaping.repeat_vector(layer, x, parameters, mode)
    return without_parameters(right.output, lambda cotangent: cotangent[:, 0])


def subtracted_backwards(sources: Sequence[Array]) -> Applied:
    """The second minus the first."""
    right = merges._subtracted(sources[::-1])
    return Applied(right.output, lambda cotangent: Cotangents(right.pullback(cotangent).sources[::-1], {}))


def minuend_alone(sources: Sequence[Array]) -> Applied:
    """A difference that forgets to turn the gradient of its second part."""
    first, second = sources
    return Applied(first - second, lambda cotangent: Cotangents((cotangent, cotangent), {}))


def ties_shared(sources: Sequence[Array]) -> Applied:
    """A maximum whose equal largest elements share the gradient."""
    largest = np.max(np.stack(sources), axis=0)
    hits = [source == largest for source in sources]
    share = 1 / np.sum(hits, axis=0)
    return Applied(largest, lambda cotangent: Cotangents(tuple(hit * share * cotangent for hit in hits), {}))


def last_of_ties(sources: Sequence[Array]) -> Applied:
    """A minimum of which the last of equal least elements has the gradient."""
    right = merges._least(sources[::-1])
    return Applied(right.output, lambda cotangent: Cotangents(right.pullback(cotangent).sources[::-1], {}))
