"""Layers of the reference with a mistake in them: what somebody who writes one gets wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from mtlspec_numpy import embeddings, layers, pools
from mtlspec_numpy.pullback import Applied, Cotangents, Mode, without_parameters
from mtlspec_numpy.windows import Windows

from mtlspec.randomness import dropout_kept
from mtlspec.spec import layers as kinds
from mtlspec.tensors import Array

Leaves = Mapping[str, Array]
CROPPED = Windows.cropped


def mean_bias(layer: kinds.Dense, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """The dense layer whose bias takes the mean over the batch."""
    result = layers.dense(layer, x, parameters, mode)

    def pullback(cotangent: Array) -> Cotangents:
        sources, gradients = result.pullback(cotangent)
        return Cotangents(sources, {**gradients, "bias": cotangent.reshape(-1, layer.units).mean(axis=0)})

    return Applied(result.output, pullback)


def last_rows(layer: kinds.Embedding, ids: Array, parameters: Leaves, mode: Mode) -> Applied:
    """The embedding in whose gradient the last occurrence of an id overwrites the others."""
    result = embeddings.embedding(layer, ids, parameters, mode)

    def pullback(cotangent: Array) -> Cotangents:
        table = np.zeros((layer.rows, layer.units))
        table[ids.ravel()] = cotangent.reshape(-1, layer.units)
        return Cotangents((None,), {"table": table})

    return Applied(result.output, pullback)


def _masked(layer: kinds.Dropout, x: Array, kept: Array, parameters: Leaves, *, scale: float) -> Applied:
    advanced = {"step": np.asarray(int(parameters["step"]) + 1, dtype=np.int64)}
    mask = kept * scale
    return Applied(x * mask, lambda cotangent: Cotangents((cotangent * mask,), {}), advanced)


def _kept(layer: kinds.Dropout, x: Array, parameters: Leaves, mode: Mode, *, later: int = 0) -> Array:
    elements, step = int(np.prod(x.shape[1:])), int(parameters["step"]) + later
    return dropout_kept(mode.dropout_key, step, len(x), elements, layer.rate)


def dropout_unscaled(layer: kinds.Dropout, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """Dropout that does not divide by the share it keeps."""
    if not mode.training:
        return layers.dropout(layer, x, parameters, mode)
    return _masked(layer, x, _kept(layer, x, parameters, mode).reshape(x.shape), parameters, scale=1.0)


def dropout_scaled_in_inference(layer: kinds.Dropout, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """Dropout as first published: plain in training, multiplied by the share it keeps in inference."""
    if mode.training:
        return dropout_unscaled(layer, x, parameters, mode)
    share = 1 - layer.rate
    return without_parameters(x * share, lambda cotangent: cotangent * share)


def one_mask(layer: kinds.Dropout, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """Dropout with one mask for all examples of a batch."""
    if not mode.training:
        return layers.dropout(layer, x, parameters, mode)
    kept = np.broadcast_to(_kept(layer, x, parameters, mode)[:1].reshape(1, *x.shape[1:]), x.shape)
    return _masked(layer, x, kept, parameters, scale=1 / (1 - layer.rate))


def mask_channels_first(layer: kinds.Dropout, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """Dropout that counts the elements of an example with the channels first."""
    if not mode.training:
        return layers.dropout(layer, x, parameters, mode)
    turned = _kept(layer, x, parameters, mode).reshape(len(x), x.shape[-1], *x.shape[1:-1])
    return _masked(layer, x, np.moveaxis(turned, 1, -1), parameters, scale=1 / (1 - layer.rate))


def unmasked_way_back(layer: kinds.Dropout, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """Dropout whose gradient goes through what was dropped."""
    result = layers.dropout(layer, x, parameters, mode)
    return Applied(result.output, lambda c: Cotangents((c / (1 - layer.rate),), {}), result.statistics)


def mask_anew(layer: kinds.Dropout, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """Dropout that draws another mask on the way back."""
    result = layers.dropout(layer, x, parameters, mode)
    if not mode.training:
        return result
    kept = _kept(layer, x, parameters, mode, later=1).reshape(x.shape)
    return Applied(result.output, lambda c: Cotangents((c * kept / (1 - layer.rate),), {}), result.statistics)


def shifted(windows: Windows, padded: Array) -> Array:
    """The way back from windows that is one pixel off."""
    return np.roll(CROPPED(windows, padded), 1, axis=1)


def odd_zero_before(size: int, window: int, stride: int) -> tuple[int, int]:
    """The border that rounds up before the image."""
    total = max((-(-size // stride) - 1) * stride + window - size, 0)
    return total - total // 2, total // 2


def symmetric(size: int, window: int, stride: int) -> tuple[int, int]:
    """The border of window // 2 before the image, whatever the stride; after it what is left to do."""
    total = max((-(-size // stride) - 1) * stride + window - size, 0)
    before = min(window // 2, total)
    return before, total - before


def zeros_win(windows: Windows, x: Array, *, fill: float = 0.0) -> Array:
    """The border that is 0 whatever was asked for."""
    return np.pad(x, ((0, 0), *windows.border, (0, 0)))


def padding_counted(layer: kinds.AveragePool2d, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """The average that divides by the whole window."""
    result = pools.average_pool(layer, x, parameters, mode)
    ones = np.ones_like(x[:1])
    windows = Windows.over(x, layer.window)
    share = np.stack(list(windows.taps(windows.padded(ones)))).mean(axis=0)
    return Applied(result.output * share, lambda cotangent: result.pullback(cotangent * share))


def last_maximum(layer: kinds.MaxPool2d, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """The pool over a turned image: of equal maxima the last has the gradient."""
    result = pools.max_pool(layer, x[:, ::-1, ::-1], parameters, mode)

    def pullback(cotangent: Array) -> Array:
        (source,), _ = result.pullback(cotangent[:, ::-1, ::-1])
        return np.asarray(source)[:, ::-1, ::-1]

    return without_parameters(result.output[:, ::-1, ::-1], pullback)


def every_maximum(layer: Any, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """The global maximum that gives each of several equals the whole gradient."""
    axes = tuple(range(1, x.ndim - 1))
    highest = x.max(axis=axes, keepdims=True)
    return without_parameters(highest.reshape(len(x), -1), lambda c: (x == highest) * c.reshape(highest.shape))


def first_maximum(layer: Any, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """The global maximum that gives the first of several equals the whole gradient."""
    flat = x.reshape(len(x), -1, x.shape[-1])
    first = np.eye(flat.shape[1])[flat.argmax(axis=1)].swapaxes(1, 2)
    return without_parameters(flat.max(axis=1), lambda c: (first * c[:, None]).reshape(x.shape))


def of_the_last_reader(waiting: dict[str, Array], path: str, cotangent: Array) -> None:
    """The gradient of a tensor that several read, from one of them alone."""
    waiting[path] = cotangent
