"""Combinations: several losses of one task."""

from __future__ import annotations

from typing import Any

from mtlspec_keras.engine import keras, tf
from mtlspec_keras.loss import ExampleLoss, TaskLoss, number


class _Sum(TaskLoss):
    """A loss whose config has those of its terms."""

    def __init__(self, *, terms: Any, weights: Any, **config: Any) -> None:
        super().__init__(**config)
        self.terms = [keras.saving.deserialize_keras_object(t) if isinstance(t, dict) else t for t in terms]
        self.weights = tuple(weights)

    def get_config(self) -> dict[str, Any]:
        terms = [keras.saving.serialize_keras_object(term) for term in self.terms]
        return {**super().get_config(), "terms": terms, "weights": self.weights}


@keras.saving.register_keras_serializable("mtlspec")
class WeightedSum(_Sum):
    """Σ_t weight_t·loss_t, for losses of positions."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        each = (number(w, y_pred) * t.call(y_true, y_pred) for w, t in zip(self.weights, self.terms, strict=True))
        return tf.add_n(list(each))


@keras.saving.register_keras_serializable("mtlspec")
class WeightedSumOfExamples(_Sum, ExampleLoss):
    """Σ_t weight_t·loss_t; terms of positions are means over those that are present."""

    def of_examples(self, y_true: Any, y_pred: Any, present: Any) -> Any:
        each = (_of_examples(term, y_true, y_pred, present) for term in self.terms)
        return tf.add_n([number(w, y_pred) * losses for w, losses in zip(self.weights, each, strict=True)])


def _of_examples(term: TaskLoss, y_true: Any, y_pred: Any, present: Any) -> Any:
    if isinstance(term, ExampleLoss):
        return term.of_examples(y_true, y_pred, present)
    here = tf.cast(present, y_pred.dtype)
    return tf.math.divide_no_nan(tf.reduce_sum(here * term.call(y_true, y_pred), axis=-1), tf.reduce_sum(here, axis=-1))
