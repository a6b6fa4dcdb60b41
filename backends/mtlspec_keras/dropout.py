"""Dropout whose mask is a hash of (key, step, row, element), the same in every backend."""

from __future__ import annotations

from typing import Any

from mtlspec.randomness import ELEMENT, FIRST, MASK, ROW, SECOND, STEP, dropout_threshold
from mtlspec_keras.engine import keras, tf


@keras.saving.register_keras_serializable("mtlspec")
class HashDropout(keras.layers.Layer):  # type: ignore[misc]
    """x·mask / (1 - rate) in training, x otherwise; a training call advances `step`."""

    def __init__(self, rate: float, key: int, **options: Any) -> None:
        super().__init__(**options)
        self.rate, self.key = rate, key

    def build(self, input_shape: Any) -> None:
        self.step = self.add_weight(name="step", shape=(), dtype="int64", initializer="zeros", trainable=False)

    def call(self, inputs: Any, training: bool = False) -> Any:
        if not training:
            return inputs
        step = tf.convert_to_tensor(self.step.value)
        shape = tf.shape(inputs, out_type=tf.int64)
        kept = tf.reshape(self._kept(step, shape[0], tf.reduce_prod(shape[1:])), shape)
        self.step.assign(step + 1)
        return tf.where(kept, inputs / tf.constant(1 - self.rate, inputs.dtype), tf.zeros_like(inputs))

    def _kept(self, step: Any, rows: Any, elements: Any) -> Any:
        at_step = _mixed(_low(_word(self.key) + step * _word(STEP)))
        at_row = _mixed(_low(at_step + tf.range(rows, dtype=tf.int64) * _word(ROW)))
        at_element = _mixed(_low(at_row[:, None] + tf.range(elements, dtype=tf.int64) * _word(ELEMENT)))
        return at_element >= _word(dropout_threshold(self.rate))

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rate": self.rate, "key": self.key}


def _word(value: int) -> Any:
    return tf.constant(value, tf.int64)


def _low(value: Any) -> Any:
    return tf.bitwise.bitwise_and(value, _word(MASK))


def _shifted(value: Any, bits: int) -> Any:
    return tf.bitwise.bitwise_xor(value, tf.bitwise.right_shift(value, _word(bits)))


def _mixed(value: Any) -> Any:
    value = _low(_shifted(value, 16) * _word(FIRST))
    value = _low(_shifted(value, 15) * _word(SECOND))
    return _shifted(value, 15)
