"""Likelihoods."""

from __future__ import annotations

import math
from typing import Any

from mtlspec.spec import losses
from mtlspec_keras.engine import keras, tf
from mtlspec_keras.loss import TaskLoss, number

FAR = -30.0
"""Below, log(softplus(r)) is r up to rounding."""


@keras.saving.register_keras_serializable("mtlspec")
class Poisson(TaskLoss):
    """mean_u of exp(z) - y·z, or of z - y·log(z + epsilon)."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        y = tf.reshape(y_true, tf.shape(y_pred))
        if self.numbers["input"] == "log_rate":
            each = tf.exp(y_pred) - y * y_pred
        else:
            each = y_pred - y * tf.math.log(y_pred + number(self.numbers["epsilon"], y))
        return tf.reduce_mean(each + _stirling(y) if self.numbers["full"] else each, axis=-1)


def _stirling(y: Any) -> Any:
    """Return y·log y - y + log(2π·y) / 2 where y > 1, else 0."""
    held = tf.maximum(y, tf.ones_like(y))
    terms = held * tf.math.log(held) - held + tf.math.log(number(2 * math.pi, y) * held) / 2
    return tf.where(y > 1, terms, tf.zeros_like(y))


@keras.saving.register_keras_serializable("mtlspec")
class GaussianLikelihood(TaskLoss):
    """mean_u of (log v + (y - m)² / v) / 2; of the logarithm of v, so that nothing overflows."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        mean, raw = tf.split(y_pred, 2, axis=-1)
        free = raw if self.numbers["variance"] == "exp" else _log_softplus(raw)
        least = number(math.log(self.numbers["minimum"]), raw)
        held = tf.where(free >= least, free, least)
        if self.numbers["below_minimum"] == "unheld":
            held = tf.stop_gradient(held) + (free - tf.stop_gradient(free)) * tf.stop_gradient(tf.exp(free - held))
        relative = (mean - tf.reshape(y_true, tf.shape(mean))) * tf.exp(-held / 2)
        constant = math.log(2 * math.pi) / 2 if self.numbers["full"] else 0.0
        return tf.reduce_mean((held + tf.square(relative)) / 2 + number(constant, raw), axis=-1)


def gaussian_predictions(loss: losses.GaussianLikelihood, logits: Any) -> Any:
    """Return means and variances."""
    mean, raw = tf.split(logits, 2, axis=-1)
    variance = tf.exp(raw) if loss.variance == "exp" else tf.math.softplus(raw)
    return tf.concat([mean, tf.maximum(variance, number(loss.minimum, raw))], axis=-1)


def _log_softplus(raw: Any) -> Any:
    far = number(FAR, raw)
    near = tf.where(raw < far, far, raw)
    return tf.where(raw < far, raw, tf.math.log(tf.math.softplus(near)))
