"""Gates: layers that let elements, or their gradients, through in part."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from mtlspec.spec import gates as spec
from mtlspec.spec.layer import Layer
from mtlspec_keras.activations import activation
from mtlspec_keras.engine import keras, tf

if TYPE_CHECKING:
    from mtlspec_keras.layers import Place


@keras.saving.register_keras_serializable("mtlspec")
class PReLU(keras.layers.PReLU):  # type: ignore[misc]
    """x where x > 0, slope·x elsewhere, also at 0, where Keras takes 0; shared slopes have no axes of size 1."""

    def __init__(self, slopes: str, **options: Any) -> None:
        super().__init__(**options)
        self.slopes = slopes

    def build(self, input_shape: Any) -> None:
        shapes = {"one": (1,), "per_channel": input_shape[-1:], "per_element": input_shape[1:]}
        self.alpha = self.add_weight(name="alpha", shape=shapes[self.slopes], initializer=self.alpha_initializer)

    def call(self, inputs: Any) -> Any:
        return tf.where(inputs > 0, inputs, tf.convert_to_tensor(self.alpha.value) * inputs)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "slopes": self.slopes}


@keras.saving.register_keras_serializable("mtlspec")
class GatedLinearUnit(keras.layers.Layer):  # type: ignore[misc]
    """value·function(gate), where value and gate are the halves of the last axis."""

    def __init__(self, function: Any, gate: str, **options: Any) -> None:
        super().__init__(**options)
        own = isinstance(function, keras.layers.Layer)
        self.function = function if own else keras.saving.deserialize_keras_object(function)
        self.gate = gate

    def call(self, inputs: Any) -> Any:
        first, second = tf.split(inputs, 2, axis=-1)
        return second * self.function(first) if self.gate == "first" else first * self.function(second)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (*input_shape[:-1], input_shape[-1] // 2)

    def get_config(self) -> dict[str, Any]:
        function = keras.saving.serialize_keras_object(self.function)
        return {**super().get_config(), "function": function, "gate": self.gate}


@keras.saving.register_keras_serializable("mtlspec")
class GradientReversal(keras.layers.Layer):  # type: ignore[misc]
    """x, whose gradient is multiplied by -factor."""

    def __init__(self, factor: float, **options: Any) -> None:
        super().__init__(**options)
        self.factor = factor

    def call(self, inputs: Any) -> Any:
        factor = tf.constant(-self.factor, inputs.dtype)

        @tf.custom_gradient  # type: ignore[untyped-decorator]
        def turned(x: Any) -> tuple[Any, Callable[[Any], Any]]:
            return tf.identity(x), lambda gradient: factor * gradient

        return turned(inputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "factor": self.factor}


@keras.saving.register_keras_serializable("mtlspec")
class StopGradient(keras.layers.Layer):  # type: ignore[misc]
    """x, without a gradient."""

    def call(self, inputs: Any) -> Any:
        return tf.stop_gradient(inputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape


def _prelu(layer: spec.Prelu, place: Place) -> list[Any]:
    return [PReLU(layer.slopes, **place.options)]


def _gated_linear_unit(layer: spec.GatedLinearUnit, place: Place) -> list[Any]:
    options = place.options
    function = activation(layer.function, {**options, "name": f"{options['name']}.function"})
    return [GatedLinearUnit(function, layer.gate, **options)]


def _gradient_reversal(layer: spec.GradientReversal, place: Place) -> list[Any]:
    return [GradientReversal(layer.factor, **place.options)]


def _stop_gradient(layer: spec.StopGradient, place: Place) -> list[Any]:
    return [StopGradient(**place.options)]


LAYERS: Mapping[type[Layer], Callable[[Any, Place], list[Any]]] = {
    spec.Prelu: _prelu,
    spec.GatedLinearUnit: _gated_linear_unit,
    spec.GradientReversal: _gradient_reversal,
    spec.StopGradient: _stop_gradient,
}
