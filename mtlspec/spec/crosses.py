"""Feature crosses: the products of features that ranking models are made of."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from mtlspec.spec.initializers import Initializer
from mtlspec.spec.law import law
from mtlspec.spec.layer import CHAIN_START, Chained, Layer, Name, Positive
from mtlspec.spec.signature import ParameterRule, Penalty, Shape, ShapeError, Signature, channels, expect_rank, written


class DotProduct(Layer):
    """Σ_u x_u·y_u over the last axis, x the tensor before it, y the one that it names; output (..., 1).

    `normalize`: of x / sqrt(max(Σ x², epsilon)) and y likewise, the cosine of the two (as Keras' `Dot`); where the
    maximum is epsilon, it is a constant.
    """

    kind: Literal["dot_product"] = "dot_product"
    other: Name
    """The input or block of y, of the same shape."""
    normalize: bool = False
    epsilon: float = Field(default=1e-12, gt=0)

    @property
    def also(self) -> tuple[str, ...]:
        return (self.other,)

    def signature_with(self, shape: Shape, *others: Shape) -> Signature:
        channels(shape)
        if others != (shape,):
            found = ", ".join(map(written, others))
            raise ShapeError(f"expected {self.other!r} of the same shape {written(shape)}, found {found}")
        return Signature((*shape[:-1], 1))


class DotInteraction(Layer):
    """Σ_u x_i,u·x_j,u for each pair of fields i > j, row by row: (1, 0), (2, 0), (2, 1), ... (Naumov et al. 2019).

    x (fields, units), output (fields·(fields - 1) / 2), or with `itself` the pairs i = j, too: (0, 0), (1, 0), (1, 1).
    """

    kind: Literal["dot_interaction"] = "dot_interaction"
    itself: bool = False
    """Whether a field is multiplied with itself, too."""

    def signature(self, shape: Shape) -> Signature:
        fields = _fields(shape, least=1 if self.itself else 2)
        return Signature((fields * (fields + 1) // 2 if self.itself else fields * (fields - 1) // 2,))


class FactorizationMachine(Layer):
    """½·((Σ_i x_i)² - Σ_i x_i²), the sum of the products of all pairs of fields (Rendle 2010, lemma 3.1).

    x (fields, units); output (units), or the sum over the units (1).
    """

    kind: Literal["factorization_machine"] = "factorization_machine"
    pooled: bool = True
    """Whether the units are summed (Rendle's second-order term), or kept (the bi-interaction of He and Chua 2017)."""

    def signature(self, shape: Shape) -> Signature:
        _fields(shape, least=1)
        return Signature((1,) if self.pooled else (channels(shape),))


class Cross(Layer):
    """x_0 ⊙ (x·kernel + bias) + x, of which x_0 is the tensor that it names (Wang et al. 2021, equation 1).

    With `rank` r, kernel (n, n) is down·up, (n, r) and (r, n) (equation 2).
    """

    kind: Literal["cross"] = "cross"
    start: Name
    """The input or block of x_0."""
    rank: Positive | None = None
    bias: bool = True
    kernel_initializer: Initializer = law(published="glorot_uniform", keras="glorot_uniform", torch="fan_in_uniform")
    bias_initializer: Initializer = law(published="zeros", keras="zeros", torch="fan_in_uniform")
    kernel_penalty: Penalty = Penalty()
    """Of the kernel, or of both of its factors."""

    @property
    def also(self) -> tuple[str, ...]:
        return (self.start,)

    def signature_with(self, shape: Shape, *others: Shape) -> Signature:
        size = channels(shape)
        if others != (shape,):
            found = ", ".join(map(written, others))
            raise ShapeError(f"expected {self.start!r} of the same shape {written(shape)}, found {found}")
        sizes = {"kernel": (size, size)}
        if self.rank is not None:
            sizes = {"down": (size, self.rank), "up": (self.rank, size)}
        kernels = [
            ParameterRule(leaf, s, self.kernel_initializer, fan_in=s[0], fan_out=s[1], penalty=self.kernel_penalty)
            for leaf, s in sizes.items()
        ]
        fan_in = self.rank or size
        bias = ParameterRule("bias", (size,), self.bias_initializer, fan_in=fan_in, fan_out=size)
        return Signature(shape, (*kernels, *(bias,) * self.bias))


class CrossNetwork(Chained):
    """`depth` crosses one after the other, each with what came before the first for x_0 (DCN v2, Wang et al. 2021)."""

    kind: Literal["cross_network"] = "cross_network"
    depth: Positive
    rank: Positive | None = None
    bias: bool = True
    kernel_initializer: Initializer = law(published="glorot_uniform", keras="glorot_uniform", torch="fan_in_uniform")
    bias_initializer: Initializer = law(published="zeros", keras="zeros", torch="fan_in_uniform")
    kernel_penalty: Penalty = Penalty()

    @property
    def parts(self) -> tuple[tuple[str, Layer], ...]:
        cross = Cross(
            start=CHAIN_START,
            rank=self.rank,
            bias=self.bias,
            kernel_initializer=self.kernel_initializer,
            bias_initializer=self.bias_initializer,
            kernel_penalty=self.kernel_penalty,
        )
        return tuple((f"layers[{index}]", cross) for index in range(self.depth))


def _fields(shape: Shape, *, least: int) -> int:
    expect_rank(shape, 2, "(fields, units)")
    fields = shape[0]
    if fields is None:
        raise ShapeError(f"expected a known number of fields, found {written(shape)}")
    if fields < least:
        raise ShapeError(f"expected at least {least} fields, found {written(shape)}")
    channels(shape)
    return fields
