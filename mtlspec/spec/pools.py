"""Pools: layers that reduce windows, or whole images, to one number for each channel."""

from __future__ import annotations

from typing import Literal

from mtlspec.spec.borders import Padding1d, Padding2d
from mtlspec.spec.law import law
from mtlspec.spec.layer import Layer, Name, Pair, Positive
from mtlspec.spec.signature import Shape, ShapeError, Signature, Window, expect_rank, written
from mtlspec.spec.value import problem, raise_problems


class _Pool(Layer):
    """A window that moves over each channel."""

    def model_post_init(self, context: object) -> None:
        """Refuse a border that a whole window fits into: it would meet nothing."""
        window = self.window
        if isinstance(window.padding, str):
            return
        if any(max(ends) >= size for ends, size in zip(window.padding, window.size, strict=True)):
            message = f"a window of {window.size} would lie in the padding alone; each number has to be below the size"
            raise_problems(type(self).__name__, [problem(message, ("padding",), window.padding)])

    @property
    def window(self) -> Window:
        """The window, by axis."""
        raise NotImplementedError


class _Pool1d(_Pool):
    """A window of a sequence."""

    pool_size: Positive = 2
    strides: Positive | None = None
    """The step of the window; by default its size."""
    padding: Padding1d = "valid"

    @property
    def window(self) -> Window:
        """The window, by axis."""
        padding = self.padding if isinstance(self.padding, str) else (self.padding,)
        return Window((self.pool_size,), (self.strides or self.pool_size,), (1,), padding)

    def signature(self, shape: Shape) -> Signature:
        expect_rank(shape, 2, "(steps, channels)")
        return Signature((*self.window.output(shape[:1]), shape[1]))


class _Pool2d(_Pool):
    """A window of (height, width)."""

    pool_size: Pair = (2, 2)
    strides: Pair | None = None
    """The step of the window; by default its size."""
    padding: Padding2d = "valid"

    @property
    def window(self) -> Window:
        """The window, by axis."""
        return Window(self.pool_size, self.strides or self.pool_size, (1, 1), self.padding)

    def signature(self, shape: Shape) -> Signature:
        expect_rank(shape, 3, "(height, width, channels)")
        return Signature((*self.window.output(shape[:2]), shape[2]))


class MaxPool1d(_Pool1d):
    """max over each window; padding never wins; the gradient goes to the first maximum."""

    kind: Literal["max_pool1d"] = "max_pool1d"


class MaxPool2d(_Pool2d):
    """max over each window; padding never wins; the gradient goes to the first maximum in row order."""

    kind: Literal["max_pool2d"] = "max_pool2d"


class _AveragePool(_Pool):
    """mean over each window."""

    padding_counts: bool = law(published=False, keras=False, torch=True)
    """Whether a mean divides by the whole window where it reaches into a padding in numbers (PyTorch's
    `count_include_pad`), or by its elements inside; `same`, which Keras alone has, never counts."""

    def model_post_init(self, context: object) -> None:
        """Refuse to count a padding that is not there; leave the law at its default where it says nothing."""
        super().model_post_init(context)
        if self.padding_counts and isinstance(self.window.padding, str):
            if "padding_counts" in self.model_fields_set:
                message = "only a padding in numbers can count; `same` never does, and `valid` has none"
                raise_problems(type(self).__name__, [problem(message, ("padding_counts",), True)])
            self.__dict__["padding_counts"] = False


class AveragePool1d(_AveragePool, _Pool1d):
    """mean over each window, of the elements inside the sequence or, with `padding_counts`, of all."""

    kind: Literal["average_pool1d"] = "average_pool1d"


class AveragePool2d(_AveragePool, _Pool2d):
    """mean over each window, of the elements inside the image or, with `padding_counts`, of all."""

    kind: Literal["average_pool2d"] = "average_pool2d"


class _GlobalPool(Layer):
    """Reduces every axis but the last, whole or where a mask is not 0."""

    mask: Name | None = None
    """The tensor that is 0 where a position does not count, of the shape before the channels; without one all count.
    Where none counts, the result is 0."""

    @property
    def also(self) -> tuple[str, ...]:
        return () if self.mask is None else (self.mask,)

    def signature(self, shape: Shape) -> Signature:
        if len(shape) < 2:
            raise ShapeError(f"expected at least one axis before the channels, found {written(shape)}")
        return Signature(shape[-1:])

    def signature_with(self, shape: Shape, *others: Shape) -> Signature:
        for mask in others:
            pairs = zip(mask, shape, strict=False)
            if len(mask) != len(shape) - 1 or any(m != n and None not in (m, n) for m, n in pairs):
                raise ShapeError(f"expected a mask of the shape {written(shape[:-1])}, found {written(mask)}")
        return self.signature(shape)


class GlobalMaxPool(_GlobalPool):
    """max over every axis but the last; equal maxima share the gradient evenly."""

    kind: Literal["global_max_pool"] = "global_max_pool"


class GlobalAveragePool(_GlobalPool):
    """mean over every axis but the last."""

    kind: Literal["global_average_pool"] = "global_average_pool"
