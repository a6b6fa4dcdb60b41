"""Margins."""

from __future__ import annotations

from typing import Any

from mtlspec_keras.engine import keras, tf
from mtlspec_keras.loss import TaskLoss, number


class _Signed(TaskLoss):
    def short(self, y_true: Any, y_pred: Any) -> Any:
        """Return max(0, 1 - t·z), of the slope -t at the kink."""
        t = tf.reshape(y_true, tf.shape(y_pred))
        t = 2 * t - 1 if self.numbers["targets"] == "zero_one" else t
        return _positive(1 - t * y_pred)


@keras.saving.register_keras_serializable("mtlspec")
class Hinge(_Signed):
    """mean_l of max(0, 1 - t·z)."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return tf.reduce_mean(self.short(y_true, y_pred), axis=-1)


@keras.saving.register_keras_serializable("mtlspec")
class SquaredHinge(_Signed):
    """mean_l of max(0, 1 - t·z)²."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return tf.reduce_mean(tf.square(self.short(y_true, y_pred)), axis=-1)


@keras.saving.register_keras_serializable("mtlspec")
class CategoricalHinge(TaskLoss):
    """max(0, 1 + max_{c ≠ y} z_c - z_y)."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        truth = _truth(y_true, y_pred)
        in_place = 0.0 if self.numbers["rivals"] == "others_or_zero" else -float("inf")
        largest = tf.reduce_max(tf.where(truth, number(in_place, y_pred), y_pred), axis=-1)
        own = tf.reduce_sum(tf.where(truth, y_pred, tf.zeros_like(y_pred)), axis=-1)
        return _positive(1 + largest - own)


@keras.saving.register_keras_serializable("mtlspec")
class MultiMargin(TaskLoss):
    """w_y·Σ_{c ≠ y} max(0, margin - z_y + z_c)^power / C."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        truth = _truth(y_true, y_pred)
        zeros = tf.zeros_like(y_pred)
        own = tf.reduce_sum(tf.where(truth, y_pred, zeros), axis=-1, keepdims=True)
        short = number(self.numbers["margin"], y_pred) - own + y_pred
        short = tf.where(tf.logical_or(truth, short <= 0), zeros, short)
        total = tf.reduce_sum(tf.square(short) if self.numbers["power"] == 2 else short, axis=-1) / y_pred.shape[-1]
        weights = self.numbers["class_weights"]
        labels = tf.cast(tf.reshape(y_true, tf.shape(y_pred)[:-1]), tf.int64)
        return total if weights is None else total * tf.gather(tf.constant(weights, y_pred.dtype), labels)


def _positive(x: Any) -> Any:
    """Return max(0, x), of the slope 1 at 0."""
    return tf.where(x >= 0, x, tf.zeros_like(x))


def _truth(y_true: Any, y_pred: Any) -> Any:
    labels = tf.cast(tf.reshape(y_true, tf.shape(y_pred)[:-1]), tf.int64)
    return tf.one_hot(labels, y_pred.shape[-1], on_value=True, off_value=False, dtype="bool")
