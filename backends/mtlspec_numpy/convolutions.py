"""Convolutions as sums over taps: what each element of the window meets, times its matrix."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from mtlspec.spec import layers as kinds
from mtlspec.spec.layers import Layer
from mtlspec.tensors import Array
from mtlspec_numpy.pullback import Applied, Cotangents, Mode
from mtlspec_numpy.windows import Windows

Leaves = Mapping[str, Array]
Slopes = dict[str, Array]
Depthwise = tuple[Array, Callable[[Array], tuple[Array, Array]]]
"""An output, and the way back to the gradients of input and kernel."""


def convolution(layer: kinds.Conv1d | kinds.Conv2d, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """x ∗ kernel + bias, each group of channels by itself."""
    windows, count = Windows.over(x, layer.window), layer.groups
    padded = np.split(windows.padded(x), count, axis=-1)
    kernels = np.split(parameters["kernel"], count, axis=-1)
    output = _joined([_met(windows, part, kernel) for part, kernel in zip(padded, kernels, strict=True)])

    def pullback(cotangent: Array) -> Cotangents:
        above = np.split(cotangent, count, axis=-1)
        source = _joined([_scattered(windows, part, kernel) for part, kernel in zip(above, kernels, strict=True)])
        slopes = [_slope(windows, *parts) for parts in zip(padded, above, kernels, strict=True)]
        return Cotangents((windows.cropped(source),), _with_bias(layer, cotangent, kernel=_joined(slopes)))

    return Applied(_biased(layer, output, parameters), pullback)


def transposed(
    layer: kinds.TransposedConv1d | kinds.TransposedConv2d, x: Array, parameters: Leaves, mode: Mode
) -> Applied:
    """Σ x·kernel + bias: the way back of a convolution, whose way forward is the gradient."""
    windows, kernel = Windows.under(x, layer.window), parameters["kernel"]
    output = windows.cropped(_scattered(windows, x, kernel))

    def pullback(cotangent: Array) -> Cotangents:
        padded = windows.padded(cotangent)
        gradients = _with_bias(layer, cotangent, kernel=_slope(windows, padded, x, kernel))
        return Cotangents((_met(windows, padded, kernel),), gradients)

    return Applied(_biased(layer, output, parameters), pullback)


def depthwise(
    layer: kinds.DepthwiseConv1d | kinds.DepthwiseConv2d, x: Array, parameters: Leaves, mode: Mode
) -> Applied:
    """x ∗ kernel + bias, each channel by itself."""
    output, back = _by_channel(Windows.over(x, layer.window), x, parameters["kernel"])

    def pullback(cotangent: Array) -> Cotangents:
        source, slope = back(cotangent)
        return Cotangents((source,), _with_bias(layer, cotangent, kernel=slope))

    return Applied(_biased(layer, output, parameters), pullback)


def separable(
    layer: kinds.SeparableConv1d | kinds.SeparableConv2d, x: Array, parameters: Leaves, mode: Mode
) -> Applied:
    """(x ∗ depthwise_kernel)·pointwise_kernel + bias."""
    deep, back = _by_channel(Windows.over(x, layer.window), x, parameters["depthwise_kernel"])
    kernel = parameters["pointwise_kernel"]
    matrix = kernel.reshape(kernel.shape[-2:])

    def pullback(cotangent: Array) -> Cotangents:
        source, slope = back(cotangent @ matrix.T)
        point = (_rows(deep).T @ _rows(cotangent)).reshape(kernel.shape)
        return Cotangents((source,), _with_bias(layer, cotangent, depthwise_kernel=slope, pointwise_kernel=point))

    return Applied(_biased(layer, deep @ matrix, parameters), pullback)


def _met(windows: Windows, padded: Array, kernel: Array) -> Array:
    """Return for each window the sum of what its taps meet, times their matrices (in, out)."""
    taps, matrices = list(windows.taps(padded)), _matrices(kernel)
    output = np.zeros((taps[0][..., 0].size, kernel.shape[-1]), dtype=padded.dtype)
    part = np.empty_like(output)
    for tap, matrix in zip(taps, matrices, strict=True):
        output += np.matmul(_rows(tap), matrix, out=part)
    return output.reshape(*taps[0].shape[:-1], -1)


def _scattered(windows: Windows, values: Array, kernel: Array) -> Array:
    """Return images with their border, in which every window has its value times its kernel added."""
    images, flat = windows.empty(values, kernel.shape[-2]), _rows(values)
    part = np.empty((len(flat), kernel.shape[-2]), dtype=values.dtype)
    for tap, matrix in zip(windows.taps(images), _matrices(kernel), strict=True):
        tap += np.matmul(flat, matrix.T, out=part).reshape(tap.shape)
    return images


def _slope(windows: Windows, padded: Array, values: Array, kernel: Array) -> Array:
    """Return the gradient of a kernel between images and the values of their windows."""
    flat = _rows(values)
    return np.stack([_rows(tap).T @ flat for tap in windows.taps(padded)]).reshape(kernel.shape)


def _by_channel(windows: Windows, x: Array, kernel: Array) -> Depthwise:
    padded, factors = windows.padded(x), _matrices(kernel)
    met = [tap[..., None] for tap in windows.taps(padded)]
    output = sum((tap * factor for tap, factor in zip(met, factors, strict=True)), np.zeros((), dtype=x.dtype))

    def back(cotangent: Array) -> tuple[Array, Array]:
        above, source = cotangent.reshape(output.shape), np.zeros_like(padded)
        for tap, factor in zip(windows.taps(source), factors, strict=True):
            tap += (above * factor).sum(axis=-1)
        places = tuple(range(above.ndim - 2))
        slope = np.stack([(tap * above).sum(axis=places) for tap in met])
        return windows.cropped(source), slope.reshape(kernel.shape)

    return output.reshape(*output.shape[:-2], -1), back


def _matrices(kernel: Array) -> Array:
    return kernel.reshape(-1, *kernel.shape[-2:])


def _rows(images: Array) -> Array:
    return images.reshape(-1, images.shape[-1])


def _joined(parts: list[Array]) -> Array:
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=-1)


def _biased(layer: Any, output: Array, parameters: Leaves) -> Array:
    return output + parameters["bias"] if layer.bias else output


def _with_bias(layer: Any, cotangent: Array, **kernels: Array) -> Slopes:
    return kernels | {"bias": _rows(cotangent).sum(axis=0)} if layer.bias else kernels


LAYERS: Mapping[type[Layer], Callable[[Any, Array, Leaves, Mode], Applied]] = {
    kinds.Conv1d: convolution,
    kinds.Conv2d: convolution,
    kinds.DepthwiseConv1d: depthwise,
    kinds.DepthwiseConv2d: depthwise,
    kinds.SeparableConv1d: separable,
    kinds.SeparableConv2d: separable,
    kinds.TransposedConv1d: transposed,
    kinds.TransposedConv2d: transposed,
}
