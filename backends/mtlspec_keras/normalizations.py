"""Normalizations: native layers, and those that Keras lacks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from mtlspec.spec import normalizations as spec
from mtlspec.spec.layer import Layer
from mtlspec_keras.engine import keras, tf

if TYPE_CHECKING:
    from mtlspec_keras.layers import Place


@keras.saving.register_keras_serializable("mtlspec")
class UnbiasedBatchNormalization(keras.layers.BatchNormalization):  # type: ignore[misc]
    """Batch normalization whose running variance moves toward n/(n-1) times the variance of a batch (n > 1)."""

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        if not (training and self.trainable):
            return super().call(inputs, training=training, mask=mask)
        kept = tf.convert_to_tensor(self.moving_variance.value) * self.momentum
        outputs = super().call(inputs, training=training, mask=mask)
        count = tf.cast(tf.size(inputs) // inputs.shape[-1], inputs.dtype)
        gained = tf.convert_to_tensor(self.moving_variance.value) - kept
        self.moving_variance.assign(kept + gained * (count / tf.maximum(count - 1, 1)))
        return outputs


@keras.saving.register_keras_serializable("mtlspec")
class CumulativeBatchNormalization(keras.layers.BatchNormalization):  # type: ignore[misc]
    """Batch normalization whose running statistics are the means of those of all batches, counted by `batches`."""

    def __init__(self, biased: bool, **options: Any) -> None:
        super().__init__(**{**options, "momentum": 0.0})  # so that the native layer writes those of the batch
        self.biased = biased

    def build(self, input_shape: Any) -> None:
        super().build(input_shape)
        self.batches = self.add_weight(name="batches", shape=(), dtype="int64", initializer="zeros", trainable=False)

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        if not (training and self.trainable):
            return super().call(inputs, training=training, mask=mask)
        means, variances = (tf.convert_to_tensor(v.value) for v in (self.moving_mean, self.moving_variance))
        outputs = super().call(inputs, training=training, mask=mask)
        batches = tf.convert_to_tensor(self.batches.value) + 1
        share = 1 / tf.cast(batches, inputs.dtype)
        count = tf.cast(tf.size(inputs) // inputs.shape[-1], inputs.dtype)
        ratio = tf.ones_like(count) if self.biased else count / tf.maximum(count - 1, 1)
        self.batches.assign(batches)
        for variable, old, factor in ((self.moving_mean, means, 1), (self.moving_variance, variances, ratio)):
            variable.assign((1 - share) * old + share * factor * tf.convert_to_tensor(variable.value))
        return outputs

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "biased": self.biased}


@keras.saving.register_keras_serializable("mtlspec")
class FrozenStatistics(keras.layers.BatchNormalization):  # type: ignore[misc]
    """Batch normalization by its running statistics, in training too, with scale and offset that are trained."""

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        return super().call(inputs, training=False, mask=mask)


@keras.saving.register_keras_serializable("mtlspec")
class RmsNormalization(keras.layers.Layer):  # type: ignore[misc]
    """scale·x / sqrt(mean(x²) + epsilon) over the last axes; the native layer, since Keras 3.9, always has a scale."""

    def __init__(self, epsilon: float, axes: int, scale: bool, **options: Any) -> None:
        super().__init__(**options)
        self.epsilon, self.axes, self.scaled = epsilon, axes, scale

    def build(self, input_shape: Any) -> None:
        if self.scaled:
            self.gamma = self.add_weight(name="gamma", shape=input_shape[-self.axes :], initializer="ones")

    def call(self, inputs: Any) -> Any:
        square = tf.reduce_mean(tf.square(inputs), axis=list(range(-self.axes, 0)), keepdims=True)
        outputs = inputs * tf.math.rsqrt(square + tf.constant(self.epsilon, inputs.dtype))
        return outputs * self.gamma if self.scaled else outputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "epsilon": self.epsilon, "axes": self.axes, "scale": self.scaled}


@keras.saving.register_keras_serializable("mtlspec")
class Normalization(keras.layers.Layer):  # type: ignore[misc]
    """(x - mean) / max(sqrt(variance), epsilon) per feature.

    The native layer turns its statistics into constants of the trace and takes epsilon from Keras' settings.
    """

    def __init__(self, epsilon: float, **options: Any) -> None:
        super().__init__(**options)
        self.epsilon = epsilon

    def build(self, input_shape: Any) -> None:
        shape = (input_shape[-1],)
        self.mean = self.add_weight(name="mean", shape=shape, initializer="zeros", trainable=False)
        self.variance = self.add_weight(name="variance", shape=shape, initializer="ones", trainable=False)

    def call(self, inputs: Any) -> Any:
        deviation = tf.sqrt(tf.convert_to_tensor(self.variance.value))
        return (inputs - self.mean) / tf.maximum(deviation, tf.constant(self.epsilon, inputs.dtype))

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "epsilon": self.epsilon}


def _batch_normalization(layer: spec.BatchNormalization, place: Place) -> list[Any]:
    biased = layer.running_variance == "biased"
    options = {"epsilon": layer.epsilon, **_affine(layer), **place.options}
    if layer.running_average == "cumulative":
        return [CumulativeBatchNormalization(biased, **options)]
    options["momentum"] = layer.running_average_keeps
    if layer.frozen == "all":
        return [keras.layers.BatchNormalization(trainable=False, **options)]
    if layer.frozen == "statistics":
        return [FrozenStatistics(**options)]
    return [(keras.layers.BatchNormalization if biased else UnbiasedBatchNormalization)(**options)]


def _layer_normalization(layer: spec.LayerNormalization, place: Place) -> list[Any]:
    options = {"epsilon": layer.epsilon, **_affine(layer), **place.options}
    return [keras.layers.LayerNormalization(axis=list(range(-layer.axes, 0)), **options)]


def _group_normalization(layer: spec.GroupNormalization, place: Place) -> list[Any]:
    options = {"epsilon": layer.epsilon, **_affine(layer), **place.options}
    return [keras.layers.GroupNormalization(layer.groups, axis=-1, **options)]


def _rms_normalization(layer: spec.RmsNormalization, place: Place) -> list[Any]:
    return [RmsNormalization(layer.epsilon, layer.axes, layer.scale, **place.options)]


def _normalization(layer: spec.Normalization, place: Place) -> list[Any]:
    return [Normalization(layer.epsilon, **place.options)]


def _affine(layer: spec.Affine) -> dict[str, bool]:
    return {"scale": layer.scale, "center": layer.offset}


LAYERS: Mapping[type[Layer], Callable[[Any, Place], list[Any]]] = {
    spec.BatchNormalization: _batch_normalization,
    spec.LayerNormalization: _layer_normalization,
    spec.GroupNormalization: _group_normalization,
    spec.RmsNormalization: _rms_normalization,
    spec.Normalization: _normalization,
}
