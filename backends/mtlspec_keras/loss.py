"""The base of losses: native Keras losses that keep their precision in a saved file."""

from __future__ import annotations

import math
from typing import Any

from mtlspec_keras.engine import keras, tf


class TaskLoss(keras.losses.Loss):  # type: ignore[misc]
    """A number for each position; its precision and formula's numbers are part of its config."""

    def __init__(self, *, dtype: str, name: str, reduction: str | None, **numbers: Any) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.numbers = numbers

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "dtype": self.dtype, **self.numbers}

    def losses(self, targets: Any, logits: Any, weights: Any) -> tuple[Any, Any]:
        """Return the losses, and the weights that multiply them."""
        return self.call(targets, logits), weights


class ExampleLoss(TaskLoss):
    """A number for each example, of all its positions that are present; in native `fit`, all are."""

    def of_examples(self, y_true: Any, y_pred: Any, present: Any) -> Any:
        """Return the loss of each example (B), for logits (B, n, units) at n positions and which are present (B, n)."""
        raise NotImplementedError

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return self._flattened(y_true, y_pred, tf.ones_like(y_pred[..., 0], dtype="bool"))

    def losses(self, targets: Any, logits: Any, weights: Any) -> tuple[Any, Any]:
        axes = list(range(1, len(weights.shape)))
        return self._flattened(targets, logits, weights != 0), tf.reduce_max(weights, axis=axes)

    def _flattened(self, y_true: Any, y_pred: Any, present: Any) -> Any:
        of_target, count = list(y_true.shape[len(y_pred.shape) - 1 :]), _positions(y_pred)
        return self.of_examples(
            tf.reshape(y_true, [-1, count, *of_target]),
            tf.reshape(y_pred, [-1, count, y_pred.shape[-1]]),
            tf.reshape(present, [-1, count]),
        )


def _positions(y_pred: Any) -> Any:
    """Return the number of positions; a tensor where the data chooses it."""
    sizes = y_pred.shape[1:-1]
    return tf.reduce_prod(tf.shape(y_pred)[1:-1]) if None in sizes else math.prod(sizes)


def number(value: float, like: Any) -> Any:
    """Return a constant in the precision of `like`."""
    return tf.constant(value, like.dtype)


def error_of(y_true: Any, y_pred: Any) -> Any:
    """Return predictions minus targets."""
    return y_pred - tf.reshape(y_true, tf.shape(y_pred))


def classes_of(y_true: Any, y_pred: Any) -> Any:
    """Return a number for each class: one-hot where targets are indices, which have no axis of classes."""
    if len(y_true.shape) == len(y_pred.shape) and y_true.shape[-1] == y_pred.shape[-1]:
        return y_true
    labels = tf.cast(tf.reshape(y_true, tf.shape(y_pred)[:-1]), tf.int64)
    return tf.one_hot(labels, y_pred.shape[-1], dtype=y_pred.dtype)


def smoothed(labels: Any, smoothing: float, floor: float) -> Any:
    """Return (1 - smoothing)·labels + floor."""
    return labels * number(1 - smoothing, labels) + number(floor, labels) if smoothing else labels


def clipped(p: Any, clip: float) -> Any:
    """Return p held to [clip, 1 - clip]."""
    return tf.clip_by_value(p, number(clip, p), number(1 - clip, p))
