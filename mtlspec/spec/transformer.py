"""Transformers: blocks of attention and feed-forward layers, each around itself by a residual."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from mtlspec.spec.activations import Activation, Linear, Relu
from mtlspec.spec.attention import Attending, Attention
from mtlspec.spec.initializers import Initializer
from mtlspec.spec.law import law
from mtlspec.spec.layer import Branched, Chained, Layer, Positive
from mtlspec.spec.layers import Dense, Dropout
from mtlspec.spec.normalizations import LayerNormalization
from mtlspec.spec.signature import Shape, ShapeError, Signature, channels, expect_rank, written


class Sublayer(Branched):
    """x + layers(x), as a transformer has it."""

    kind: Literal["transformer_encoder"] = "transformer_encoder"
    layers: tuple[Layer, ...]
    hint: ClassVar[str] = "give `units:` the size of the last axis of what it reads"

    @property
    def branches(self) -> tuple[tuple[str, tuple[Layer, ...]], ...]:
        return (("layers", self.layers), ("shortcut", ()))


class TransformerEncoder(Attending, Chained):
    """a = normalized(x + attention(x)); normalized(a + feed_forward(a)) (Vaswani et al. 2017, section 3.1).

    feed_forward(a) = activation(a·kernel + bias)·kernel + bias; normalized is a layer normalization. With
    `normalization: before` a = x + attention(normalized(x)); a + feed_forward(normalized(a)) (Xiong et al. 2020).
    """

    kind: Literal["transformer_encoder"] = "transformer_encoder"
    units: Positive
    """The features of what it reads, and of what it makes."""
    feed_forward_units: Positive
    activation: Activation = Relu()
    normalization: Literal["before", "after"] = "after"
    epsilon: float = law(published=1e-5, keras=1e-3, torch=1e-5, gt=0)
    """Of both normalizations."""
    dropout: float = Field(default=0.0, ge=0, lt=1)
    """The rate after attention, and after the feed-forward layers (the paper's is 0.1)."""
    attention_dropout: float = Field(default=0.0, ge=0, lt=1)
    """The rate of the weights of attention (PyTorch's layer has its one rate here, too)."""
    activation_dropout: float = Field(default=0.0, ge=0, lt=1)
    """The rate between the feed-forward layers (PyTorch's layer has its one rate here, too)."""
    kernel_initializer: Initializer = law(published="glorot_uniform", keras="glorot_uniform", torch="fan_in_uniform")
    """Of the feed-forward layers."""
    bias_initializer: Initializer = law(published="zeros", keras="zeros", torch="fan_in_uniform")
    """Of the feed-forward layers."""

    @property
    def parts(self) -> tuple[tuple[str, Layer], ...]:
        sublayers = (("attention", (self._attention(),)), ("feed_forward", self._feed_forward()))
        after = _dropout(self.dropout)
        if self.normalization == "before":
            return tuple((name, Sublayer(layers=(self._normalized(), *own, *after))) for name, own in sublayers)
        found: list[tuple[str, Layer]] = []
        for name, own in sublayers:
            found.append((name, Sublayer(layers=(*own, *after))))
            found.append((f"{name}_normalization", self._normalized()))
        return tuple(found)

    def signature(self, shape: Shape) -> Signature:
        expect_rank(shape, 2, "(positions, units)")
        if channels(shape) != self.units:
            raise ShapeError(f"expected {self.units} units, found {written(shape)}; give `units:` the last of these")
        return Signature(shape)

    def _attention(self) -> Layer:
        common = {name: getattr(self, name) for name in Attending.model_fields if name != "kind"}
        return Attention(dropout=self.attention_dropout, units=self.units, **common)

    def _feed_forward(self) -> tuple[Layer, ...]:
        first, second = (
            Dense(
                units=units,
                activation=activation,
                kernel_initializer=self.kernel_initializer,
                bias_initializer=self.bias_initializer,
            )
            for units, activation in ((self.feed_forward_units, self.activation), (self.units, Linear()))
        )
        return (first, *_dropout(self.activation_dropout), second)

    def _normalized(self) -> Layer:
        return LayerNormalization(epsilon=self.epsilon)


def _dropout(rate: float) -> tuple[Layer, ...]:
    return (Dropout(rate=rate),) if rate else ()


Layer.admit(TransformerEncoder)
