"""Attention: every position takes, of all that count, what fits it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, TypeVar

from pydantic import Field

from mtlspec.spec import initializers
from mtlspec.spec.initializers import GlorotUniform, Initializer, Zeros
from mtlspec.spec.law import law
from mtlspec.spec.layer import Layer, Name, Positive
from mtlspec.spec.signature import (
    ParameterRule,
    Penalty,
    Shape,
    ShapeError,
    Signature,
    channels,
    expect_rank,
    written,
)
from mtlspec.spec.value import problem, raise_problems

Read = TypeVar("Read")
Fans = tuple[int, int]


def told_apart(x: Read, others: Sequence[Read], *, masked: bool) -> tuple[Read, Read, Read | None]:
    """Return memory, values and mask of an attention: by default x, the memory, and none."""
    mask = others[-1] if masked else None
    named = others[:-1] if masked else others
    memory = named[0] if len(named) > 0 else x
    return memory, named[1] if len(named) > 1 else memory, mask


class Attending(Layer):
    """What every layer with attention in it has."""

    heads: Positive
    mask: Name | None = None
    """The tensor (S) that is 0 where a position of the memory does not count, and 1 where it does."""
    causal: bool = False
    """Whether position t sees no position of the memory after t."""
    masked_rows: Literal["zero", "uniform"] = law(published="zero", keras="uniform", torch="zero")
    """The weights of a position that sees none: 0, or 1/S for all, masked ones too; no gradient reaches q and k."""
    output_initializer: Initializer = law(published="glorot_uniform", keras="glorot_uniform", torch="fan_in_uniform")
    fans: Literal["matrix", "heads", "packed"] = law(published="matrix", keras="heads", torch="packed")
    """Fan in and out of the kernels: `matrix` those of (in, heads·units of a head); `heads` those of a kernel with
    three axes, of which Keras takes the first for a window; `packed` (in, 3·in) where query, key and value have the
    shape (in, in), as PyTorch packs these three, and those of `matrix` elsewhere."""


class Attention(Attending):
    """softmax(q·kᵀ / sqrt(key_units))·v for each head, all heads projected (Vaswani et al. 2017, section 3.2).

    x (T, features), memory (S, its features), output (T, units). q = x·query_kernel + query_bias, k of the memory and
    v of the values in the same way. Kernels of query, key and value are (features, heads, units of a head), biases
    (heads, units of a head); output_kernel (heads, value_units, units), output_bias (units). A key bias adds one number
    to all scores of a position, which the softmax takes out again: its gradient is 0, and what a framework finds there
    is rounding, which Adam turns into a walk. It is held, and not trained.
    """

    kind: Literal["attention"] = "attention"
    key_units: Positive | None = None
    """For each head; by default features / heads."""
    value_units: Positive | None = None
    """For each head; by default `key_units`."""
    units: Positive | None = None
    """Of the output; by default the features of x."""
    memory: Name | None = None
    """What keys and values are made of (S, features); by default x itself."""
    values: Name | None = None
    """What values are made of (S, features); by default the memory."""
    dropout: float = Field(default=0.0, ge=0, lt=1)
    """The rate at which weights (heads, T, S) are dropped in training, by the hash of the dropout layer."""
    bias: bool = True
    kernel_initializer: Initializer = GlorotUniform()
    bias_initializer: Initializer = Zeros()
    kernel_penalty: Penalty = Penalty()
    bias_penalty: Penalty = Penalty()

    def model_post_init(self, context: object) -> None:
        """Refuse values without a memory."""
        if self.values is not None and self.memory is None:
            message = "values of their own need keys of their own: name the `memory`, too"
            raise_problems("Attention", [problem(message, ("values",), self.values)])

    @property
    def also(self) -> tuple[str, ...]:
        return tuple(name for name in (self.memory, self.values, self.mask) if name is not None)

    @property
    def drops(self) -> bool:
        return self.dropout > 0

    def signature(self, shape: Shape) -> Signature:
        return self.signature_with(shape)

    def signature_with(self, shape: Shape, *others: Shape) -> Signature:
        memory, values, mask = told_apart(shape, others, masked=self.mask is not None)
        for read in (shape, memory, values):
            expect_rank(read, 2, "(positions, features)")
        self._expect_length("values", self.values, values[:1], memory)
        if mask is not None:
            self._expect_length("mask", self.mask, mask, memory)
        step = ParameterRule("step", (), initializers.Zeros(), role="statistic", dtype="integer", own=True)
        rules = tuple(self._rules(channels(shape), channels(memory), channels(values)))
        return Signature((shape[0], self.units or channels(shape)), (*rules, step) if self.drops else rules)

    def _expect_length(self, what: str, name: str | None, found: Shape, memory: Shape) -> None:
        if len(found) != 1 or (found[0] != memory[0] and None not in (found[0], memory[0])):
            wanted = written(memory[:1])
            raise ShapeError(
                f"the {what} {name!r} need one entry for each position of the memory, {wanted}, found "
                f"{written(found)}; take the one that belongs to it"
            )

    def head_units(self, features: int) -> tuple[int, int]:
        """Return the units of a head for keys and for values, where x has `features`.

        Raises:
            ShapeError: the features cannot be shared out among the heads, and the document does not say the units.
        """
        if self.key_units is None and features % self.heads:
            raise ShapeError(
                f"{features} features cannot be shared out among {self.heads} heads; give `key_units:`, or a number of "
                "heads that divides them"
            )
        keys = self.key_units or features // self.heads
        return keys, self.value_units or keys

    def _rules(self, features: int, of_memory: int, of_values: int) -> Iterator[ParameterRule]:
        keys, values = self.head_units(features)
        units, heads = self.units or features, self.heads
        square = {features, of_memory, of_values, units, heads * keys, heads * values} == {features}
        sides = (("query", features, keys), ("key", of_memory, keys), ("value", of_values, values))
        for name, size, own in sides:
            fans = self._fans(size, own, packed=square)
            yield from self._projection(name, (size, heads, own), (heads, own), self.kernel_initializer, fans)
        fans = (heads * values, heads * units if self.fans == "heads" else units)
        yield from self._projection("output", (heads, values, units), (units,), self.output_initializer, fans)

    def _fans(self, features: int, own: int, *, packed: bool) -> Fans:
        if self.fans == "heads":
            return features * self.heads, features * own
        return features, 3 * features if packed and self.fans == "packed" else self.heads * own

    def _projection(
        self, name: str, kernel: tuple[int, ...], bias: tuple[int, ...], initializer: Initializer, fans: Fans
    ) -> Iterator[ParameterRule]:
        fan_in, fan_out = fans
        yield ParameterRule(
            f"{name}_kernel", kernel, initializer, fan_in=fan_in, fan_out=fan_out, penalty=self.kernel_penalty
        )
        if self.bias:
            yield ParameterRule(
                f"{name}_bias",
                bias,
                self.bias_initializer,
                role="constant" if name == "key" else "trainable",
                fan_in=fan_in,
                fan_out=fan_out,
                penalty=self.bias_penalty,
            )
