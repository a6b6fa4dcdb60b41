"""Optimizers by factored squares: Adafactor; Keras' own has ε2 in float32, and keeps v beside its factors."""

from __future__ import annotations

from typing import Any

from mtlspec.spec import optimizers as spec
from mtlspec_keras.engine import keras, tf
from mtlspec_keras.optimizer import FromLaw
from mtlspec_keras.rows import Gradient


@keras.saving.register_keras_serializable("mtlspec")
class Adafactor(FromLaw):
    """u = g / sqrt(v); w -= max(ε2, rms(w))·ρ·u / max(1, rms(u) / clip_threshold)."""

    family = spec.Adafactor

    def moved(self, variable: Any, w: Any, before: Any, gradient: Gradient, rate: Any) -> Any:
        law, dtype = self.law, w.dtype
        u = gradient.sum / tf.sqrt(self._square(variable, gradient.square))
        relative = tf.minimum(rate, 1 / tf.sqrt(self.time)) if law.relative_step else rate
        found = _rms(before if law.scale_from == "undecayed" else w)
        size = tf.maximum(found, tf.constant(law.epsilon_2, dtype)) * tf.cast(relative, dtype)
        return w - size * u / tf.maximum(_rms(u) / tf.constant(law.clip_threshold, dtype), tf.ones((), dtype))

    def _square(self, variable: Any, square: Any) -> Any:
        """Return v; the slots move on."""
        law, epsilon = self.law, tf.constant(self.law.epsilon_1, square.dtype)
        added = law.epsilon_1_use == "added"
        least = tf.constant(law.epsilon_1**2, square.dtype)
        if added:
            square = square + epsilon
        if square.shape.rank < 2:
            v = self._kept("second_moment", variable, square)
            return v if added else tf.maximum(v, least)
        row, column = law.axes(tuple(square.shape))
        r = tf.expand_dims(self._kept("row_factor", variable, tf.reduce_mean(square, axis=column)), column)
        c = tf.expand_dims(self._kept("column_factor", variable, tf.reduce_mean(square, axis=row)), row)
        mean = tf.reduce_mean(r, axis=row, keepdims=True)
        return r / mean * c if added else tf.maximum(r * c / tf.maximum(mean, epsilon), least)

    def _kept(self, name: str, variable: Any, found: Any) -> Any:
        """Return β·slot + (1-β)·found with β = 1 - t^beta_2_decay, which the slot now holds."""
        takes = tf.pow(self.time, tf.constant(self.law.beta_2_decay, tf.float64))
        slot = self.slot(name, variable)
        new = tf.cast(1 - takes, found.dtype) * slot + tf.cast(1 - (1 - takes), found.dtype) * found
        slot.assign(new)
        return new


def _rms(x: Any) -> Any:
    return tf.sqrt(tf.reduce_mean(tf.square(x)))
