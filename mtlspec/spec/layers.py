"""Layers: each is its fields, its laws and its shape rule; the family's members stand at the end."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from mtlspec.spec import initializers
from mtlspec.spec.activations import Activation, Linear
from mtlspec.spec.attention import Attention as Attention
from mtlspec.spec.constraints import Constraint
from mtlspec.spec.convolutions import Conv1d as Conv1d
from mtlspec.spec.convolutions import Conv2d as Conv2d
from mtlspec.spec.convolutions import Convolution as Convolution
from mtlspec.spec.convolutions import DepthwiseConv1d as DepthwiseConv1d
from mtlspec.spec.convolutions import DepthwiseConv2d as DepthwiseConv2d
from mtlspec.spec.convolutions import SeparableConv1d as SeparableConv1d
from mtlspec.spec.convolutions import SeparableConv2d as SeparableConv2d
from mtlspec.spec.convolutions import TransposedConv1d as TransposedConv1d
from mtlspec.spec.convolutions import TransposedConv2d as TransposedConv2d
from mtlspec.spec.crosses import Cross as Cross
from mtlspec.spec.crosses import CrossNetwork as CrossNetwork
from mtlspec.spec.crosses import DotInteraction as DotInteraction
from mtlspec.spec.crosses import DotProduct as DotProduct
from mtlspec.spec.crosses import FactorizationMachine as FactorizationMachine
from mtlspec.spec.embeddings import Embedding as Embedding
from mtlspec.spec.embeddings import EmbeddingBag as EmbeddingBag
from mtlspec.spec.embeddings import Table as Table
from mtlspec.spec.extents import Cropping1d as Cropping1d
from mtlspec.spec.extents import Cropping2d as Cropping2d
from mtlspec.spec.extents import UpSampling1d as UpSampling1d
from mtlspec.spec.extents import UpSampling2d as UpSampling2d
from mtlspec.spec.extents import ZeroPadding1d as ZeroPadding1d
from mtlspec.spec.extents import ZeroPadding2d as ZeroPadding2d
from mtlspec.spec.gates import GatedLinearUnit as GatedLinearUnit
from mtlspec.spec.gates import GradientReversal as GradientReversal
from mtlspec.spec.gates import Prelu as Prelu
from mtlspec.spec.gates import StopGradient as StopGradient
from mtlspec.spec.initializers import Initializer
from mtlspec.spec.law import law
from mtlspec.spec.layer import Branched, Positive
from mtlspec.spec.layer import Layer as Layer
from mtlspec.spec.masks import LengthMask as LengthMask
from mtlspec.spec.masks import PaddingMask as PaddingMask
from mtlspec.spec.normalizations import BatchNormalization as BatchNormalization
from mtlspec.spec.normalizations import GroupNormalization as GroupNormalization
from mtlspec.spec.normalizations import LayerNormalization as LayerNormalization
from mtlspec.spec.normalizations import Normalization as Normalization
from mtlspec.spec.normalizations import RmsNormalization as RmsNormalization
from mtlspec.spec.pools import AveragePool1d as AveragePool1d
from mtlspec.spec.pools import AveragePool2d as AveragePool2d
from mtlspec.spec.pools import GlobalAveragePool as GlobalAveragePool
from mtlspec.spec.pools import GlobalMaxPool as GlobalMaxPool
from mtlspec.spec.pools import MaxPool1d as MaxPool1d
from mtlspec.spec.pools import MaxPool2d as MaxPool2d
from mtlspec.spec.positions import ClassToken as ClassToken
from mtlspec.spec.positions import ClassTokenMask as ClassTokenMask
from mtlspec.spec.positions import LearnedPositions as LearnedPositions
from mtlspec.spec.positions import Scale as Scale
from mtlspec.spec.positions import SinusoidalPositions as SinusoidalPositions
from mtlspec.spec.recurrent import Bidirectional as Bidirectional
from mtlspec.spec.recurrent import Gru as Gru
from mtlspec.spec.recurrent import Lstm as Lstm
from mtlspec.spec.recurrent import Recurrent as Recurrent
from mtlspec.spec.recurrent import SimpleRnn as SimpleRnn
from mtlspec.spec.recurrent import StackedRecurrent as StackedRecurrent
from mtlspec.spec.shaping import Flatten as Flatten
from mtlspec.spec.shaping import Permute as Permute
from mtlspec.spec.shaping import RepeatVector as RepeatVector
from mtlspec.spec.shaping import Reshape as Reshape
from mtlspec.spec.shaping import Slice as Slice
from mtlspec.spec.signature import (
    ParameterRule,
    Penalty,
    Shape,
    Signature,
    Sizes,
    channels,
)


class Dense(Layer):
    """activation(x·kernel + bias) on the last axis; kernel (in, units), bias (units)."""

    kind: Literal["dense"] = "dense"
    units: Positive
    activation: Activation = Linear()
    bias: bool = True
    kernel_initializer: Initializer = law(published="glorot_uniform", keras="glorot_uniform", torch="fan_in_uniform")
    bias_initializer: Initializer = law(published="zeros", keras="zeros", torch="fan_in_uniform")
    kernel_penalty: Penalty = Penalty()
    bias_penalty: Penalty = Penalty()
    kernel_constraint: Constraint | None = None
    bias_constraint: Constraint | None = None

    def signature(self, shape: Shape) -> Signature:
        return Signature((*shape[:-1], self.units), _affine(self, (channels(shape), self.units), self.units))


def _affine(layer: Dense, kernel: Sizes, outputs: int) -> tuple[ParameterRule, ...]:
    fan_in, fan_out = kernel
    rules = (
        ParameterRule(
            "kernel",
            kernel,
            layer.kernel_initializer,
            fan_in=fan_in,
            fan_out=fan_out,
            penalty=layer.kernel_penalty,
            constraint=layer.kernel_constraint,
        ),
        ParameterRule(
            "bias",
            (outputs,),
            layer.bias_initializer,
            fan_in=fan_in,
            fan_out=fan_out,
            penalty=layer.bias_penalty,
            constraint=layer.bias_constraint,
        ),
    )
    return rules if layer.bias else rules[:1]


class ActivationLayer(Layer):
    """function(x)."""

    kind: Literal["activation"] = "activation"
    function: Activation

    def signature(self, shape: Shape) -> Signature:
        return Signature(shape)


class Dropout(Layer):
    """x·mask / (1 - rate) in training, x otherwise; the mask is a hash of (seed, key path, step, row, element)."""

    kind: Literal["dropout"] = "dropout"
    rate: float = Field(ge=0, lt=1)

    @property
    def drops(self) -> bool:
        return self.rate > 0

    def signature(self, shape: Shape) -> Signature:
        step = ParameterRule("step", (), initializers.Zeros(), role="statistic", dtype="integer", own=True)
        return Signature(shape, (step,))


class Residual(Branched):
    """shortcut(x) + layers(x) (He et al. 2016); without `shortcut`, x itself."""

    kind: Literal["residual"] = "residual"
    hint: ClassVar[str] = "change the last layer, or give a `shortcut:` that makes the same shape"
    layers: tuple[Layer, ...] = Field(min_length=1)
    shortcut: tuple[Layer, ...] = ()

    @property
    def branches(self) -> tuple[tuple[str, tuple[Layer, ...]], ...]:
        return (("layers", self.layers), ("shortcut", self.shortcut))


Layer.admit(
    Dense,
    Conv2d,
    Embedding,
    ActivationLayer,
    Dropout,
    BatchNormalization,
    LayerNormalization,
    Normalization,
    MaxPool2d,
    AveragePool2d,
    GlobalMaxPool,
    GlobalAveragePool,
    Flatten,
    Reshape,
    Residual,
    PaddingMask,
    LengthMask,
    EmbeddingBag,
    DotProduct,
    DotInteraction,
    FactorizationMachine,
    Cross,
    CrossNetwork,
    SimpleRnn,
    Lstm,
    Gru,
    Bidirectional,
    StackedRecurrent,
)
Layer.admit(
    Conv1d,
    DepthwiseConv1d,
    DepthwiseConv2d,
    SeparableConv1d,
    SeparableConv2d,
    TransposedConv1d,
    TransposedConv2d,
    MaxPool1d,
    AveragePool1d,
    ZeroPadding1d,
    ZeroPadding2d,
    Cropping1d,
    Cropping2d,
    UpSampling1d,
    UpSampling2d,
    Attention,
    LearnedPositions,
    SinusoidalPositions,
    Scale,
    ClassToken,
    ClassTokenMask,
)
Layer.admit(GroupNormalization, RmsNormalization)
Layer.admit(Prelu, GatedLinearUnit, GradientReversal, StopGradient)
Layer.admit(Permute, Slice, RepeatVector)
