"""Extents: sequences and images made longer or shorter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from mtlspec.spec import layers as kinds
from mtlspec.spec.layers import Layer
from mtlspec.spec.signature import Ends
from mtlspec.tensors import Array
from mtlspec_numpy.pullback import Applied, Mode, without_parameters

Leaves = Mapping[str, Array]
Borders = tuple[Ends, ...]


def padded(x: Array, border: Borders) -> Array:
    """Return `x` with zeros before and after each spatial axis."""
    return np.pad(x, ((0, 0), *border, (0, 0)))


def cropped(x: Array, border: Borders) -> Array:
    """Return `x` without its border."""
    return x[:, *(slice(before, n - after) for n, (before, after) in zip(x.shape[1:-1], border, strict=True))]


def zero_padding1d(layer: kinds.ZeroPadding1d, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """Zeros before and after a sequence."""
    return without_parameters(padded(x, (layer.padding,)), lambda cotangent: cropped(cotangent, (layer.padding,)))


def zero_padding2d(layer: kinds.ZeroPadding2d, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """Zeros around an image."""
    return without_parameters(padded(x, layer.padding), lambda cotangent: cropped(cotangent, layer.padding))


def cropping1d(layer: kinds.Cropping1d, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """A sequence without its ends."""
    return without_parameters(cropped(x, (layer.cropping,)), lambda cotangent: padded(cotangent, (layer.cropping,)))


def cropping2d(layer: kinds.Cropping2d, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """An image without its sides."""
    return without_parameters(cropped(x, layer.cropping), lambda cotangent: padded(cotangent, layer.cropping))


def up_sampling1d(layer: kinds.UpSampling1d, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """Every step several times in a row."""
    return _repeated(x, (layer.factor,))


def up_sampling2d(layer: kinds.UpSampling2d, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """Every pixel as a rectangle."""
    return _repeated(x, layer.factors)


def _repeated(x: Array, factors: tuple[int, ...]) -> Applied:
    """Return the elements of `x` so many times along each axis; their gradients are summed."""
    output = x
    for axis, factor in enumerate(factors, start=1):
        output = output.repeat(factor, axis=axis)

    def pullback(cotangent: Array) -> Array:
        for axis, factor in enumerate(factors, start=1):
            shape = cotangent.shape
            cotangent = cotangent.reshape(*shape[:axis], -1, factor, *shape[axis + 1 :]).sum(axis=axis + 1)
        return cotangent

    return without_parameters(output, pullback)


LAYERS: Mapping[type[Layer], Callable[[Any, Array, Leaves, Mode], Applied]] = {
    kinds.ZeroPadding1d: zero_padding1d,
    kinds.ZeroPadding2d: zero_padding2d,
    kinds.Cropping1d: cropping1d,
    kinds.Cropping2d: cropping2d,
    kinds.UpSampling1d: up_sampling1d,
    kinds.UpSampling2d: up_sampling2d,
}
