"""Extents: layers that make a sequence or an image longer or shorter, and leave its channels alone."""

from __future__ import annotations

from typing import Literal

from mtlspec.spec.borders import Border1d, Border2d
from mtlspec.spec.layer import Layer, Pair, Positive
from mtlspec.spec.signature import Shape, Signature, bordered, cut, expect_rank, multiplied


class _OfASequence(Layer):
    """Reads (steps, channels)."""

    def signature(self, shape: Shape) -> Signature:
        expect_rank(shape, 2, "(steps, channels)")
        return Signature((*self.resized(shape[:1]), shape[1]))

    def resized(self, size: Shape) -> Shape:
        """Return what becomes of the number of steps."""
        raise NotImplementedError


class _OfAnImage(Layer):
    """Reads (height, width, channels)."""

    def signature(self, shape: Shape) -> Signature:
        expect_rank(shape, 3, "(height, width, channels)")
        return Signature((*self.resized(shape[:2]), shape[2]))

    def resized(self, size: Shape) -> Shape:
        """Return what becomes of height and width."""
        raise NotImplementedError


class ZeroPadding1d(_OfASequence):
    """Zeros before and after a sequence; the gradient is that of the sequence alone."""

    kind: Literal["zero_padding1d"] = "zero_padding1d"
    padding: Border1d

    def resized(self, size: Shape) -> Shape:
        return bordered(size, (self.padding,))


class ZeroPadding2d(_OfAnImage):
    """Zeros around an image; the gradient is that of the image alone."""

    kind: Literal["zero_padding2d"] = "zero_padding2d"
    padding: Border2d

    def resized(self, size: Shape) -> Shape:
        return bordered(size, self.padding)


class Cropping1d(_OfASequence):
    """A sequence without its ends, which have no gradient."""

    kind: Literal["cropping1d"] = "cropping1d"
    cropping: Border1d

    def resized(self, size: Shape) -> Shape:
        return cut(size, (self.cropping,))


class Cropping2d(_OfAnImage):
    """An image without its sides, which have no gradient."""

    kind: Literal["cropping2d"] = "cropping2d"
    cropping: Border2d

    def resized(self, size: Shape) -> Shape:
        return cut(size, self.cropping)


class UpSampling1d(_OfASequence):
    """Every step `factor` times in a row; the gradients of all its copies are summed."""

    kind: Literal["up_sampling1d"] = "up_sampling1d"
    factor: Positive = 2

    def resized(self, size: Shape) -> Shape:
        return multiplied(size, (self.factor,))


class UpSampling2d(_OfAnImage):
    """Every pixel as a rectangle of (height, width) `factors`; the gradients of all its copies are summed."""

    kind: Literal["up_sampling2d"] = "up_sampling2d"
    factors: Pair = (2, 2)

    def resized(self, size: Shape) -> Shape:
        return multiplied(size, self.factors)
