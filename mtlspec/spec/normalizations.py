"""Normalizations: layers that centre and scale, by the batch, by the example or by the training data."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from mtlspec.spec import initializers
from mtlspec.spec.law import law
from mtlspec.spec.layer import Layer
from mtlspec.spec.signature import ParameterRule, Shape, Signature, channels


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
                ParameterRule("running_mean", (channels(shape),), initializers.Zeros(), role="statistic"),
                ParameterRule("running_variance", (channels(shape),), initializers.Ones(), role="statistic"),
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
    scale = ParameterRule("scale", (channels(shape),), initializers.Ones())
    offset = ParameterRule("offset", (channels(shape),), initializers.Zeros())
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
