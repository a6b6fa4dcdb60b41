"""Shaping: layers that put the elements of an example elsewhere, repeat some or leave some out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from mtlspec.spec.layer import Layer
from mtlspec.spec.shaping import Flatten, Permute, RepeatVector, Reshape, Slice
from mtlspec.tensors import Array
from mtlspec_numpy.pullback import Applied, Mode, without_parameters

Leaves = Mapping[str, Array]


def flatten(layer: Flatten, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """All axes of an example in one."""
    return _reshaped(x, (int(np.prod(x.shape[1:])),))


def reshape(layer: Reshape, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """The elements of an example in another shape."""
    return _reshaped(x, layer.shape)


def _reshaped(x: Array, shape: tuple[int, ...]) -> Applied:
    return without_parameters(x.reshape(len(x), *shape), lambda cotangent: cotangent.reshape(x.shape))


def permute(layer: Permute, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """The axes of an example in another order."""
    axes = (0, *(axis + 1 for axis in layer.axes))
    return without_parameters(x.transpose(axes), lambda cotangent: cotangent.transpose(np.argsort(axes)))


def sliced(layer: Slice, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """x[begin:end:stride] along one axis of an example."""
    places: list[slice] = [slice(None)] * x.ndim
    places[layer.axis if layer.axis < 0 else layer.axis + 1] = slice(layer.begin, layer.end, layer.stride)
    chosen = tuple(places)

    def pullback(cotangent: Array) -> Array:
        whole = np.zeros_like(x)
        whole[chosen] = cotangent
        return whole

    return without_parameters(x[chosen], pullback)


def repeat_vector(layer: RepeatVector, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """A vector several times, one below the other."""
    return without_parameters(np.repeat(x[:, None], layer.count, axis=1), lambda cotangent: cotangent.sum(axis=1))


LAYERS: Mapping[type[Layer], Callable[[Any, Array, Leaves, Mode], Applied]] = {
    Flatten: flatten,
    Reshape: reshape,
    Permute: permute,
    Slice: sliced,
    RepeatVector: repeat_vector,
}
