"""Pools: layers that reduce windows, or whole images, to one number for each channel."""

from __future__ import annotations

from typing import Literal

from mtlspec.spec.layer import Layer, Pair
from mtlspec.spec.signature import Shape, ShapeError, Signature, expect_rank, window_output, written


class _Pool2d(Layer):
    """A window of (height, width) that moves over each channel."""

    pool_size: Pair = (2, 2)
    strides: Pair | None = None
    """The step of the window; by default its size."""
    padding: Literal["same", "valid"] = "valid"

    def signature(self, shape: Shape) -> Signature:
        expect_rank(shape, 3, "(height, width, channels)")
        size = window_output(shape[:2], self.pool_size, self.strides or self.pool_size, self.padding)
        return Signature((*size, shape[2]))


class MaxPool2d(_Pool2d):
    """max over each window; padding never wins; the gradient goes to the first maximum in row order."""

    kind: Literal["max_pool2d"] = "max_pool2d"


class AveragePool2d(_Pool2d):
    """mean over each window, of the elements inside the image (padding is not counted)."""

    kind: Literal["average_pool2d"] = "average_pool2d"


class _GlobalPool(Layer):
    """Reduces every axis but the last."""

    def signature(self, shape: Shape) -> Signature:
        if len(shape) < 2:
            raise ShapeError(f"expected at least one axis before the channels, found {written(shape)}")
        return Signature(shape[-1:])


class GlobalMaxPool(_GlobalPool):
    """max over every axis but the last; equal maxima share the gradient evenly."""

    kind: Literal["global_max_pool"] = "global_max_pool"


class GlobalAveragePool(_GlobalPool):
    """mean over every axis but the last."""

    kind: Literal["global_average_pool"] = "global_average_pool"
