"""Shaping: layers that put the elements of an example elsewhere, repeat some or leave some out."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mtlspec.spec.layer import Layer, Positive
from mtlspec.spec.signature import Shape, ShapeError, Signature, elements, expect_rank, written


class Flatten(Layer):
    """All axes of an example in one, row-major with the channels last."""

    kind: Literal["flatten"] = "flatten"

    def signature(self, shape: Shape) -> Signature:
        return Signature((elements(shape),))


class Reshape(Layer):
    """The elements of an example in another shape, row-major."""

    kind: Literal["reshape"] = "reshape"
    shape: tuple[Positive, ...]

    def signature(self, shape: Shape) -> Signature:
        if elements(shape) != elements(self.shape):
            raise ShapeError(
                f"{written(shape)} has {elements(shape)} elements and {self.shape} has {elements(self.shape)}; "
                "a reshape keeps the number"
            )
        return Signature(self.shape)


class Permute(Layer):
    """The axes of an example in another order: axis i of the output is axis axes[i] of the input."""

    kind: Literal["permute"] = "permute"
    axes: tuple[Annotated[int, Field(ge=0)], ...]
    """Each axis of the example once, counted from 0 without the batch (Keras counts these from 1)."""

    def signature(self, shape: Shape) -> Signature:
        if sorted(self.axes) != list(range(len(shape))):
            expected = list(range(len(shape)))
            raise ShapeError(f"expected the axes {expected} of {written(shape)} in some order, found {list(self.axes)}")
        return Signature(tuple(shape[axis] for axis in self.axes))


class Slice(Layer):
    """x[..., begin:end:stride, ...] along one axis of an example."""

    kind: Literal["slice"] = "slice"
    axis: int
    """Counted from 0 without the batch; a negative one from the end, so that -1 is the channels."""
    begin: int = 0
    """The first place; a negative one is counted from the end."""
    end: int | None = None
    """The place after the last, counted in the same way; by default all the rest."""
    stride: Positive = 1

    def signature(self, shape: Shape) -> Signature:
        rank = len(shape)
        if not -rank <= self.axis < rank:
            raise ShapeError(f"axis {self.axis} is none of the {rank} axes of {written(shape)}")
        place = self.axis % rank
        return Signature((*shape[:place], self._left(shape[place], shape), *shape[place + 1 :]))

    def _left(self, size: int | None, shape: Shape) -> int | None:
        """Return how many places are left of `size`; of a length that the data chooses, as many as there are."""
        if size is None:
            return None
        for name, place in (("begin", self.begin), ("end", self.end)):
            if place is not None and not -size <= place <= size:
                raise ShapeError(f"`{name}: {place}` lies outside axis {self.axis} of {written(shape)}")
        left = len(range(size)[self.begin : self.end : self.stride])
        if not left:
            raise ShapeError(f"nothing is left of axis {self.axis} of {written(shape)}; let `end` come after `begin`")
        return left


class RepeatVector(Layer):
    """A vector `count` times, one below the other: (features) becomes (count, features)."""

    kind: Literal["repeat_vector"] = "repeat_vector"
    count: Positive

    def signature(self, shape: Shape) -> Signature:
        expect_rank(shape, 1, "(features,)")
        return Signature((self.count, *shape))
