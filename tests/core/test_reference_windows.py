"""Convolution and pooling are what plain loops over windows give."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from layer_cases import CASES, INFERENCE, argument, called, case_name, layer_of, parameters_of

from mtlspec.spec.layers import AveragePool2d, Conv2d, Layer, MaxPool2d
from mtlspec.tensors import Array

Shape = tuple[int, ...]
WINDOWED = [case for case in CASES if case[0]["kind"] in ("conv2d", "max_pool2d", "average_pool2d")]


def positions(size: int, window: int, stride: int, padding: str) -> list[list[tuple[int, int]]]:
    """Return for each window on one axis the (tap, element) pairs inside the image."""
    count = -(-size // stride) if padding == "same" else (size - window) // stride + 1
    before = max((count - 1) * stride + window - size, 0) // 2 if padding == "same" else 0
    starts = [index * stride - before for index in range(count)]
    return [[(tap, s + tap) for tap in range(window) if 0 <= s + tap < size] for s in starts]


def windows(layer: Any, x: Array) -> Iterator[tuple[int, int, list[tuple[int, int, Array]]]]:
    """Yield row and column of each output with the taps and elements (batch, channels) of its window."""
    size = layer.kernel_size if isinstance(layer, Conv2d) else layer.pool_size
    strides = layer.strides or size
    rows = positions(x.shape[1], size[0], strides[0], layer.padding)
    columns = positions(x.shape[2], size[1], strides[1], layer.padding)
    for row, down in enumerate(rows):
        for column, across in enumerate(columns):
            yield row, column, [(i, j, x[:, p, q]) for i, p in down for j, q in across]


def by_loops(layer: Layer, x: Array, parameters: dict[str, Array]) -> Array:
    shape = layer.signature(x.shape[1:]).shape
    output = np.zeros((len(x), *shape))
    for row, column, taps in windows(layer, x):
        if isinstance(layer, Conv2d):
            output[:, row, column] = sum(element @ parameters["kernel"][i, j] for i, j, element in taps)
            output[:, row, column] += parameters.get("bias", 0)
        elif isinstance(layer, MaxPool2d):
            output[:, row, column] = np.max([element for *_, element in taps], axis=0)
        elif isinstance(layer, AveragePool2d):
            output[:, row, column] = np.mean([element for *_, element in taps], axis=0)
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
