"""Cross-entropies, from logits and from clipped probabilities."""

from __future__ import annotations

from typing import Any

from mtlspec.spec import losses
from mtlspec_keras.engine import keras, tf
from mtlspec_keras.loss import TaskLoss, clipped, number, smoothed


@keras.saving.register_keras_serializable("mtlspec")
class SoftmaxCrossEntropy(TaskLoss):
    """-Σ_c w_c·q_c·log softmax(z)_c with q = (1 - s)·y + s / C; y is the index of a class or a probability for each."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        weights = self.numbers["term_weights"]
        w = None if weights is None else tf.constant(weights, y_pred.dtype)
        classes, smoothing, clip = y_pred.shape[-1], self.numbers["label_smoothing"], self.numbers["clip"]
        if self.numbers["targets"] == "integer":
            labels = tf.cast(tf.reshape(y_true, tf.shape(y_pred)[:-1]), tf.int64)
            if not smoothing and clip is None:
                each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, y_pred)
                return each if w is None else tf.gather(w, labels) * each
            y_true = tf.one_hot(labels, classes, dtype=y_pred.dtype)
        q = smoothed(y_true, smoothing, smoothing / classes)
        q = q if w is None else q * w
        if clip is None:
            # TensorFlow's fused operation takes for granted that the labels sum to 1.
            return -tf.reduce_sum(q * tf.nn.log_softmax(y_pred), axis=-1)
        p = clipped(tf.nn.softmax(y_pred), clip)
        if self.numbers["renormalized"]:
            p /= tf.reduce_sum(p, axis=-1, keepdims=True)
        return -tf.reduce_sum(q * tf.math.log(p), axis=-1)


@keras.saving.register_keras_serializable("mtlspec")
class SigmoidCrossEntropy(TaskLoss):
    """mean_l of -(p_l·q_l·log σ(z_l) + (1 - q_l)·log(1 - σ(z_l))), q = (1 - s)·y + s / 2."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        smoothing, clip = self.numbers["label_smoothing"], self.numbers["clip"]
        q = smoothed(tf.reshape(y_true, tf.shape(y_pred)), smoothing, smoothing / 2)
        factors = self.numbers["positive_weights"]
        positive = q if factors is None else q * tf.constant(factors, q.dtype)
        if clip is None:
            terms = positive * tf.math.softplus(-y_pred) + (1 - q) * tf.math.softplus(y_pred)
        else:
            p = clipped(tf.sigmoid(y_pred), clip)
            terms = -(positive * tf.math.log(p) + (1 - q) * tf.math.log(1 - p))
        return tf.reduce_mean(terms, axis=-1)


@keras.saving.register_keras_serializable("mtlspec")
class OrdinalCrossEntropy(TaskLoss):
    """-Σ_k w_k·(1[y > k]·log σ(z_k) + 1[y <= k]·log(1 - σ(z_k)))."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        labels = tf.cast(tf.reshape(y_true, tf.shape(y_pred[..., :1])), tf.int64)
        above = labels > tf.range(y_pred.shape[-1], dtype=tf.int64)
        each = tf.math.softplus(tf.where(above, -y_pred, y_pred))
        weights = self.numbers["threshold_weights"]
        return tf.reduce_sum(each if weights is None else each * tf.constant(weights, each.dtype), axis=-1)


def ordinal_probabilities(logits: Any) -> Any:
    """Return the probabilities of K classes, from K - 1 logits of "above class k"."""
    p, index = tf.sigmoid(logits), tf.range(logits.shape[-1])
    # the smallest so far, of all pairs of thresholds
    above = tf.reduce_min(tf.where(index[:, None] >= index, p[..., None, :], tf.ones_like(p[..., None, :])), axis=-1)
    edge = tf.ones_like(above[..., :1])
    return tf.concat([edge, above], axis=-1) - tf.concat([above, tf.zeros_like(edge)], axis=-1)


@keras.saving.register_keras_serializable("mtlspec")
class KullbackLeibler(TaskLoss):
    """Σ_c y_c·(log y_c - log p_c); of clipped probabilities, with both held to [clip, 1]."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        y, clip = tf.reshape(y_true, tf.shape(y_pred)), self.numbers["clip"]
        if clip is None:
            return tf.reduce_sum(tf.math.xlogy(y, y) - y * tf.nn.log_softmax(y_pred), axis=-1)
        low, high = number(clip, y), number(1.0, y)
        y, p = tf.clip_by_value(y, low, high), tf.clip_by_value(tf.nn.softmax(y_pred), low, high)
        return tf.reduce_sum(y * tf.math.log(y / p), axis=-1)


def reads(prediction: losses.Prediction) -> dict[str, Any]:
    """Return what of a config says that a cross-entropy reads logits, or clipped probabilities."""
    if isinstance(prediction, losses.Probabilities):
        return {"clip": prediction.clip, "renormalized": prediction.renormalized}
    return {"clip": None, "renormalized": False}
