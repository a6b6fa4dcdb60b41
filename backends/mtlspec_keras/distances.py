"""Distances between numbers."""

from __future__ import annotations

import math
from typing import Any

from mtlspec_keras.engine import keras, tf
from mtlspec_keras.loss import TaskLoss, error_of, number


@keras.saving.register_keras_serializable("mtlspec")
class SquaredError(TaskLoss):
    """mean_u of (z_u - y_u)²."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return tf.reduce_mean(tf.square(error_of(y_true, y_pred)), axis=-1)


@keras.saving.register_keras_serializable("mtlspec")
class AbsoluteError(TaskLoss):
    """mean_u of |z_u - y_u|; the slope at 0 is 0."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return tf.reduce_mean(tf.abs(error_of(y_true, y_pred)), axis=-1)


@keras.saving.register_keras_serializable("mtlspec")
class Huber(TaskLoss):
    """mean_u of e²/2 where |e| <= delta, else delta·|e| - delta²/2, e = z_u - y_u."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        delta = self.numbers["delta"]
        error = error_of(y_true, y_pred)
        size = tf.abs(error)
        inside, outside = number(0.5, error) * error * error, number(delta, error) * size
        return tf.reduce_mean(tf.where(size <= delta, inside, outside - number(delta * delta / 2, error)), axis=-1)


@keras.saving.register_keras_serializable("mtlspec")
class LogCosh(TaskLoss):
    """mean_u of log(cosh(e)): log(1 + 2·sinh(e / 2)²) where that neither cancels nor overflows."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        size = tf.abs(error_of(y_true, y_pred))
        one = tf.ones_like(size)
        near, far = tf.where(size < 1, size, one), tf.where(size < 1, one, size)
        outside = far + tf.math.log1p(tf.exp(-2 * far)) - number(math.log(2), size)
        inside = tf.math.log1p(2 * tf.square(tf.sinh(near / 2)))
        return tf.reduce_mean(tf.where(size < 1, inside, outside), axis=-1)


@keras.saving.register_keras_serializable("mtlspec")
class Quantile(TaskLoss):
    """mean_q of q·e where e > 0, else (q - 1)·e, e = y - z_q."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        error = tf.reshape(y_true, tf.shape(y_pred[..., :1])) - y_pred
        q = tf.constant(self.numbers["quantiles"], error.dtype)
        return tf.reduce_mean(tf.where(error > 0, q, q - 1) * error, axis=-1)


@keras.saving.register_keras_serializable("mtlspec")
class PercentageError(TaskLoss):
    """mean_u of 100·|z_u - y_u| / max(|y_u|, epsilon)."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        size = tf.abs(error_of(y_true, y_pred))
        scale = tf.maximum(tf.abs(tf.reshape(y_true, tf.shape(y_pred))), number(self.numbers["epsilon"], size))
        return tf.reduce_mean(100 * size / scale, axis=-1)


@keras.saving.register_keras_serializable("mtlspec")
class SquaredLogarithmicError(TaskLoss):
    """mean_u of (log(1 + max(z_u, clip)) - log(1 + max(y_u, clip)))²."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        error = self._logarithm(y_pred) - self._logarithm(tf.reshape(y_true, tf.shape(y_pred)))
        return tf.reduce_mean(tf.square(error), axis=-1)

    def _logarithm(self, x: Any) -> Any:
        clip = number(self.numbers["clip"], x)
        return tf.math.log1p(tf.where(x >= clip, x, clip))


@keras.saving.register_keras_serializable("mtlspec")
class CosineSimilarity(TaskLoss):
    """1 - cos or -cos, cos = Σ_u z_u·y_u / (|z|·|y|)."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        y = tf.reshape(y_true, tf.shape(y_pred))
        cosine = tf.reduce_sum(y_pred / self._norm(y_pred) * (y / self._norm(y)), axis=-1)
        return -cosine if self.numbers["value"] == "negative" else 1 - cosine

    def _norm(self, x: Any) -> Any:
        squares, epsilon = tf.reduce_sum(tf.square(x), axis=-1, keepdims=True), self.numbers["epsilon"]
        if self.numbers["epsilon_placement"] == "inside_root":
            return tf.sqrt(squares + number(epsilon, x))
        least = number(epsilon**2, x)
        # the root of what is held has a slope where the root of 0 has none
        return tf.sqrt(tf.where(squares >= least, squares, least))
