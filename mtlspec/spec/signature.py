"""Signatures: what a layer makes of a shape, and which parameters it has."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Literal

from pydantic import Field

from mtlspec.spec.initializers import Initializer
from mtlspec.spec.value import Value

Shape = tuple[int, ...]
"""The shape of one example, channels last, without the batch axis."""

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
    shape: Shape
    initializer: Initializer
    role: Role = "trainable"
    dtype: Literal["float", "integer"] = "float"
    fan_in: int = 1
    fan_out: int = 1
    penalty: Penalty = NO_PENALTY


@dataclass(frozen=True)
class Signature:
    """The output shape of a layer, and its parameters."""

    shape: Shape
    parameters: tuple[ParameterRule, ...] = ()


def window_output(size: Shape, window: Shape, strides: Shape, padding: str) -> Shape:
    """Return the spatial output size: `same` ceil(n/s), `valid` floor((n-k)/s)+1.

    Raises:
        ShapeError: a window does not fit without padding.
    """
    if padding == "same":
        return tuple(-(-n // s) for n, s in zip(size, strides, strict=True))
    if any(k > n for n, k in zip(size, window, strict=True)):
        raise ShapeError(f"a window of {window} does not fit into {size} with padding 'valid'; pad with 'same'")
    return tuple((n - k) // s + 1 for n, k, s in zip(size, window, strides, strict=True))


def expect_rank(shape: Shape, rank: int, axes: str) -> None:
    """Raise unless `shape` has `rank` axes.

    Raises:
        ShapeError: it has another number.
    """
    if len(shape) != rank:
        raise ShapeError(f"expected the shape {axes}, found {shape}")


def elements(shape: Shape) -> int:
    """Return the number of elements of one example."""
    return prod(shape)
