"""Focal losses."""

from __future__ import annotations

from typing import Any

from mtlspec_keras.engine import keras, tf
from mtlspec_keras.loss import TaskLoss, classes_of, number, smoothed


@keras.saving.register_keras_serializable("mtlspec")
class SigmoidFocal(TaskLoss):
    """mean_l of a·(1 - P)^gamma·-(q·log p + (1 - q)·log(1 - p)), P = q·p + (1 - q)·(1 - p)."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        smoothing, alpha = self.numbers["label_smoothing"], self.numbers["alpha"]
        q = smoothed(tf.reshape(y_true, tf.shape(y_pred)), smoothing, smoothing / 2)
        yes, no = -tf.math.softplus(-y_pred), -tf.math.softplus(y_pred)
        missed = tf.reduce_logsumexp(tf.stack([tf.math.log(q) + no, tf.math.log1p(-q) + yes]), axis=0)
        losses = tf.exp(number(self.numbers["gamma"], q) * missed) * -(q * yes + (1 - q) * no)
        if alpha is not None:
            losses *= q * number(alpha, q) + (1 - q) * number(1 - alpha, q)
        return tf.reduce_mean(losses, axis=-1)


@keras.saving.register_keras_serializable("mtlspec")
class SoftmaxFocal(TaskLoss):
    """-Σ_c alpha_c·q_c·(1 - p_c)^gamma·log p_c."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        smoothing, alpha, gamma = (self.numbers[name] for name in ("label_smoothing", "alpha", "gamma"))
        q = smoothed(classes_of(y_true, y_pred), smoothing, smoothing / y_pred.shape[-1])
        q = q if alpha is None else q * tf.constant(alpha, q.dtype)
        logarithms = tf.nn.log_softmax(y_pred)
        missed = _others(tf.exp(logarithms))
        # a power of 0 has no slope below 1
        held = tf.where(missed > 0, missed, tf.ones_like(missed))
        power = tf.where(missed > 0, held ** number(gamma, q), number(0.0**gamma, q))
        return -tf.reduce_sum(q * power * logarithms, axis=-1)


def _others(p: Any) -> Any:
    """Return 1 - p_c; beside the largest as a sum of the others, which does not cancel."""
    top = tf.one_hot(tf.argmax(p, axis=-1), p.shape[-1], on_value=True, off_value=False, dtype="bool")
    rest = tf.reduce_sum(tf.where(top, tf.zeros_like(p), p), axis=-1, keepdims=True)
    return tf.where(top, rest, 1 - p)
