"""Extensions: kinds of a user's own, by the functions that they have for this backend."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic_core import PydanticCustomError

from mtlspec.errors import BackendError
from mtlspec.extension import function_of, updated
from mtlspec.spec.content import document_of
from mtlspec.spec.kind import Kind
from mtlspec.spec.layer import Layer
from mtlspec.spec.loss import Loss
from mtlspec.spec.optimizer import Optimizer
from mtlspec.spec.signature import ParameterRule, Shape
from mtlspec.spec.slots import SlotRule
from mtlspec_keras.engine import keras, tf
from mtlspec_keras.loss import TaskLoss
from mtlspec_keras.optimizer import LawfulOptimizer
from mtlspec_keras.penalty import regularizer
from mtlspec_keras.rows import Gradient

NAME = "keras"


def read(family: type[Kind], stored: Any) -> Any:
    """Return the value that a configuration holds.

    Raises:
        BackendError: its kind is not known here.
    """
    try:
        return family.read(stored)
    except PydanticCustomError as error:
        raise BackendError(f"cannot load this model: {error.message()}") from None


@keras.saving.register_keras_serializable("mtlspec")
class ExtensionLayer(keras.layers.Layer):  # type: ignore[misc]
    """(layer, x, *others, parameters) -> tensor, with its parameters in canonical layout."""

    def __init__(self, layer: Any, shapes: Sequence[Sequence[int | None]], **options: Any) -> None:
        super().__init__(**options)
        self.layer, self.function = layer, function_of(layer, NAME)
        self.shapes = tuple(map(tuple, shapes))
        self.signature = layer.signature_with(*self.shapes)
        for rule in self.signature.parameters:
            setattr(self, _attribute(rule.leaf), self._added(rule))

    def _added(self, rule: ParameterRule) -> Any:
        trainable = rule.role == "trainable"
        return self.add_weight(
            shape=rule.shape,
            name=rule.leaf,
            initializer="zeros",
            dtype=self.variable_dtype if rule.dtype == "float" else "int64",
            trainable=trainable,
            regularizer=regularizer(rule.penalty) if trainable else None,
        )

    def parameter(self, leaf: str) -> Any:
        """Return the variable of a leaf."""
        return getattr(self, _attribute(leaf))

    def call(self, *tensors: Any) -> Any:
        leaves = [rule.leaf for rule in self.signature.parameters]
        parameters = {leaf: tf.convert_to_tensor(self.parameter(leaf)) for leaf in leaves}
        return self.function(self.layer, *tensors, parameters)

    def compute_output_spec(self, x: Any, *others: Any) -> Any:
        return keras.KerasTensor((x.shape[0], *self.signature.shape), self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        own = {"layer": document_of(self.layer, explicit=True), "shapes": [list(shape) for shape in self.shapes]}
        return {**super().get_config(), **own}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        return cls(**{**config, "layer": read(Layer, config["layer"])})


def _attribute(leaf: str) -> str:
    return f"parameter_{leaf}"


def extension_layer(layer: Layer, shapes: Sequence[Shape], options: dict[str, Any]) -> list[Any]:
    """Return the layer that reads tensors of `shapes`."""
    return [ExtensionLayer(layer, shapes, **options)]


@keras.saving.register_keras_serializable("mtlspec")
class ExtensionLoss(TaskLoss):
    """(loss, logits, targets) -> the loss of each of N positions, for logits (N, units)."""

    def __init__(self, *, loss: Any, **options: Any) -> None:
        super().__init__(loss=loss, **options)
        self.value = read(Loss, loss)
        self.function = function_of(self.value, NAME)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        target, units = self.value.target(y_pred.shape[-1]), y_pred.shape[-1]
        # native `fit` makes floats of classes
        targets = tf.cast(y_true, tf.int64) if target.is_class else y_true
        rows = tf.reshape(targets, [-1, *target.shape])
        each = self.function(self.value, tf.reshape(y_pred, [-1, units]), rows)
        return tf.reshape(each, tf.shape(y_pred)[:-1])


def extension_loss(loss: Loss) -> tuple[type[TaskLoss], dict[str, Any]]:
    """Return the native loss of a user's own, and what it is made of."""
    return ExtensionLoss, {"loss": document_of(loss, explicit=True)}


@keras.saving.register_keras_serializable("mtlspec")
class ExtensionOptimizer(LawfulOptimizer):
    """(optimizer, w, gradient, slots, rate, step) -> (new w, new slots); rate and step in the precision of w."""

    def __init__(self, learning_rate: float, *, law: Any, **options: Any) -> None:
        super().__init__(learning_rate, **options)
        self.law = read(Optimizer, law)

    @classmethod
    def from_law(cls, law: Optimizer, options: dict[str, Any]) -> ExtensionOptimizer:
        """Return the native optimizer of a value of the spec."""
        return cls(law.learning_rate, law=law, **options)

    def slot_rules(self, shape: tuple[int, ...]) -> tuple[SlotRule, ...]:
        rules: tuple[SlotRule, ...] = self.law.slots(shape)
        return rules

    def moved(self, variable: Any, w: Any, before: Any, gradient: Gradient, rate: Any) -> Any:
        places = {rule.name: self.slot(rule.name, variable) for rule in self.slot_rules(tuple(variable.shape))}
        slots = {name: gradient.read(place) for name, place in places.items()}
        numbers = (tf.cast(number, w.dtype) for number in (rate, self.time))
        new, news = updated(self.law, NAME, w, gradient.sum, slots, *numbers)
        for name, place in places.items():
            gradient.write(place, news[name])
        return new

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "law": document_of(self.law, explicit=True)}
