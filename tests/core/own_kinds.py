"""Kinds of a user's own for tests: a layer, one that names a tensor, a loss and an optimizer; none is registered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import pytest
from pydantic import Field

from mtlspec import extension, extension_source
from mtlspec.spec import (
    Layer,
    Loss,
    Name,
    Optimizer,
    ParameterRule,
    PositionLoss,
    Shape,
    Signature,
    SlotRule,
    channels,
    like_parameter,
)
from mtlspec.spec.initializers import Ones, Zeros
from mtlspec.spec.signature import Sizes
from mtlspec.tensors import Array

Leaves = Mapping[str, Array]


class Scaled(Layer):
    """x·train + shift, of which the shift is a constant."""

    kind: Literal["own.scaled"] = "own.scaled"
    factor: float = 1.0

    def signature(self, shape: Shape) -> Signature:
        size = (channels(shape),)
        return Signature(
            shape, (ParameterRule("train", size, Ones()), ParameterRule("shift", size, Zeros(), "constant"))
        )


class Gated(Layer):
    """x·y, y the tensor that it names."""

    kind: Literal["own.gated"] = "own.gated"
    by: Name

    @property
    def also(self) -> tuple[str, ...]:
        return (self.by,)

    def signature_with(self, shape: Shape, *others: Shape) -> Signature:
        return Signature(shape)


class Fourth(PositionLoss):
    """mean_u of (z_u - y_u)⁴."""

    kind: Literal["own.fourth"] = "own.fourth"


class Halving(Optimizer):
    """v = v / 2 + g; w -= r·v / t."""

    kind: Literal["own.halving"] = "own.halving"
    learning_rate: float = Field(default=0.1, gt=0)

    def slots(self, shape: Sizes) -> tuple[SlotRule, ...]:
        return like_parameter(shape, "velocity")


def scaled(layer: Scaled, x: Array, parameters: Leaves) -> Any:
    train = layer.factor * parameters["train"]

    def pullback(cotangent: Array) -> Any:
        rows = (cotangent * x).reshape(-1, x.shape[-1])
        return cotangent * train, {"train": layer.factor * rows.sum(axis=0)}

    return x * train + parameters["shift"], pullback


def gated(layer: Gated, x: Array, y: Array, parameters: Leaves) -> Any:
    return x * y, lambda cotangent: (cotangent * y, cotangent * x, {})


def fourth(loss: Fourth, logits: Array, targets: Array) -> Any:
    error = logits - targets
    return (error**4).mean(axis=-1), lambda cotangent: cotangent[:, None] * 4 * error**3 / logits.shape[-1]


def halving(optimizer: Halving, w: Any, gradient: Any, slots: Mapping[str, Any], rate: Any, step: Any) -> Any:
    v = slots["velocity"] / 2 + gradient
    return w - rate * v / step, {"velocity": v}


def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what a test registers be forgotten after it."""
    for family in (Layer, Loss, Optimizer):
        monkeypatch.setattr(family, "kinds", dict(family.kinds))
    monkeypatch.setattr(extension, "EXTENSIONS", {})
    monkeypatch.setattr(extension_source, "EXTENSIONS", extension.EXTENSIONS)


DOCUMENT = """
inputs:
  - {name: x, shape: [2]}
blocks:
  - {name: first, inputs: [x], layers: [{kind: dense, units: 3, activation: tanh}]}
  - {name: second, inputs: [x], layers: [{kind: dense, units: 3}, {kind: own.scaled, factor: 0.5}]}
tasks:
  - {name: a, inputs: [first], head: [{kind: own.gated, by: second}, {kind: dense, units: 2}], loss: own.fourth}
training: {optimizer: own.halving}
"""


def wave(shape: Sizes) -> Array:
    """Return numbers of a shape, none of them equal."""
    return np.sin(1.0 + np.arange(np.prod(shape))).reshape(shape)
