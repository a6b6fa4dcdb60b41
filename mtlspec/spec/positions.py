"""Positions: what tells a layer that reads a set of vectors where each of them stands."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import Field

from mtlspec.spec.initializers import Initializer, Zeros
from mtlspec.spec.law import law
from mtlspec.spec.layer import Layer, Positive
from mtlspec.spec.signature import ParameterRule, Shape, ShapeError, Signature, channels, expect_rank, written


class LearnedPositions(Layer):
    """x + table[:T]; x (T, units), table (length, units) (Gehring et al. 2017, section 3.1)."""

    kind: Literal["learned_positions"] = "learned_positions"
    length: Positive
    """The largest number of positions; a longer example is an error."""
    initializer: Initializer = law(
        published={"kind": "normal", "standard_deviation": 1.0},
        keras="uniform",
        torch={"kind": "normal", "standard_deviation": 1.0},
    )
    """As that of an embedding, which frameworks take for the table; its fan in is `length`."""

    def signature(self, shape: Shape) -> Signature:
        expect_rank(shape, 2, "(positions, units)")
        if shape[0] is not None and shape[0] > self.length:
            raise ShapeError(f"{shape[0]} positions do not fit into a table of length {self.length}; make it longer")
        units = channels(shape)
        rule = ParameterRule("table", (self.length, units), self.initializer, fan_in=self.length, fan_out=units)
        return Signature(shape, (rule,))


class SinusoidalPositions(Layer):
    """x + p, p of sin(t·rate_i) and cos(t·rate_i), rate_i = base^(-2i / units) (Vaswani et al. 2017, section 3.5).

    x (T, units), t = 0, 1, ...; i = 0, ..., units/2 - 1.
    """

    kind: Literal["sinusoidal_positions"] = "sinusoidal_positions"
    arrangement: Literal["interleaved", "halves"] = "interleaved"
    """`interleaved`: sin at 2i, cos at 2i + 1 (the paper); `halves`: all sines, then all cosines (tensor2tensor)."""
    slowest: Literal["above_base", "base"] = "above_base"
    """`above_base`: the paper's rates, whose slowest stays above 1 / base; `base`: rate_i = base^(-i / (units/2 - 1)),
    whose slowest is 1 / base (tensor2tensor, fairseq)."""
    base: float = Field(default=10000.0, gt=0)

    def signature(self, shape: Shape) -> Signature:
        expect_rank(shape, 2, "(positions, units)")
        if channels(shape) % 2:
            raise ShapeError(f"expected an even number of units, a sine and a cosine each, found {written(shape)}")
        return Signature(shape)

    def rates(self, units: int) -> tuple[float, ...]:
        """Return rate_i for `units`."""
        pairs = units // 2
        steps = max(pairs - 1, 1) if self.slowest == "base" else pairs
        return tuple(math.pow(self.base, -i / steps) for i in range(pairs))


class Scale(Layer):
    """x·by."""

    kind: Literal["scale"] = "scale"
    by: float | Literal["root_of_units"]
    """A number, or the square root of the size of the last axis (Vaswani et al. 2017, section 3.4, for embeddings)."""

    def signature(self, shape: Shape) -> Signature:
        if self.by == "root_of_units":
            channels(shape)
        return Signature(shape)

    def factor(self, shape: Shape) -> float:
        """Return what examples of `shape` are multiplied by."""
        return math.sqrt(channels(shape)) if self.by == "root_of_units" else self.by


class ClassToken(Layer):
    """token, then x, along the positions; x (T, units), token (units), output (1 + T, units) (Devlin et al. 2019)."""

    kind: Literal["class_token"] = "class_token"
    initializer: Initializer = Zeros()
    """Zeros as Dosovitskiy et al. (2021); its fans are 1 and units."""

    def signature(self, shape: Shape) -> Signature:
        expect_rank(shape, 2, "(positions, units)")
        units = channels(shape)
        rule = ParameterRule("token", (units,), self.initializer, fan_out=units)
        return Signature((_one_more(shape[0]), units), (rule,))


class ClassTokenMask(Layer):
    """1, then the mask; mask (T), output (1 + T): that of a sequence after its class token."""

    kind: Literal["class_token_mask"] = "class_token_mask"

    def signature(self, shape: Shape) -> Signature:
        expect_rank(shape, 1, "(positions)")
        return Signature((_one_more(shape[0]),))


def _one_more(length: int | None) -> int | None:
    return None if length is None else length + 1
