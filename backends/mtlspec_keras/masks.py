"""Masks: 1 where a position counts, 0 where it is padding."""

from __future__ import annotations

from typing import Any

from mtlspec_keras.engine import keras, tf


@keras.saving.register_keras_serializable("mtlspec")
class PaddingMask(keras.layers.Layer):  # type: ignore[misc]
    """1 where id ≠ padding."""

    def __init__(self, padding: int, **options: Any) -> None:
        super().__init__(**options)
        self.padding = padding

    def call(self, inputs: Any) -> Any:
        return tf.cast(tf.not_equal(inputs, tf.constant(self.padding, inputs.dtype)), self.compute_dtype)

    def compute_output_spec(self, inputs: Any) -> Any:
        return keras.KerasTensor(inputs.shape, self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "padding": self.padding}


@keras.saving.register_keras_serializable("mtlspec")
class LengthMask(keras.layers.Layer):  # type: ignore[misc]
    """1 at position t where t < length, for as many positions as the sequence has."""

    def call(self, lengths: Any, sequence: Any) -> Any:
        positions = tf.range(tf.shape(sequence, out_type=lengths.dtype)[1], dtype=lengths.dtype)
        return tf.cast(positions < lengths[:, None], self.compute_dtype)

    def compute_output_spec(self, lengths: Any, sequence: Any) -> Any:
        return keras.KerasTensor(sequence.shape[:2], self.compute_dtype)
