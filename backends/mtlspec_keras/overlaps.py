"""Overlaps."""

from __future__ import annotations

from typing import Any

from mtlspec_keras.engine import keras, tf
from mtlspec_keras.loss import ExampleLoss, classes_of, number


@keras.saving.register_keras_serializable("mtlspec")
class Dice(ExampleLoss):
    """1 - (2·Σ p·y + n) / (Σ p^k + Σ y^k + smooth), sums over the present of n positions."""

    def of_examples(self, y_true: Any, y_pred: Any, present: Any) -> Any:
        softmax, axes = self.numbers["of"] == "softmax", [1] if self.numbers["classes"] == "mean" else [1, 2]
        p = tf.nn.softmax(y_pred) if softmax else tf.sigmoid(y_pred)
        y = classes_of(y_true, y_pred) if self.numbers["indices"] else y_true
        here = tf.cast(present[..., None], p.dtype)
        powers = tf.square(p) + tf.square(y) if self.numbers["squares"] else p + y
        smooth = self.numbers["smooth"]
        above = number(smooth if self.numbers["smooth_in"] == "both" else 0.0, p)
        below = tf.reduce_sum(here * powers, axis=axes, keepdims=True) + number(smooth, p)
        quotient = (2 * tf.reduce_sum(here * p * y, axis=axes, keepdims=True) + above) / below
        return tf.reduce_mean(1 - quotient, axis=[1, 2])
