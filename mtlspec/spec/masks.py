"""Masks: tensors of 1 where a position counts and 0 where it is padding, made of what the data gives.

A layer that leaves positions out reads such a tensor by name; nothing is masked in silence.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from mtlspec.spec.layer import Dtype, Layer, Name
from mtlspec.spec.signature import Shape, ShapeError, Signature, written


class PaddingMask(Layer):
    """1 where id ≠ padding, 0 elsewhere; ids (...), output (...)."""

    kind: Literal["padding_mask"] = "padding_mask"
    reads: ClassVar[Dtype] = "integer"
    padding: int = 0
    """The id that fills up short examples (Keras' `mask_zero` takes 0)."""

    def signature(self, shape: Shape) -> Signature:
        return Signature(shape)


class LengthMask(Layer):
    """1 at position t where t < length, 0 elsewhere; lengths (), output (T), T that of the sequence `along`."""

    kind: Literal["length_mask"] = "length_mask"
    reads: ClassVar[Dtype] = "integer"
    along: Name
    """The input or block of floats whose first axis is the sequence."""

    @property
    def also(self) -> tuple[str, ...]:
        return (self.along,)

    def signature_with(self, shape: Shape, *others: Shape) -> Signature:
        (sequence,) = others
        if shape != ():
            raise ShapeError(f"expected one length for each example, the shape (), found {written(shape)}")
        if not sequence:
            raise ShapeError(f"expected a sequence in {self.along!r}, found one number for each example")
        return Signature(sequence[:1])
