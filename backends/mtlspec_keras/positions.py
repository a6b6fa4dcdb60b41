"""Positions: learned or of sines, and the token before a sequence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mtlspec.spec import positions as spec
from mtlspec.spec.layer import Layer
from mtlspec_keras.engine import keras, tf

if TYPE_CHECKING:
    from mtlspec_keras.layers import Place


@keras.saving.register_keras_serializable("mtlspec")
class LearnedPositions(keras.layers.Layer):  # type: ignore[misc]
    """x + embeddings[:T]; TensorFlow refuses more positions than the table has rows."""

    def __init__(self, length: int, **options: Any) -> None:
        super().__init__(**options)
        self.length = length

    def build(self, input_shape: Any) -> None:
        shape = (self.length, input_shape[-1])
        self.embeddings = self.add_weight(name="embeddings", shape=shape, initializer="zeros")

    def call(self, inputs: Any) -> Any:
        size = [tf.shape(inputs)[1], inputs.shape[-1]]
        return inputs + tf.slice(tf.convert_to_tensor(self.embeddings.value), [0, 0], size)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "length": self.length}


@keras.saving.register_keras_serializable("mtlspec")
class SinusoidalPositions(keras.layers.Layer):  # type: ignore[misc]
    """x + p, p of sin(t·rate) and cos(t·rate), computed in float64 whatever the precision of x."""

    def __init__(self, rates: Sequence[float], interleaved: bool, **options: Any) -> None:
        super().__init__(**options)
        self.rates, self.interleaved = list(rates), interleaved

    def call(self, inputs: Any) -> Any:
        length = tf.shape(inputs)[1]
        angles = tf.cast(tf.range(length), tf.float64)[:, None] * tf.constant(self.rates, tf.float64)
        pairs = tf.stack([tf.sin(angles), tf.cos(angles)], axis=-1 if self.interleaved else 1)
        return inputs + tf.cast(tf.reshape(pairs, [length, inputs.shape[-1]]), inputs.dtype)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rates": self.rates, "interleaved": self.interleaved}


@keras.saving.register_keras_serializable("mtlspec")
class Scale(keras.layers.Layer):  # type: ignore[misc]
    """x·factor; Keras' Rescaling passes its factor through float32."""

    def __init__(self, factor: float, **options: Any) -> None:
        super().__init__(**options)
        self.factor = factor

    def call(self, inputs: Any) -> Any:
        return inputs * tf.constant(self.factor, inputs.dtype)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "factor": self.factor}


@keras.saving.register_keras_serializable("mtlspec")
class ClassToken(keras.layers.Layer):  # type: ignore[misc]
    """token, then x, along the positions."""

    def build(self, input_shape: Any) -> None:
        self.token = self.add_weight(name="token", shape=(input_shape[-1],), initializer="zeros")

    def call(self, inputs: Any) -> Any:
        token = tf.convert_to_tensor(self.token.value)
        first = tf.broadcast_to(token, [tf.shape(inputs)[0], 1, inputs.shape[-1]])
        return tf.concat([first, inputs], axis=1)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return _one_more(input_shape)


@keras.saving.register_keras_serializable("mtlspec")
class ClassTokenMask(keras.layers.Layer):  # type: ignore[misc]
    """1, then the mask."""

    def call(self, inputs: Any) -> Any:
        return tf.concat([tf.ones_like(inputs[:, :1]), inputs], axis=1)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return _one_more(input_shape)


def _one_more(shape: Any) -> Any:
    return (shape[0], None if shape[1] is None else shape[1] + 1, *shape[2:])


def _sinusoidal(layer: spec.SinusoidalPositions, place: Place) -> list[Any]:
    rates, interleaved = layer.rates(place.shape[-1] or 0), layer.arrangement == "interleaved"
    return [SinusoidalPositions(rates, interleaved, **place.options)]


LAYERS: Mapping[type[Layer], Callable[[Any, Place], list[Any]]] = {
    spec.LearnedPositions: lambda layer, place: [LearnedPositions(layer.length, **place.options)],
    spec.SinusoidalPositions: _sinusoidal,
    spec.Scale: lambda layer, place: [Scale(layer.factor(place.shape), **place.options)],
    spec.ClassToken: lambda layer, place: [ClassToken(**place.options)],
    spec.ClassTokenMask: lambda layer, place: [ClassTokenMask(**place.options)],
}
