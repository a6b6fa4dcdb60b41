"""Convolution and pooling over windows of an image."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mtlspec.spec.layers import AveragePool2d, Conv2d, GlobalAveragePool, GlobalMaxPool, MaxPool2d
from mtlspec.tensors import Array
from mtlspec_numpy.pullback import Applied, Cotangents, Mode, without_parameters
from mtlspec_numpy.windows import Windows

Leaves = Mapping[str, Array]


def conv2d(layer: Conv2d, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """x ∗ kernel + bias, as a sum over taps: what each tap meets, times its matrix (in, filters)."""
    windows = Windows.over(x, size=layer.kernel_size, strides=layer.strides, padding=layer.padding)
    kernel, padded = parameters["kernel"], windows.padded(x)
    matrices = kernel.reshape(-1, *kernel.shape[2:])
    met = list(windows.taps(padded))
    output = np.zeros((met[0][..., 0].size, layer.filters), dtype=x.dtype)
    part = np.empty_like(output)
    for tap, matrix in zip(met, matrices, strict=True):
        output += np.matmul(_rows(tap), matrix, out=part)
    if layer.bias:
        output += parameters["bias"]

    def pullback(cotangent: Array) -> Cotangents:
        flat, source = _rows(cotangent), np.zeros_like(padded)
        part = np.empty((len(flat), x.shape[3]), dtype=x.dtype)
        for tap, matrix in zip(windows.taps(source), matrices, strict=True):
            tap += np.matmul(flat, matrix.T, out=part).reshape(tap.shape)
        gradients = {"kernel": np.stack([_rows(tap).T @ flat for tap in met]).reshape(kernel.shape)}
        if layer.bias:
            gradients["bias"] = flat.sum(axis=0)
        return Cotangents((windows.cropped(source),), gradients)

    return Applied(output.reshape(*met[0].shape[:3], layer.filters), pullback)


def _rows(images: Array) -> Array:
    return images.reshape(-1, images.shape[-1])


def max_pool2d(layer: MaxPool2d, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """max over each window; its gradient goes to the first maximum in row order."""
    windows = Windows.over(x, size=layer.pool_size, strides=layer.strides or layer.pool_size, padding=layer.padding)
    padded = windows.padded(x, fill=-np.inf)
    met = np.stack(list(windows.taps(padded)))
    winner = met.argmax(axis=0)

    def pullback(cotangent: Array) -> Array:
        source = np.zeros_like(padded)
        for index, tap in enumerate(windows.taps(source)):
            tap += cotangent * (winner == index)
        return windows.cropped(source)

    return without_parameters(met.max(axis=0), pullback)


def average_pool2d(layer: AveragePool2d, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """mean over each window, of the elements inside the image."""
    windows = Windows.over(x, size=layer.pool_size, strides=layer.strides or layer.pool_size, padding=layer.padding)
    padded = windows.padded(x)
    image = np.ones((1, *x.shape[1:3], 1), dtype=x.dtype)
    inside = np.stack(list(windows.taps(windows.padded(image)))).sum(axis=0)

    def pullback(cotangent: Array) -> Array:
        source, share = np.zeros_like(padded), cotangent / inside
        for tap in windows.taps(source):
            tap += share
        return windows.cropped(source)

    return without_parameters(np.stack(list(windows.taps(padded))).sum(axis=0) / inside, pullback)


def global_max_pool(layer: GlobalMaxPool, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """max over every axis but the last; equal maxima share the gradient evenly."""
    axes = tuple(range(1, x.ndim - 1))
    highest = x.max(axis=axes, keepdims=True)
    winners = (x == highest).astype(x.dtype)
    share = winners / winners.sum(axis=axes, keepdims=True)
    return without_parameters(highest.reshape(len(x), -1), lambda cotangent: share * _spread(cotangent, x))


def global_average_pool(layer: GlobalAveragePool, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """mean over every axis but the last."""
    axes = tuple(range(1, x.ndim - 1))
    count = int(np.prod(x.shape[1:-1]))
    output = x.mean(axis=axes)
    return without_parameters(output, lambda cotangent: np.broadcast_to(_spread(cotangent / count, x), x.shape))


def _spread(cotangent: Array, x: Array) -> Array:
    return cotangent.reshape(len(x), *(1,) * (x.ndim - 2), x.shape[-1])
