"""Normalizations: layers that centre and scale, by the batch, by the example or by the training data."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from mtlspec.spec import initializers
from mtlspec.spec.law import law
from mtlspec.spec.layer import Layer, Positive
from mtlspec.spec.signature import ParameterRule, Role, Shape, ShapeError, Signature, channels, elements, known, written
from mtlspec.spec.value import problem, raise_problems


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
    running_average: Literal["exponential", "cumulative"] = "exponential"
    """`cumulative`: running = (1 - 1/k)·running + batch/k with the k-th batch, so the mean of all batches so far
    (PyTorch's `momentum=None`); `running_average_keeps` is then not read, and `batches` counts k."""
    frozen: Literal["nothing", "statistics", "all"] = "nothing"
    """`statistics`: training too takes the running statistics, and leaves them as they are; `all`: scale and offset
    are not trained either (Keras' `trainable=False`)."""
    scale: bool = True
    offset: bool = True

    def model_post_init(self, context: object) -> None:
        """Refuse a law of statistics that move beside statistics that do not."""
        if self.frozen != "nothing" and self.running_average == "cumulative":
            message = "frozen statistics do not move; leave `running_average` out, or use `frozen: nothing`"
            raise_problems("BatchNormalization", [problem(message, ("running_average",))])

    def signature(self, shape: Shape) -> Signature:
        role: Role = "statistic" if self.frozen == "nothing" else "constant"
        batches = ParameterRule("batches", (), initializers.Zeros(), role="statistic", dtype="integer")
        return Signature(
            shape,
            (
                *_scale_and_offset(self, shape, role="constant" if self.frozen == "all" else "trainable"),
                ParameterRule("running_mean", (channels(shape),), initializers.Zeros(), role=role),
                ParameterRule("running_variance", (channels(shape),), initializers.Ones(), role=role),
                *(batches,) * (self.running_average == "cumulative"),
            ),
        )


class LayerNormalization(Layer):
    """scale·(x - mean) / sqrt(variance + epsilon) + offset over the last axes of each example (Ba et al. 2016)."""

    kind: Literal["layer_normalization"] = "layer_normalization"
    epsilon: float = law(published=1e-5, keras=1e-3, torch=1e-5, gt=0)
    axes: Positive = 1
    """How many axes, counted from the last, share a mean and a variance; scale and offset have their shape."""
    scale: bool = True
    offset: bool = True

    def signature(self, shape: Shape) -> Signature:
        return Signature(shape, _scale_and_offset(self, shape, axes=self.axes))


class GroupNormalization(Layer):
    """scale·(x - mean) / sqrt(variance + epsilon) + offset over each group of channels of an example (Wu and He 2018).

    Statistics are those of all axes of one example, for `groups` runs of neighbouring channels of the last axis;
    scale and offset are per channel. One group for each channel is instance normalization (Ulyanov et al. 2016).
    """

    kind: Literal["group_normalization"] = "group_normalization"
    groups: Positive
    epsilon: float = law(published=1e-5, keras=1e-3, torch=1e-5, gt=0)
    """Published: the code in the paper's figure 3."""
    scale: bool = True
    offset: bool = True

    def signature(self, shape: Shape) -> Signature:
        rules, count = _scale_and_offset(self, shape), channels(shape)
        if count % self.groups:
            raise ShapeError(f"{count} channels do not make {self.groups} equal groups; take a divisor of {count}")
        if None not in shape and elements(shape) == self.groups:
            raise ShapeError(
                f"{self.groups} groups of {written(shape)} have one element each, which is its own mean, so that "
                "nothing of it is left; take fewer groups"
            )
        return Signature(shape, rules)


class RmsNormalization(Layer):
    """scale·x / sqrt(mean(x²) + epsilon) over the last axes of each example (Zhang and Sennrich 2019)."""

    kind: Literal["rms_normalization"] = "rms_normalization"
    epsilon: float = law(published=1e-8, keras=1e-6, torch=2.0**-23, gt=0)
    """Published: the authors' code, since equation 4 has none. PyTorch's default is the machine epsilon of the dtype;
    the law is that of float32, for programs in float64 too."""
    axes: Positive = 1
    """How many axes, counted from the last, share a mean square; scale has their shape."""
    scale: bool = True
    offset: ClassVar[bool] = False

    def signature(self, shape: Shape) -> Signature:
        return Signature(shape, _scale_and_offset(self, shape, axes=self.axes))


Affine = BatchNormalization | LayerNormalization | GroupNormalization | RmsNormalization


def _scale_and_offset(
    layer: Affine, shape: Shape, *, axes: int = 1, role: Role = "trainable"
) -> tuple[ParameterRule, ...]:
    channels(shape)
    if axes > len(shape):
        raise ShapeError(f"expected at least {axes} axes, found {written(shape)}; take fewer `axes`")
    scale = ParameterRule("scale", known(shape[-axes:]), initializers.Ones(), role=role)
    offset = ParameterRule("offset", known(shape[-axes:]), initializers.Zeros(), role=role)
    return (scale,) * layer.scale + (offset,) * layer.offset


class Normalization(Layer):
    """(x - mean) / max(sqrt(variance), epsilon), with the statistics of the training data per last-axis feature.

    Mean and biased variance are adapted on the host before training; they are state, not spec.
    """

    kind: Literal["normalization"] = "normalization"
    epsilon: float = Field(default=1e-7, gt=0)

    def signature(self, shape: Shape) -> Signature:
        mean = ParameterRule("mean", (channels(shape),), initializers.Zeros(), role="constant")
        variance = ParameterRule("variance", (channels(shape),), initializers.Ones(), role="constant")
        return Signature(shape, (mean, variance))
