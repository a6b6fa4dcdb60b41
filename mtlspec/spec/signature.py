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
"""Trained by an optimizer; written by a training pass; neither: adapted to the data once, or without a gradient."""


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


Ends = tuple[int, int]
"""Places before an axis, and after it."""


@dataclass(frozen=True)
class Window:
    """A window that moves over a sequence or an image; each field by axis."""

    size: Sizes
    strides: Sizes
    dilation: Sizes
    """The distance of neighbouring elements of the window; 1 in a window without gaps."""
    padding: str | tuple[Ends, ...] = "valid"
    """`same`, `valid`, `causal`, or how many places there are before and after each axis."""

    @property
    def reach(self) -> Sizes:
        """The places from the first element of the window to its last, both counted."""
        return tuple((k - 1) * d + 1 for k, d in zip(self.size, self.dilation, strict=True))

    def output(self, size: Shape) -> Shape:
        """Return the size of what the window makes: `same` and `causal` ceil(n/s), else floor((n-reach)/s)+1.

        In numbers, n counts the border. A size that is not known stays so.

        Raises:
            ShapeError: the window does not fit.
        """
        if self.padding in ("same", "causal"):
            return tuple(None if n is None else -(-n // s) for n, s in zip(size, self.strides, strict=True))
        padded = size if isinstance(self.padding, str) else bordered(size, self.padding)
        each = list(zip(padded, self.reach, self.strides, strict=True))
        if any(n is not None and k > n for n, k, _ in each):
            raise ShapeError(self._misfit(size))
        return tuple(None if n is None else (n - k) // s + 1 for n, k, s in each)

    def _misfit(self, size: Shape) -> str:
        apart = "" if self.reach == self.size else f", with gaps {self.reach},"
        padding = repr(self.padding) if isinstance(self.padding, str) else self.padding
        return (
            f"a window of {self.size}{apart} does not fit into {written(size)} with padding {padding}; pad with 'same'"
        )

    def transposed(self, size: Shape) -> Shape:
        """Return the size of what the transposed convolution makes.

        `same` n·s, `valid` (n-1)·s + max(k, s), in numbers (n-1)·s + k - before - after.

        Raises:
            ShapeError: nothing is left.
        """
        axes = list(zip(size, self.reach, self.strides, strict=True))
        if self.padding == "same":
            return tuple(None if n is None else n * s for n, _, s in axes)
        if isinstance(self.padding, str):
            return tuple(None if n is None else (n - 1) * s + max(k, s) for n, k, s in axes)
        return cut(tuple(None if n is None else (n - 1) * s + k for n, k, s in axes), self.padding)


def bordered(size: Shape, border: tuple[Ends, ...]) -> Shape:
    """Return a size with its border."""
    return tuple(None if n is None else n + sum(ends) for n, ends in zip(size, border, strict=True))


def cut(size: Shape, ends: tuple[Ends, ...]) -> Shape:
    """Return a size without its ends.

    Raises:
        ShapeError: nothing is left.
    """
    left = tuple(None if n is None else n - sum(each) for n, each in zip(size, ends, strict=True))
    if any(n is not None and n < 1 for n in left):
        raise ShapeError(f"of {written(size)} places {ends} are cut off, which leaves {written(left)}; cut off less")
    return left


def multiplied(size: Shape, factors: Sizes) -> Shape:
    """Return a size, each axis so many times as long."""
    return tuple(None if n is None else n * factor for n, factor in zip(size, factors, strict=True))


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


def filled(shape: Shape, size: int) -> Sizes:
    """Return `shape` with `size` wherever the data chooses one."""
    return tuple(size if each is None else each for each in shape)


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
