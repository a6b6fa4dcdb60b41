"""Penalties as native regularizers; Keras' own L1L2 passes its factors through float32."""

from __future__ import annotations

from typing import Any

from mtlspec.spec.signature import Penalty
from mtlspec_keras.engine import keras, tf


@keras.saving.register_keras_serializable("mtlspec")
class L1L2(keras.regularizers.Regularizer):  # type: ignore[misc]
    """l1·Σ|w| + l2·Σw²."""

    def __init__(self, l1: float, l2: float) -> None:
        self.l1, self.l2 = l1, l2

    def __call__(self, x: Any) -> Any:
        # Keras adds penalties to losses in its floatx, and refuses others; the gradient through a cast stays exact.
        return tf.cast(self.exact(x), keras.config.floatx())

    def exact(self, x: Any) -> Any:
        """Return the penalty in the precision of the weights."""
        weights = tf.convert_to_tensor(x)
        total = tf.zeros((), weights.dtype)
        if self.l1:
            total += tf.constant(self.l1, weights.dtype) * tf.reduce_sum(tf.abs(weights))
        if self.l2:
            total += tf.constant(self.l2, weights.dtype) * tf.reduce_sum(tf.square(weights))
        return total

    def get_config(self) -> dict[str, Any]:
        return {"l1": self.l1, "l2": self.l2}


def regularizer(penalty: Penalty) -> L1L2 | None:
    """Return the regularizer of a penalty, or None for one that is always 0."""
    return L1L2(penalty.l1, penalty.l2) if penalty.active else None
