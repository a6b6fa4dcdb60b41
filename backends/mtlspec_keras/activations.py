"""Activations whose native layers pass a constant through float32: gelu and leaky relu, exact in float64."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from mtlspec.spec import activations as spec
from mtlspec_keras.engine import keras, tf


@keras.saving.register_keras_serializable("mtlspec")
class Gelu(keras.layers.Layer):  # type: ignore[misc]
    """x·Φ(x); with `approximate` x/2·(1 + tanh(sqrt(2/π)·(x + 0.044715·x³)))."""

    def __init__(self, approximate: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.approximate = approximate

    def call(self, inputs: Any) -> Any:
        def number(value: float) -> Any:
            return tf.constant(value, inputs.dtype)

        if self.approximate:
            inner = inputs + number(0.044715) * inputs * inputs * inputs
            return number(0.5) * inputs * (1 + tf.tanh(number(math.sqrt(2 / math.pi)) * inner))
        return number(0.5) * inputs * (1 + tf.math.erf(inputs * number(math.sqrt(0.5))))

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "approximate": self.approximate}


@keras.saving.register_keras_serializable("mtlspec")
class LeakyRelu(keras.layers.Layer):  # type: ignore[misc]
    """x where x > 0, slope·x elsewhere."""

    def __init__(self, slope: float, **options: Any) -> None:
        super().__init__(**options)
        self.slope = slope

    def call(self, inputs: Any) -> Any:
        return tf.where(inputs > 0, inputs, tf.constant(self.slope, inputs.dtype) * inputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "slope": self.slope}


def _native(name: str) -> Callable[[Any, Mapping[str, Any]], Any]:
    return lambda function, options: keras.layers.Activation(name, **options)


ACTIVATIONS: Mapping[type[spec.Activation], Callable[[Any, Mapping[str, Any]], Any]] = {
    spec.Linear: _native("linear"),
    spec.Relu: _native("relu"),
    spec.LeakyRelu: lambda function, options: LeakyRelu(function.slope, **options),
    spec.Elu: lambda function, options: keras.layers.ELU(function.alpha, **options),
    spec.Gelu: lambda function, options: Gelu(function.approximation == "tanh", **options),
    spec.Silu: _native("silu"),
    spec.Tanh: _native("tanh"),
    spec.Sigmoid: _native("sigmoid"),
    spec.Softplus: _native("softplus"),
    spec.Softmax: _native("softmax"),
}
"""The layer of each kind, by its value and what every Keras layer takes."""


def activation(function: spec.Activation, options: Mapping[str, Any]) -> Any:
    """Return the layer that computes `function`."""
    return ACTIVATIONS[type(function)](function, options)
