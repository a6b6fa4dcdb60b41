"""Pools: windows, and whole images, reduced to one number for each channel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import Any

import numpy as np

from mtlspec.spec import layers as kinds
from mtlspec.spec.layers import Layer
from mtlspec.tensors import Array
from mtlspec_numpy.pullback import Applied, Mode, without_parameters
from mtlspec_numpy.windows import Windows

Leaves = Mapping[str, Array]


def max_pool(layer: kinds.MaxPool1d | kinds.MaxPool2d, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """max over each window; its gradient goes to the first maximum in row order."""
    windows = Windows.over(x, layer.window)
    padded = windows.padded(x, fill=-np.inf)
    met = np.stack(list(windows.taps(padded)))
    winner = met.argmax(axis=0)

    def pullback(cotangent: Array) -> Array:
        source = np.zeros_like(padded)
        for index, tap in enumerate(windows.taps(source)):
            tap += cotangent * (winner == index)
        return windows.cropped(source)

    return without_parameters(met.max(axis=0), pullback)


def average_pool(layer: kinds.AveragePool1d | kinds.AveragePool2d, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """mean over each window, of its elements inside the image or of all."""
    windows = Windows.over(x, layer.window)
    padded = windows.padded(x)
    counts = _counts(windows, x) if not layer.padding_counts else x.dtype.type(prod(windows.size))

    def pullback(cotangent: Array) -> Array:
        source, share = np.zeros_like(padded), cotangent / counts
        for tap in windows.taps(source):
            tap += share
        return windows.cropped(source)

    return without_parameters(np.stack(list(windows.taps(padded))).sum(axis=0) / counts, pullback)


def _counts(windows: Windows, x: Array) -> Array:
    """Return how many elements of each window are inside the image."""
    image = np.ones((1, *x.shape[1:-1], 1), dtype=x.dtype)
    return np.asarray(np.stack(list(windows.taps(windows.padded(image)))).sum(axis=0))


def global_max_pool(layer: kinds.GlobalMaxPool, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """max over every axis but the last; equal maxima share the gradient evenly."""
    axes = tuple(range(1, x.ndim - 1))
    highest = x.max(axis=axes, keepdims=True)
    winners = (x == highest).astype(x.dtype)
    share = winners / winners.sum(axis=axes, keepdims=True)
    return without_parameters(highest.reshape(len(x), -1), lambda cotangent: share * _spread(cotangent, x))


def global_average_pool(layer: kinds.GlobalAveragePool, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """mean over every axis but the last."""
    axes = tuple(range(1, x.ndim - 1))
    count = int(np.prod(x.shape[1:-1]))
    output = x.mean(axis=axes)
    return without_parameters(output, lambda cotangent: np.broadcast_to(_spread(cotangent / count, x), x.shape))


def _spread(cotangent: Array, x: Array) -> Array:
    return cotangent.reshape(len(x), *(1,) * (x.ndim - 2), x.shape[-1])


LAYERS: Mapping[type[Layer], Callable[[Any, Array, Leaves, Mode], Applied]] = {
    kinds.MaxPool1d: max_pool,
    kinds.MaxPool2d: max_pool,
    kinds.AveragePool1d: average_pool,
    kinds.AveragePool2d: average_pool,
    kinds.GlobalMaxPool: global_max_pool,
    kinds.GlobalAveragePool: global_average_pool,
}
