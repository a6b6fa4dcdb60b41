"""Global pools of the positions that a mask counts; 0 where it counts none."""

from __future__ import annotations

from typing import Any

from mtlspec_keras.engine import keras, tf


class _MaskedPool(keras.layers.Layer):  # type: ignore[misc]
    """Reduces every axis but the first and the last."""

    def call(self, inputs: Any, counts: Any) -> Any:
        x = tf.reshape(inputs, [tf.shape(inputs)[0], -1, inputs.shape[-1]])
        flat = tf.reshape(tf.not_equal(counts, tf.zeros((), counts.dtype)), [tf.shape(inputs)[0], -1, 1])
        return self.pooled(x, flat)

    def pooled(self, x: Any, counts: Any) -> Any:
        """Return the pool of (B, T, channels) over the positions T that count."""
        raise NotImplementedError

    def compute_output_spec(self, inputs: Any, counts: Any) -> Any:
        return keras.KerasTensor((inputs.shape[0], inputs.shape[-1]), self.compute_dtype)


@keras.saving.register_keras_serializable("mtlspec")
class MaskedMaxPool(_MaskedPool):
    """max over the positions that count; equal maxima share the gradient evenly."""

    def pooled(self, x: Any, counts: Any) -> Any:
        highest = tf.reduce_max(tf.where(counts, x, tf.constant(x.dtype.min, x.dtype)), axis=1)
        return tf.where(tf.reduce_any(counts, axis=1), highest, tf.zeros_like(highest))


@keras.saving.register_keras_serializable("mtlspec")
class MaskedAveragePool(_MaskedPool):
    """mean over the positions that count; Keras' own divides 0 by 0 where none does."""

    def pooled(self, x: Any, counts: Any) -> Any:
        share = tf.cast(counts, x.dtype)
        return tf.reduce_sum(x * share, axis=1) / tf.maximum(tf.reduce_sum(share, axis=1), tf.ones((), x.dtype))
