"""Activations: native layers, and own ones where a native one has a constant in float32 or another slope at a kink."""

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


SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805


def _selu(x: Any) -> Any:
    alpha, scale = tf.constant(SELU_ALPHA, x.dtype), tf.constant(SELU_SCALE, x.dtype)
    return scale * tf.where(x > 0, x, alpha * tf.nn.elu(x))


def _celu(x: Any, alpha: Any) -> Any:
    return tf.where(x > 0, x, alpha * tf.nn.elu(x / alpha))


def _hard_tanh(x: Any) -> Any:
    return tf.where(tf.abs(x) < 1, x, tf.sign(x))


def _tanh_shrink(x: Any) -> Any:
    return x - tf.tanh(x)


def _soft_shrink(x: Any, threshold: Any) -> Any:
    return tf.where(tf.abs(x) > threshold, x - tf.sign(x) * threshold, tf.zeros_like(x))


def _hard_shrink(x: Any, threshold: Any) -> Any:
    return tf.where(tf.abs(x) > threshold, x, tf.zeros_like(x))


def _threshold(x: Any, threshold: Any, value: Any) -> Any:
    return tf.where(x > threshold, x, value)


FORMULAS: Mapping[str, Callable[..., Any]] = {
    "selu": _selu,
    "celu": _celu,
    "hard_tanh": _hard_tanh,
    "tanh_shrink": _tanh_shrink,
    "soft_shrink": _soft_shrink,
    "hard_shrink": _hard_shrink,
    "threshold": _threshold,
}
"""By kind: functions of a tensor and the numbers of the kind, with the slope of the spec at every kink."""


@keras.saving.register_keras_serializable("mtlspec")
class Formula(keras.layers.Layer):  # type: ignore[misc]
    """An activation of `FORMULAS` with its numbers.

    Keras' own selu, celu and hard_tanh have another slope at a kink; the others came after Keras 3.7.
    """

    def __init__(self, kind: str, numbers: Mapping[str, float] | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.kind, self.numbers = kind, dict(numbers or {})

    def call(self, inputs: Any) -> Any:
        numbers = {name: tf.constant(number, inputs.dtype) for name, number in self.numbers.items()}
        return FORMULAS[self.kind](inputs, **numbers)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "kind": self.kind, "numbers": dict(self.numbers)}


def _formula(function: spec.Activation, options: Mapping[str, Any]) -> Any:
    return Formula(function.kind, function.model_dump(exclude={"kind"}), **options)


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
    spec.Relu6: _native("relu6"),
    spec.Selu: _formula,
    spec.Celu: _formula,
    spec.Mish: _native("mish"),
    spec.Softsign: _native("softsign"),
    spec.HardSigmoid: _native("hard_sigmoid"),
    spec.HardSilu: _native("hard_silu"),
    spec.HardTanh: _formula,
    spec.LogSigmoid: _native("log_sigmoid"),
    spec.LogSoftmax: _native("log_softmax"),
    spec.TanhShrink: _formula,
    spec.SoftShrink: _formula,
    spec.HardShrink: _formula,
    spec.Threshold: _formula,
    spec.Exp: _native("exponential"),
}
"""The layer of each kind, by its value and what every Keras layer takes."""


def activation(function: spec.Activation, options: Mapping[str, Any]) -> Any:
    """Return the layer that computes `function`."""
    return ACTIVATIONS[type(function)](function, options)
