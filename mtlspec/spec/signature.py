"""Signatures: what a layer makes of a shape, and which parameters it has."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Literal

from pydantic import Field

from mtlspec.spec.constraints import Constraint
from mtlspec.spec.initializers import Initializer
from mtlspec.spec.value import Value

Shape = tuple[int | None, ...]
"""The shape of one example, channels last, without the batch axis; None: a size that the data chooses."""

Sizes = tuple[int, ...]
"""A shape of which every size is known, such as that of a parameter."""

Role = Literal["trainable", "statistic", "constant"]
"""Trained by an optimizer; written by a training pass; adapted to the data once."""


class Penalty(Value):
    """l1·Σ|w| + l2·Σw², without a factor ½ (as `keras.regularizers.L1L2`; PyTorch's coupled decay is 2·l2)."""

    l1: float = Field(default=0.0, ge=0)
    l2: float = Field(default=0.0, ge=0)

    @property
    def active(self) -> bool:
        """Whether the penalty can be other than 0."""
        return self.l1 != 0 or self.l2 != 0


NO_PENALTY = Penalty()


class ShapeError(ValueError):
    """A layer does not fit the shape that it is given; the message says what was expected."""


@dataclass(frozen=True)
class ParameterRule:
    """One parameter that a layer has for a given input shape."""

    leaf: str
    shape: Sizes
    initializer: Initializer
    role: Role = "trainable"
    dtype: Literal["float", "integer"] = "float"
    fan_in: int = 1
    fan_out: int = 1
    penalty: Penalty = NO_PENALTY
    zero_row: int | None = None
    """The row of a table that begins at 0, whatever the initializer draws."""
    own: bool = False
    """Whether a block that is reused has one for each use, as the steps of a dropout."""
    constraint: Constraint | None = None

    def __post_init__(self) -> None:
        complaint = "" if self.constraint is None else self.constraint.complaint(self.shape)
        if complaint:
            raise ShapeError(f"{self.constraint and self.constraint.kind} of {self.leaf}: {complaint}")


@dataclass(frozen=True)
class Signature:
    """The output shape of a layer, and its parameters."""

    shape: Shape
    parameters: tuple[ParameterRule, ...] = ()


def window_output(size: Shape, window: Sizes, strides: Sizes, padding: str) -> Shape:
    """Return the spatial output size: `same` ceil(n/s), `valid` floor((n-k)/s)+1; a size not known stays so.

    Raises:
        ShapeError: a window does not fit without padding.
    """
    if padding == "same":
        return tuple(None if n is None else -(-n // s) for n, s in zip(size, strides, strict=True))
    if any(n is not None and k > n for n, k in zip(size, window, strict=True)):
        raise ShapeError(
            f"a window of {window} does not fit into {written(size)} with padding 'valid'; pad with 'same'"
        )
    each = zip(size, window, strides, strict=True)
    return tuple(None if n is None else (n - k) // s + 1 for n, k, s in each)


def expect_rank(shape: Shape, rank: int, axes: str) -> None:
    """Raise unless `shape` has `rank` axes.

    Raises:
        ShapeError: it has another number.
    """
    if len(shape) != rank:
        raise ShapeError(f"expected the shape {axes}, found {written(shape)}")


def elements(shape: Shape) -> int:
    """Return the number of elements of one example.

    Raises:
        ShapeError: a size is not known.
    """
    return prod(known(shape))


def known(shape: Shape) -> Sizes:
    """Return `shape`, of which every size has to be known.

    Raises:
        ShapeError: one is not.
    """
    sizes = tuple(size for size in shape if size is not None)
    if len(sizes) < len(shape):
        raise ShapeError(
            f"a size of {written(shape)} varies with the data, and here every size has to be known; "
            "use a layer that takes any length before, such as a global pool"
        )
    return sizes


def channels(shape: Shape) -> int:
    """Return the size of the last axis.

    Raises:
        ShapeError: there is none, or it varies with the data.
    """
    if not shape or shape[-1] is None:
        raise ShapeError(
            f"expected a last axis of known size, found {written(shape)}; give the input a shape such as [1]"
        )
    return shape[-1]


def fits(sizes: Sizes, shape: Shape) -> bool:
    """Return whether an array of `sizes` is one of `shape`."""
    return len(sizes) == len(shape) and all(n in (None, size) for size, n in zip(sizes, shape, strict=True))


def written(shape: Shape) -> str:
    """Return a shape as a document says it: (null, 3)."""
    return f"({', '.join('null' if size is None else str(size) for size in shape)}{',' * (len(shape) == 1)})"
