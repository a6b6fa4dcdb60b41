"""Layers: each is its fields, its laws and its shape rule."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from mtlspec.spec import initializers
from mtlspec.spec.activations import Activation, Linear
from mtlspec.spec.initializers import Initializer
from mtlspec.spec.kind import Kind
from mtlspec.spec.law import law
from mtlspec.spec.signature import (
    ParameterRule,
    Penalty,
    Shape,
    ShapeError,
    Signature,
    elements,
    expect_rank,
    window_output,
)
from mtlspec.spec.value import problem, raise_problems

Positive = Annotated[int, Field(gt=0)]


def _pair(value: object) -> object:
    return (value, value) if isinstance(value, int) else tuple(value) if isinstance(value, list) else value


_SIZE = {"type": "integer", "exclusiveMinimum": 0}
Pair = Annotated[
    tuple[Positive, Positive],
    BeforeValidator(_pair),
    WithJsonSchema({"anyOf": [_SIZE, {"type": "array", "items": _SIZE, "minItems": 2, "maxItems": 2}]}),
]
"""Two sizes, height and width; one number stands for both."""


class Layer(Kind):
    """A function of one tensor, with or without parameters."""

    family: ClassVar[str] = "layer"
    reads: ClassVar[Literal["float", "integer"]] = "float"

    def signature(self, shape: Shape) -> Signature:
        """Return output shape and parameters for examples of `shape`.

        Raises:
            ShapeError: the layer does not fit.
        """
        raise NotImplementedError


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

    def signature(self, shape: Shape) -> Signature:
        if not shape:
            raise ShapeError("expected at least one axis, found a scalar; give the input the shape [1]")
        return Signature((*shape[:-1], self.units), _affine(self, (shape[-1], self.units), self.units))


class Conv2d(Layer):
    """activation(x ∗ kernel + bias), cross-correlation; x (height, width, in), kernel (kh, kw, in, filters)."""

    kind: Literal["conv2d"] = "conv2d"
    filters: Positive
    kernel_size: Pair
    strides: Pair = (1, 1)
    padding: Literal["same", "valid"] = "valid"
    """`same`: output ceil(n/stride), the odd zero after (as TensorFlow); `valid`: none."""
    activation: Activation = Linear()
    bias: bool = True
    kernel_initializer: Initializer = law(published="glorot_uniform", keras="glorot_uniform", torch="fan_in_uniform")
    bias_initializer: Initializer = law(published="zeros", keras="zeros", torch="fan_in_uniform")
    kernel_penalty: Penalty = Penalty()
    bias_penalty: Penalty = Penalty()

    def signature(self, shape: Shape) -> Signature:
        expect_rank(shape, 3, "(height, width, channels)")
        size = window_output(shape[:2], self.kernel_size, self.strides, self.padding)
        kernel = (*self.kernel_size, shape[2], self.filters)
        return Signature((*size, self.filters), _affine(self, kernel, self.filters))


def _affine(layer: Dense | Conv2d, kernel: Shape, outputs: int) -> tuple[ParameterRule, ...]:
    window = elements(kernel[:-2])
    fan_in, fan_out = window * kernel[-2], window * kernel[-1]
    rules = (
        ParameterRule(
            "kernel", kernel, layer.kernel_initializer, fan_in=fan_in, fan_out=fan_out, penalty=layer.kernel_penalty
        ),
        ParameterRule(
            "bias", (outputs,), layer.bias_initializer, fan_in=fan_in, fan_out=fan_out, penalty=layer.bias_penalty
        ),
    )
    return rules if layer.bias else rules[:1]


class Embedding(Layer):
    """table[ids]; ids (...) integer, table (rows, units), output (..., units)."""

    kind: Literal["embedding"] = "embedding"
    reads: ClassVar[Literal["float", "integer"]] = "integer"
    rows: Positive
    """The number of ids; an id is at least 0 and below `rows`."""
    units: Positive
    initializer: Initializer = law(
        published={"kind": "normal", "standard_deviation": 1.0},
        keras="uniform",
        torch={"kind": "normal", "standard_deviation": 1.0},
    )
    penalty: Penalty = Penalty()
    repeated_ids: Literal["sum", "separate"] = law(published="sum", keras="separate", torch="sum")
    """Whether the gradients of an id that occurs several times in a batch are summed before an optimizer squares
    them or a clip takes their norm; Keras on TensorFlow does not."""
    untouched_rows: Literal["decay", "skip"] = "decay"
    """Rows whose id is not in the batch: `decay` gives them a gradient of 0, so that momentum and decay go on;
    `skip` leaves them and their optimizer slots as they are."""

    def model_post_init(self, context: object) -> None:
        """Refuse a penalty, which touches every row, beside laws that tell rows apart."""
        if self.penalty.active and self.untouched_rows == "skip":
            message = "a penalty gives every row a gradient; leave it out, or use `untouched_rows: decay`"
            raise_problems("Embedding", [problem(message, ("penalty",))])

    @property
    def by_row(self) -> bool:
        """Whether an optimizer has to see the rows of the gradient one by one.

        A penalty makes the gradient dense (Keras, too, then sums the repeated ids).
        """
        return not self.penalty.active and (self.repeated_ids == "separate" or self.untouched_rows == "skip")

    def signature(self, shape: Shape) -> Signature:
        rule = ParameterRule(
            "table",
            (self.rows, self.units),
            self.initializer,
            fan_in=self.rows,
            fan_out=self.units,
            penalty=self.penalty,
        )
        return Signature((*shape, self.units), (rule,))


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

    def signature(self, shape: Shape) -> Signature:
        step = ParameterRule("step", (), initializers.Zeros(), role="statistic", dtype="integer")
        return Signature(shape, (step,))


class BatchNormalization(Layer):
    """scale·(x - mean) / sqrt(variance + epsilon) + offset over all axes but the last (Ioffe and Szegedy 2015).

    Training takes mean and biased variance of the batch, and moves the running statistics:
    running = keeps·running + (1 - keeps)·batch. Inference takes the running statistics.
    """

    kind: Literal["batch_normalization"] = "batch_normalization"
    epsilon: float = law(published=1e-5, keras=1e-3, torch=1e-5, gt=0)
    running_average_keeps: float = law(published=0.9, keras=0.99, torch=0.9, ge=0, le=1)
    """The share of the old value that stays (Keras' `momentum`; 1 - PyTorch's `momentum`)."""
    running_variance: Literal["biased", "unbiased"] = law(published="unbiased", keras="biased", torch="unbiased")
    """Whether the running variance moves toward the biased variance of the batch, or n/(n-1) times it (n > 1)."""
    scale: bool = True
    offset: bool = True

    def signature(self, shape: Shape) -> Signature:
        return Signature(
            shape,
            (
                *_scale_and_offset(self, shape),
                ParameterRule("running_mean", shape[-1:], initializers.Zeros(), role="statistic"),
                ParameterRule("running_variance", shape[-1:], initializers.Ones(), role="statistic"),
            ),
        )


class LayerNormalization(Layer):
    """scale·(x - mean) / sqrt(variance + epsilon) + offset over the last axis of each example (Ba et al. 2016)."""

    kind: Literal["layer_normalization"] = "layer_normalization"
    epsilon: float = law(published=1e-5, keras=1e-3, torch=1e-5, gt=0)
    scale: bool = True
    offset: bool = True

    def signature(self, shape: Shape) -> Signature:
        return Signature(shape, _scale_and_offset(self, shape))


def _scale_and_offset(layer: BatchNormalization | LayerNormalization, shape: Shape) -> tuple[ParameterRule, ...]:
    if not shape:
        raise ShapeError("expected at least one axis, found a scalar")
    scale = ParameterRule("scale", shape[-1:], initializers.Ones())
    offset = ParameterRule("offset", shape[-1:], initializers.Zeros())
    return (scale,) * layer.scale + (offset,) * layer.offset


class Normalization(Layer):
    """(x - mean) / max(sqrt(variance), epsilon), with the statistics of the training data per last-axis feature.

    Mean and biased variance are adapted on the host before training; they are state, not spec.
    """

    kind: Literal["normalization"] = "normalization"
    epsilon: float = Field(default=1e-7, gt=0)

    def signature(self, shape: Shape) -> Signature:
        if not shape:
            raise ShapeError("expected at least one axis, found a scalar; give the input the shape [1]")
        mean = ParameterRule("mean", shape[-1:], initializers.Zeros(), role="constant")
        variance = ParameterRule("variance", shape[-1:], initializers.Ones(), role="constant")
        return Signature(shape, (mean, variance))


class _Pool2d(Layer):
    """A window of (height, width) that moves over each channel."""

    pool_size: Pair = (2, 2)
    strides: Pair | None = None
    """The step of the window; by default its size."""
    padding: Literal["same", "valid"] = "valid"

    def signature(self, shape: Shape) -> Signature:
        expect_rank(shape, 3, "(height, width, channels)")
        size = window_output(shape[:2], self.pool_size, self.strides or self.pool_size, self.padding)
        return Signature((*size, shape[2]))


class MaxPool2d(_Pool2d):
    """max over each window; padding never wins; the gradient goes to the first maximum in row order."""

    kind: Literal["max_pool2d"] = "max_pool2d"


class AveragePool2d(_Pool2d):
    """mean over each window, of the elements inside the image (padding is not counted)."""

    kind: Literal["average_pool2d"] = "average_pool2d"


class _GlobalPool(Layer):
    """Reduces every axis but the last."""

    def signature(self, shape: Shape) -> Signature:
        if len(shape) < 2:
            raise ShapeError(f"expected at least one axis before the channels, found {shape}")
        return Signature(shape[-1:])


class GlobalMaxPool(_GlobalPool):
    """max over every axis but the last; equal maxima share the gradient evenly."""

    kind: Literal["global_max_pool"] = "global_max_pool"


class GlobalAveragePool(_GlobalPool):
    """mean over every axis but the last."""

    kind: Literal["global_average_pool"] = "global_average_pool"


class Flatten(Layer):
    """All axes of an example in one, row-major with the channels last."""

    kind: Literal["flatten"] = "flatten"

    def signature(self, shape: Shape) -> Signature:
        return Signature((elements(shape),))


class Reshape(Layer):
    """The elements of an example in another shape, row-major."""

    kind: Literal["reshape"] = "reshape"
    shape: tuple[Positive, ...]

    def signature(self, shape: Shape) -> Signature:
        if elements(shape) != elements(self.shape):
            raise ShapeError(
                f"{shape} has {elements(shape)} elements and {self.shape} has {elements(self.shape)}; "
                "a reshape keeps the number"
            )
        return Signature(self.shape)


class Residual(Layer):
    """shortcut(x) + layers(x) (He et al. 2016); without `shortcut`, x itself."""

    kind: Literal["residual"] = "residual"
    layers: tuple[Layer, ...] = Field(min_length=1)
    shortcut: tuple[Layer, ...] = ()


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
)
