"""Convolutions, pools and other extents of the reference with a mistake in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from mtlspec_numpy import convolutions, extents, pools
from mtlspec_numpy.pullback import Applied, Cotangents, Mode

from mtlspec.graph import Parameter
from mtlspec.spec import layers as kinds
from mtlspec.tensors import Array
from mtlspec_conformance.mutants.rewriting import having

Leaves = Mapping[str, Array]
Function = Callable[[Any, Array, Leaves, Mode], Applied]
REFERENCE: Mapping[type[kinds.Layer], Function] = {**convolutions.LAYERS, **pools.LAYERS, **extents.LAYERS}


def of_another(change: Callable[[Any], Any]) -> Function:
    """Return the function of a layer that computes the layer that `change` makes of it."""
    return lambda layer, x, parameters, mode: REFERENCE[type(layer)](change(layer), x, parameters, mode)


def gaps_exchanged(layer: Any) -> Any:
    """Return the layer with the gaps of height and width exchanged, where it is padded to the same size."""
    return having(layer, dilation=layer.dilation[::-1]) if layer.padding == "same" else layer


def zeros_after(layer: Any) -> Any:
    """Return the causal layer with all zeros after the sequence."""
    return having(layer, padding=(0, layer.window.reach[0] - 1)) if layer.padding == "causal" else layer


def ends_exchanged(field: str) -> Callable[[Any], Any]:
    """Return what exchanges before and after on each axis, where they are numbers."""

    def change(layer: Any) -> Any:
        border = getattr(layer, field)
        if isinstance(border, str):
            return layer
        turned = border[::-1] if isinstance(border[0], int) else tuple(ends[::-1] for ends in border)
        return having(layer, **{field: turned})

    return change


def odd_place_before(layer: Any) -> Any:
    """Return the transposed layer that crops the odd place before the sequence."""
    window = layer.window
    over = window.reach[0] - window.strides[0]
    return having(layer, padding=(over - over // 2, over // 2)) if layer.padding == "same" and over > 0 else layer


def counting_otherwise(layer: Any) -> Any:
    """Return the pool that counts a border in numbers where it should not, and does not where it should."""
    return layer if isinstance(layer.padding, str) else having(layer, padding_counts=not layer.padding_counts)


def _reordered(layer: Any, x: Array, parameters: Leaves, mode: Mode, order: Array) -> Applied:
    """Return the layer over the channels of x in another order."""
    result = REFERENCE[type(layer)](layer, x[..., order], parameters, mode)

    def pullback(cotangent: Array) -> Cotangents:
        (source,), gradients = result.pullback(cotangent)
        return Cotangents((np.asarray(source)[..., np.argsort(order)],), gradients)

    return replace(result, pullback=pullback)


def interleaved(layer: Any, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """The convolution whose groups are every g-th channel, instead of channels side by side."""
    order = np.arange(x.shape[-1]).reshape(-1, layer.groups).T.ravel()
    return _reordered(layer, x, parameters, mode, order)


def _turned(layer: Any, kernel: Array) -> Array:
    return np.flip(kernel, axis=tuple(range(len(layer.window.size))))


def kernel_turned(layer: Any, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """The transposed convolution that turns its kernel around, as a convolution of the stretched input would."""
    own = {**parameters, "kernel": _turned(layer, parameters["kernel"])}
    result = REFERENCE[type(layer)](layer, x, own, mode)

    def pullback(cotangent: Array) -> Cotangents:
        sources, gradients = result.pullback(cotangent)
        return Cotangents(sources, {**gradients, "kernel": _turned(layer, np.asarray(gradients["kernel"]))})

    return replace(result, pullback=pullback)


BY_CHANNEL = convolutions._by_channel


def multiplier_first(windows: Any, x: Array, kernel: Array) -> Any:
    """The convolution by channel whose output has the first of each channel side by side, then the second."""
    output, back = BY_CHANNEL(windows, x, kernel)
    order = np.arange(output.shape[-1]).reshape(*kernel.shape[-2:]).T.ravel()
    return output[..., order], lambda cotangent: back(cotangent[..., np.argsort(order)])


def detached_stage(layer: Any, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """The separable convolution whose first kernel has the gradient of the first output of each channel alone."""
    result = REFERENCE[type(layer)](layer, x, parameters, mode)

    def pullback(cotangent: Array) -> Cotangents:
        sources, gradients = result.pullback(cotangent)
        first = np.zeros_like(parameters["depthwise_kernel"])
        first[..., 0] = np.asarray(gradients["depthwise_kernel"])[..., 0]
        return Cotangents(sources, {**gradients, "depthwise_kernel": first})

    return replace(result, pullback=pullback)


def last_step(layer: Any, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """The pool over a turned sequence: of equal maxima the last has the gradient."""
    result = pools.max_pool(layer, x[:, ::-1], parameters, mode)

    def pullback(cotangent: Array) -> Cotangents:
        (source,), _ = result.pullback(cotangent[:, ::-1])
        return Cotangents((np.asarray(source)[:, ::-1],), {})

    return Applied(result.output[:, ::-1], pullback)


def tiled(x: Array, factors: tuple[int, ...]) -> Applied:
    """The up-sampling that puts whole copies side by side."""
    output = np.tile(x, (1, *factors, 1))

    def pullback(cotangent: Array) -> Cotangents:
        parts = [size for n, factor in zip(x.shape[1:], factors, strict=False) for size in (factor, n)]
        copies = cotangent.reshape(len(x), *parts, x.shape[-1])
        return Cotangents((copies.sum(axis=tuple(range(1, len(parts), 2))),), {})

    return Applied(output, pullback)


REPEATED = extents._repeated


def one_copy(x: Array, factors: tuple[int, ...]) -> Applied:
    """The up-sampling whose gradient is the mean over the copies."""
    result = REPEATED(x, factors)

    def pullback(cotangent: Array) -> Cotangents:
        (source,), parameters = result.pullback(cotangent)
        return Cotangents((np.asarray(source) / np.prod(factors),), parameters)

    return replace(result, pullback=pullback)


def fans_exchanged(drawn: Callable[[Parameter, int, int], Array]) -> Callable[[Parameter, int, int], Array]:
    """Return the draw that counts a kernel (3, 3, in, multiplier) by the other law of `fans`."""

    def wrong(parameter: Parameter, seed: int, size: int) -> Array:
        if len(parameter.shape) != 4:
            return drawn(parameter, seed, size)
        channels, grouped = parameter.shape[-2], parameter.fan_in == 9
        fan_in = parameter.fan_in * channels if grouped else parameter.fan_in // channels
        fan_out = parameter.fan_out // channels if grouped else parameter.fan_out * channels
        return drawn(having(parameter, fan_in=fan_in, fan_out=fan_out), seed, size)

    return wrong
