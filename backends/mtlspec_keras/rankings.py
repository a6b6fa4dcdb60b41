"""Rankings: losses of scores (B, n, 1) and relevances of the present items."""

from __future__ import annotations

from typing import Any

from mtlspec_keras.engine import keras, tf
from mtlspec_keras.loss import ExampleLoss, number


@keras.saving.register_keras_serializable("mtlspec")
class PairwiseRanking(ExampleLoss):
    """The mean or sum of f(z_i - z_j) over the pairs of present items with y_i > y_j."""

    def of_examples(self, y_true: Any, y_pred: Any, present: Any) -> Any:
        apart = y_pred - tf.linalg.matrix_transpose(y_pred)
        if self.numbers["function"] == "logistic":
            each = tf.math.softplus(-apart)
        else:
            short = number(self.numbers["margin"], apart) - apart
            each = tf.where(short >= 0, short, tf.zeros_like(short))
        ahead = tf.cast(_pairs(present) & (y_true > tf.linalg.matrix_transpose(y_true)), each.dtype)
        total, count = tf.reduce_sum(ahead * each, axis=[1, 2]), tf.reduce_sum(ahead, axis=[1, 2])
        return total / tf.maximum(count, tf.ones_like(count)) if self.numbers["pairs"] == "mean" else total


@keras.saving.register_keras_serializable("mtlspec")
class ListNet(ExampleLoss):
    """-Σ_i P_i·log softmax(z)_i."""

    def of_examples(self, y_true: Any, y_pred: Any, present: Any) -> Any:
        relevances, here = y_true[..., 0], tf.cast(present, y_pred.dtype)
        if self.numbers["relevances"] == "softmax":
            wanted = tf.exp(_log_softmax(relevances, present)) * here
        else:
            wanted = tf.math.divide_no_nan(relevances * here, tf.reduce_sum(relevances * here, axis=-1, keepdims=True))
        return -tf.reduce_sum(wanted * _log_softmax(y_pred[..., 0], present), axis=-1)


@keras.saving.register_keras_serializable("mtlspec")
class ListMle(ExampleLoss):
    """Σ_i (log Σ_{j from i on} exp(z_j) - z_i), items by falling y."""

    def of_examples(self, y_true: Any, y_pred: Any, present: Any) -> Any:
        index, turned = tf.range(tf.shape(y_pred)[1]), tf.linalg.matrix_transpose(y_true)
        later = (y_true > turned) | ((y_true == turned) & (index[:, None] <= index))
        left = _pairs(present) & later
        logarithms = _log_softmax(tf.linalg.matrix_transpose(y_pred) + tf.zeros_like(y_pred), left)
        return -tf.reduce_sum(tf.linalg.diag_part(logarithms), axis=-1)


def _pairs(present: Any) -> Any:
    return present[:, :, None] & present[:, None, :]


def _log_softmax(scores: Any, present: Any) -> Any:
    """Return log softmax over the present ones of the last axis, and 0 elsewhere; where none is, without a gradient."""
    some = tf.reduce_any(present, axis=-1, keepdims=True)
    zeros = tf.zeros_like(scores)
    held = tf.where(present, scores, tf.where(some, number(-float("inf"), scores), zeros))
    return tf.where(present, tf.nn.log_softmax(held), zeros)
