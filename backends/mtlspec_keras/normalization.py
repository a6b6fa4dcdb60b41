"""Normalizations that Keras lacks: unbiased running variance, and adapted statistics that stay variables."""

from __future__ import annotations

from typing import Any

from mtlspec_keras.engine import keras, tf


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
