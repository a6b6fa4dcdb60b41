"""Convolution and pooling are what plain loops over windows give."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import pytest
from layer_cases import CASES, INFERENCE, argument, called, case_name, layer_of, parameters_of

from mtlspec.spec import layers as kinds
from mtlspec.spec.layers import Layer
from mtlspec.tensors import Array

Shape = tuple[int, ...]
POOLS = (kinds.MaxPool1d, kinds.MaxPool2d, kinds.AveragePool1d, kinds.AveragePool2d)
WINDOWED = [case for case in CASES if issubclass(Layer.kinds[case[0]["kind"]], (kinds.Convolution, *POOLS))]


def positions(n: int, k: int, s: int, d: int, padding: Any) -> list[list[tuple[int, int]]]:
    """Return for each window on one axis the (tap, element) pairs inside the image."""
    reach = (k - 1) * d + 1
    before, after = (0, 0) if isinstance(padding, str) else padding
    count = (n + before + after - reach) // s + 1
    if padding in ("same", "causal"):
        count = -(-n // s)
        before = reach - 1 if padding == "causal" else max((count - 1) * s + reach - n, 0) // 2
    starts = [index * s - before for index in range(count)]
    return [[(tap, start + tap * d) for tap in range(k) if 0 <= start + tap * d < n] for start in starts]


def windows(layer: Any, x: Array) -> Iterator[tuple[tuple[int, ...], list[tuple[tuple[int, ...], Array]]]]:
    """Yield the place of each output with the taps and elements (batch, channels) of its window."""
    window = layer.window
    padding = [window.padding] * len(window.size) if isinstance(window.padding, str) else window.padding
    axes = map(positions, x.shape[1:], window.size, window.strides, window.dilation, padding)
    for place in product(*map(list, map(enumerate, axes))):
        taps = [tuple(zip(*pairs, strict=True)) for pairs in product(*(met for _, met in place))]
        yield tuple(index for index, _ in place), [(tap, x[:, *element]) for tap, element in taps]


def transposed(layer: Any, x: Array, kernel: Array) -> Array:
    """Return what each element adds at its window, cut or lengthened to the shape of the output."""
    window, shape = layer.window, layer.signature(x.shape[1:]).shape
    output = np.zeros((len(x), *shape))
    for place in np.ndindex(*x.shape[1:-1]):
        for tap in np.ndindex(*window.size):
            at = tuple(p * s + t - b for p, s, t, b in zip(place, window.strides, tap, before(window), strict=True))
            if all(0 <= i < n for i, n in zip(at, shape, strict=False)):
                output[:, *at] += x[:, *place] @ kernel[tap].T
    return output


def before(window: Any) -> tuple[int, ...]:
    """Return what is cut off before each axis of a transposed convolution."""
    if window.padding == "same":
        return tuple(max(k - s, 0) // 2 for k, s in zip(window.size, window.strides, strict=True))
    return tuple(0 if isinstance(window.padding, str) else ends[0] for ends in window.padding)[: len(window.size)]


def tap_of(layer: Any, parameters: dict[str, Array], tap: tuple[int, ...], element: Array) -> Array:
    """Return what one tap of a convolution makes of an element (batch, channels)."""
    if isinstance(layer, kinds.Conv1d | kinds.Conv2d):
        each, own = len(element[0]) // layer.groups, layer.filters // layer.groups
        kernel = parameters["kernel"][tap]
        parts = [
            element[:, g * each : (g + 1) * each] @ kernel[:, g * own : (g + 1) * own] for g in range(layer.groups)
        ]
        return np.concatenate(parts, axis=-1)
    kernel = parameters.get("depthwise_kernel", parameters.get("kernel", np.zeros(())))[tap]
    deep = np.stack([element[:, c] * factor for c, factors in enumerate(kernel) for factor in factors], axis=-1)
    point = parameters.get("pointwise_kernel")
    return deep if point is None else deep @ point.reshape(point.shape[-2:])


def by_loops(layer: Layer, x: Array, parameters: dict[str, Array]) -> Array:
    if isinstance(layer, kinds.TransposedConv1d | kinds.TransposedConv2d):
        return transposed(layer, x, parameters["kernel"]) + parameters.get("bias", 0)
    output = np.zeros((len(x), *layer.signature(x.shape[1:]).shape))
    for place, taps in windows(layer, x):
        elements = [element for _, element in taps]
        if isinstance(layer, kinds.MaxPool1d | kinds.MaxPool2d):
            output[:, *place] = np.max(elements, axis=0)
        elif isinstance(layer, kinds.AveragePool1d | kinds.AveragePool2d):
            count = np.prod(layer.window.size) if layer.padding_counts else len(elements)
            output[:, *place] = np.sum(elements, axis=0) / count
        else:
            output[:, *place] = sum(tap_of(layer, parameters, *each) for each in taps) + parameters.get("bias", 0)
    return output


@pytest.mark.parametrize(("document", "shape"), WINDOWED, ids=case_name)
def test_windows_are_what_loops_give(document: dict[str, Any], shape: Shape) -> None:
    layer = layer_of(document)
    x, parameters = argument(layer, shape), parameters_of(layer, shape)
    found = called(layer, {"x": x, **parameters}, INFERENCE).output
    assert np.abs(found - by_loops(layer, x, parameters)).max() < 1e-13


def test_the_odd_zero_comes_after() -> None:
    layer = layer_of({"kind": "conv2d", "filters": 1, "kernel_size": [1, 2], "padding": "same", "bias": False})
    kernel = np.array([10.0, 1.0]).reshape(1, 2, 1, 1)
    found = called(layer, {"x": np.array([1.0, 2.0, 3.0]).reshape(1, 1, 3, 1), "kernel": kernel}, INFERENCE).output
    assert found.ravel().tolist() == [12.0, 23.0, 30.0]


def test_the_first_of_equal_maxima_in_row_order_has_the_gradient() -> None:
    layer = layer_of({"kind": "max_pool2d"})
    x = np.array([[1.0, 2.0], [2.0, 2.0]]).reshape(1, 2, 2, 1)
    (source,), _ = called(layer, {"x": x}, INFERENCE).pullback(np.full((1, 1, 1, 1), 6.0))
    assert source is not None and source.ravel().tolist() == [0.0, 6.0, 0.0, 0.0]


def test_padding_never_wins_a_maximum() -> None:
    layer = layer_of({"kind": "max_pool2d", "padding": "same"})
    x = np.full((1, 3, 3, 1), -5.0)
    assert called(layer, {"x": x}, INFERENCE).output.ravel().tolist() == [-5.0] * 4


def test_equal_maxima_share_the_gradient_of_a_global_pool() -> None:
    layer = layer_of({"kind": "global_max_pool"})
    x = np.array([[3.0], [1.0], [3.0]]).reshape(1, 3, 1)
    (source,), _ = called(layer, {"x": x}, INFERENCE).pullback(np.array([[6.0]]))
    assert source is not None and source.ravel().tolist() == [3.0, 0.0, 3.0]


def test_an_average_counts_no_padding() -> None:
    layer = layer_of({"kind": "average_pool2d", "padding": "same"})
    x = np.arange(1.0, 10.0).reshape(1, 3, 3, 1)
    # windows: 1 2 4 5 | 3 6 | 7 8 | 9
    assert called(layer, {"x": x}, INFERENCE).output.ravel().tolist() == [3.0, 4.5, 7.5, 9.0]
