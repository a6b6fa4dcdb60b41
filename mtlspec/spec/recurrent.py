"""Recurrent layers: the state after each step of a sequence, or after the last one.

x (steps, in) goes through one step after the other, from a state of zeros on. A step is written with the gates side by
side, in the order that each layer names: kernel (in, gates·units), recurrent_kernel (units, gates·units), bias
(gates·units) and, with two biases, recurrent_bias (gates·units), which is added to h·recurrent_kernel. Where a `mask`
is 0 a step is left out: the state stays, holes and whole examples included. Dropout inside a step is not part of it.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from mtlspec.spec.activations import Activation, Sigmoid, Tanh
from mtlspec.spec.initializers import FanInUniform, Initializer
from mtlspec.spec.law import law
from mtlspec.spec.layer import Branched, Chained, Layer, Merge, Name, Positive
from mtlspec.spec.signature import ParameterRule, Penalty, Shape, ShapeError, Signature, channels, expect_rank, written
from mtlspec.spec.value import problem, raise_problems


class Recurrent(Layer):
    """h = step(x, h) from step to step; what all recurrent layers have."""

    gates: ClassVar[int]
    """How many blocks of `units` columns a kernel has."""
    units: Positive
    returns: Literal["last", "sequence"] = "last"
    """The state after the last step that counts (units), or after each step (steps, units)."""
    direction: Literal["forward", "backward"] = "forward"
    """`backward` reads the last step first; the state after reading step t still stands at t (PyTorch's order;
    Keras's `go_backwards` gives the sequence the other way round), and `last` is the state after step 0."""
    mask: Name | None = None
    """An input or block of shape (steps): a step where it is 0 is left out."""
    masked_outputs: Literal["repeat", "zero"] = law(published="repeat", keras="repeat", torch="zero")
    """What a sequence has at a step that is left out: the state, which is as before it, or 0 (PyTorch's packing)."""
    state_activation: Activation = Tanh()
    kernel_initializer: Initializer = law(published="glorot_uniform", keras="glorot_uniform", torch="fan_in_uniform")
    """`fan_in_uniform` takes `units` for its fan in, as PyTorch does; others take in."""
    recurrent_initializer: Initializer = law(published="glorot_uniform", keras="glorot_uniform", torch="fan_in_uniform")
    bias_initializer: Initializer = law(published="zeros", keras="zeros", torch="fan_in_uniform")
    recurrent_bias_initializer: Initializer = law(published="zeros", keras="zeros", torch="fan_in_uniform")
    kernel_penalty: Penalty = Penalty()
    recurrent_penalty: Penalty = Penalty()
    bias_penalty: Penalty = Penalty()
    """Of each bias."""
    biases: Literal["none", "one", "two"] = law(published="one", keras="one", torch="two")
    """Two biases that are only ever added move twice as far in a step as one does."""

    @property
    def also(self) -> tuple[str, ...]:
        return () if self.mask is None else (self.mask,)

    def signature(self, shape: Shape) -> Signature:
        expect_rank(shape, 2, "(steps, channels)")
        parameters = tuple(self._parameters(channels(shape)))
        return Signature((*shape[:1], self.units) if self.returns == "sequence" else (self.units,), parameters)

    def signature_with(self, shape: Shape, *others: Shape) -> Signature:
        signature = self.signature(shape)
        for mask in others:
            if mask != shape[:1]:
                raise ShapeError(
                    f"expected one number for each step in {self.mask!r}, {written(shape[:1])}, found {written(mask)}"
                )
        return signature

    def _parameters(self, inputs: int) -> list[ParameterRule]:
        wide, units = self.gates * self.units, self.units
        fan_in = units if isinstance(self.kernel_initializer, FanInUniform) else inputs
        kernel, recurrent = self.kernel_initializer, self.recurrent_initializer
        biases = {"bias": self.bias_initializer, "recurrent_bias": self.recurrent_bias_initializer}
        count = ("none", "one", "two").index(self.biases)
        return [
            ParameterRule("kernel", (inputs, wide), kernel, fan_in=fan_in, fan_out=wide, penalty=self.kernel_penalty),
            ParameterRule(
                "recurrent_kernel", (units, wide), recurrent, fan_in=units, fan_out=wide, penalty=self.recurrent_penalty
            ),
            *(
                ParameterRule(leaf, (wide,), initializer, fan_in=units, fan_out=wide, penalty=self.bias_penalty)
                for leaf, initializer in list(biases.items())[:count]
            ),
        ]


class SimpleRnn(Recurrent):
    """h' = state_activation(x·kernel + h·recurrent_kernel + bias) (Elman 1990)."""

    kind: Literal["simple_rnn"] = "simple_rnn"
    gates: ClassVar[int] = 1


class Lstm(Recurrent):
    """h' = o·state_activation(c'), c' = f·c + i·g (Hochreiter and Schmidhuber 1997, Gers et al. 2000).

    i, f, g, o are the gates in this order (Keras calls g `c`), parts of x·kernel + h·recurrent_kernel + bias:
    gate_activation of i, f and o, state_activation of g. The cell c begins at 0, as h.
    """

    kind: Literal["lstm"] = "lstm"
    gates: ClassVar[int] = 4
    gate_activation: Activation = Sigmoid()
    bias_initializer: Initializer = law(published="unit_forget", keras="unit_forget", torch="fan_in_uniform")


class Gru(Recurrent):
    """h' = z·h + (1 - z)·g (Cho et al. 2014), gates z, r, g in this order (PyTorch: r, z, n).

    With W, U and b the columns of kernel, recurrent_kernel and bias that belong to a gate,
    z = gate_activation(x·W + h·U + b), r alike, g = state_activation(x·W + b + (r·h)·U), reset before; or
    g = state_activation(x·W + b + r·(h·U + b')), reset after, b' the recurrent bias, which the reset gate scales too.
    """

    kind: Literal["gru"] = "gru"
    gates: ClassVar[int] = 3
    gate_activation: Activation = Sigmoid()
    reset: Literal["before", "after"] = law(published="before", keras="after", torch="after")
    """Whether r scales the state before the product with the recurrent kernel (the paper), or the product (cuDNN)."""
    biases: Literal["none", "one", "two"] = law(published="one", keras="two", torch="two")
    """Two biases that are only ever added move twice as far in a step as one does."""


class Bidirectional(Branched):
    """merge(layer forward, layer backward), with parameters of their own (Schuster and Paliwal 1997).

    Each `last` is the state after all steps of its direction: the backward one has read the sequence down to step 0.
    (The backward half of a sequence's last step has read one step alone, and is what is often taken for it.)
    """

    kind: Literal["bidirectional"] = "bidirectional"
    layer: Layer
    """A recurrent layer; its direction is left out."""
    merge: Merge = "concatenate"

    def model_post_init(self, context: object) -> None:
        """Refuse a layer that has no direction, or has one already."""
        if not isinstance(self.layer, Recurrent):
            message = f"expected a recurrent layer ({', '.join(_kinds())}), found {self.layer.kind}"
            raise_problems("Bidirectional", [problem(message, ("layer",))])
        elif self.layer.direction == "backward":
            message = "it goes in both directions; leave the direction of its layer out"
            raise_problems("Bidirectional", [problem(message, ("layer", "direction"), "backward")])

    @property
    def branches(self) -> tuple[tuple[str, tuple[Layer, ...]], ...]:
        backward = self.layer.model_copy(update={"direction": "backward"})
        return (("forward", (self.layer,)), ("backward", (backward,)))

    @property
    def joined_by(self) -> Merge:
        return self.merge

    def signature(self, shape: Shape) -> Signature:
        one = self.layer.signature(shape).shape
        return Signature((*one[:-1], 2 * channels(one)) if self.merge == "concatenate" else one)


class StackedRecurrent(Chained):
    """`depth` layers of one form, one after the other (PyTorch's `num_layers`); all but the last give sequences."""

    kind: Literal["stacked_recurrent"] = "stacked_recurrent"
    layer: Layer
    """A recurrent or bidirectional layer; what it returns is what the last one returns."""
    depth: Positive = Field(default=2, le=64)

    def model_post_init(self, context: object) -> None:
        """Refuse a layer that is not recurrent."""
        if not isinstance(self.layer, Recurrent | Bidirectional):
            known = ", ".join((*_kinds(), "bidirectional"))
            message = f"expected a recurrent layer ({known}), found {self.layer.kind}"
            raise_problems("StackedRecurrent", [problem(message, ("layer",))])

    @property
    def parts(self) -> tuple[tuple[str, Layer], ...]:
        before = [_of_sequences(self.layer)] * (self.depth - 1)
        return tuple((f"layers[{index}]", layer) for index, layer in enumerate((*before, self.layer)))

    def signature(self, shape: Shape) -> Signature:
        for layer in self.inside:
            shape = layer.signature(shape).shape
        return Signature(shape)


def _of_sequences(layer: Layer) -> Layer:
    if isinstance(layer, Bidirectional):
        return layer.model_copy(update={"layer": _of_sequences(layer.layer)})
    return layer.model_copy(update={"returns": "sequence"})


def _kinds() -> tuple[str, ...]:
    return tuple(kind.model_fields["kind"].default for kind in (SimpleRnn, Lstm, Gru))
