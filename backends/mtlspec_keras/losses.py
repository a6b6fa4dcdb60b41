"""Losses: native Keras losses of our formulas, that keep their precision in a saved file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mtlspec.graph import Head
from mtlspec.spec import losses
from mtlspec.spec.training import Precision
from mtlspec_keras.engine import keras, tf


class _Loss(keras.losses.Loss):  # type: ignore[misc]
    """A number for each example; its precision and formula's numbers are part of its config."""

    def __init__(self, *, dtype: str, name: str, reduction: str | None, **numbers: Any) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.numbers = numbers

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "dtype": self.dtype, **self.numbers}


@keras.saving.register_keras_serializable("mtlspec")
class SoftmaxCrossEntropy(_Loss):
    """-Σ_c w_c·q_c·log softmax(z)_c with q = (1 - s)·y + s / C; y is the index of a class or a probability for each."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        weights = self.numbers["term_weights"]
        w = None if weights is None else tf.constant(weights, y_pred.dtype)
        classes, smoothing, clip = y_pred.shape[-1], self.numbers["label_smoothing"], self.numbers["clip"]
        if self.numbers["targets"] == "integer":
            labels = tf.cast(tf.reshape(y_true, [-1]), tf.int64)
            if not smoothing and clip is None:
                each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, y_pred)
                return each if w is None else tf.gather(w, labels) * each
            y_true = tf.one_hot(labels, classes, dtype=y_pred.dtype)
        q = _smoothed(y_true, smoothing, smoothing / classes)
        q = q if w is None else q * w
        if clip is None:
            # TensorFlow's fused operation takes for granted that the labels sum to 1.
            return -tf.reduce_sum(q * tf.nn.log_softmax(y_pred), axis=-1)
        p = _clipped(tf.nn.softmax(y_pred), clip)
        if self.numbers["renormalized"]:
            p /= tf.reduce_sum(p, axis=-1, keepdims=True)
        return -tf.reduce_sum(q * tf.math.log(p), axis=-1)


@keras.saving.register_keras_serializable("mtlspec")
class SigmoidCrossEntropy(_Loss):
    """mean_l of -(p_l·q_l·log σ(z_l) + (1 - q_l)·log(1 - σ(z_l))), q = (1 - s)·y + s / 2."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        smoothing, clip = self.numbers["label_smoothing"], self.numbers["clip"]
        q = _smoothed(tf.reshape(y_true, tf.shape(y_pred)), smoothing, smoothing / 2)
        factors = self.numbers["positive_weights"]
        positive = q if factors is None else q * tf.constant(factors, q.dtype)
        if clip is None:
            terms = positive * tf.math.softplus(-y_pred) + (1 - q) * tf.math.softplus(y_pred)
        else:
            p = _clipped(tf.sigmoid(y_pred), clip)
            terms = -(positive * tf.math.log(p) + (1 - q) * tf.math.log(1 - p))
        return tf.reduce_mean(terms, axis=-1)


@keras.saving.register_keras_serializable("mtlspec")
class SquaredError(_Loss):
    """mean_u of (z_u - y_u)²."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return tf.reduce_mean(tf.square(_error(y_true, y_pred)), axis=-1)


@keras.saving.register_keras_serializable("mtlspec")
class AbsoluteError(_Loss):
    """mean_u of |z_u - y_u|; the slope at 0 is 0."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return tf.reduce_mean(tf.abs(_error(y_true, y_pred)), axis=-1)


@keras.saving.register_keras_serializable("mtlspec")
class Huber(_Loss):
    """mean_u of e²/2 where |e| <= delta, else delta·|e| - delta²/2, e = z_u - y_u."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        delta = self.numbers["delta"]
        error = _error(y_true, y_pred)
        size = tf.abs(error)
        inside, outside = _number(0.5, error) * error * error, _number(delta, error) * size
        return tf.reduce_mean(tf.where(size <= delta, inside, outside - _number(delta * delta / 2, error)), axis=-1)


def _number(value: float, like: Any) -> Any:
    return tf.constant(value, like.dtype)


def _error(y_true: Any, y_pred: Any) -> Any:
    return y_pred - tf.reshape(y_true, tf.shape(y_pred))


def _smoothed(labels: Any, smoothing: float, floor: float) -> Any:
    return labels * _number(1 - smoothing, labels) + _number(floor, labels) if smoothing else labels


def _clipped(p: Any, clip: float) -> Any:
    return tf.clip_by_value(p, _number(clip, p), _number(1 - clip, p))


def _probabilities(prediction: losses.Prediction) -> dict[str, Any]:
    if isinstance(prediction, losses.Probabilities):
        return {"clip": prediction.clip, "renormalized": prediction.renormalized}
    return {"clip": None, "renormalized": False}


LOSSES: Mapping[type[losses.Loss], tuple[type[_Loss], Callable[[Any], dict[str, Any]]]] = {
    losses.SoftmaxCrossEntropy: (
        SoftmaxCrossEntropy,
        lambda loss: {
            "targets": loss.targets,
            "label_smoothing": loss.label_smoothing,
            "term_weights": loss.term_weights,
            **_probabilities(loss.from_),
        },
    ),
    losses.SigmoidCrossEntropy: (
        SigmoidCrossEntropy,
        lambda loss: {
            "label_smoothing": loss.label_smoothing,
            "positive_weights": loss.positive_weights,
            **_probabilities(loss.from_),
        },
    ),
    losses.SquaredError: (SquaredError, lambda loss: {}),
    losses.AbsoluteError: (AbsoluteError, lambda loss: {}),
    losses.Huber: (Huber, lambda loss: {"delta": loss.delta}),
}

REDUCTIONS = {
    "batch": "sum_over_batch_size",
    "present": "mean_with_sample_weight",
    "weight_sum": "mean_with_sample_weight",
}
"""What a loss does with its examples in native `fit`; `present` is the same only where every weight is 0 or 1.

Nor does Keras know that `weight_sum` adds up factors of classes that apply to class terms.
"""

LINKS: Mapping[str, Callable[[Any], Any]] = {"none": lambda z: z, "softmax": tf.nn.softmax, "sigmoid": tf.sigmoid}
"""From logits to predictions."""


def loss_function(head: Head, precision: Precision) -> _Loss:
    """Return the native loss of a task."""
    kind, numbers = LOSSES[type(head.loss)]
    return kind(dtype=precision, name=head.task, reduction=REDUCTIONS[head.loss.reduction], **numbers(head.loss))
