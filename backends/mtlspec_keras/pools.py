"""Pools: native layers, with the smallest subclass where a border in numbers is no border of zeros."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from mtlspec.spec import layers
from mtlspec.spec.signature import Ends
from mtlspec_keras.convolutions import Builder, bordered
from mtlspec_keras.engine import keras, tf
from mtlspec_keras.masked_pools import MaskedAveragePool, MaskedMaxPool

if TYPE_CHECKING:
    from mtlspec_keras.layers import Place


class _Bordered(keras.layers.Layer):  # type: ignore[misc]
    """A pool over a sequence or image with a border."""

    fill = 0.0

    def __init__(self, *arguments: Any, border: tuple[Ends, ...], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.border = tuple((before, after) for before, after in border)

    def bordered(self, inputs: Any) -> Any:
        fill = tf.constant(self.fill, inputs.dtype)
        return tf.pad(inputs, ((0, 0), *self.border, (0, 0)), constant_values=fill)

    def compute_output_shape(self, input_shape: Any) -> Any:
        batch, *sizes, channels = input_shape
        whole = (None if n is None else n + sum(ends) for n, ends in zip(sizes, self.border, strict=True))
        return super().compute_output_shape((batch, *whole, channels))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "border": self.border}


class _Maximum(_Bordered):
    """A maximum that the border never wins."""

    fill = float("-inf")

    def call(self, inputs: Any) -> Any:
        return super().call(self.bordered(inputs))


class _AverageInside(_Bordered):
    """A mean that does not count the border."""

    def call(self, inputs: Any) -> Any:
        inside = self.bordered(tf.ones_like(inputs[:1, ..., :1]))
        return super().call(self.bordered(inputs)) / super().call(inside)


@keras.saving.register_keras_serializable("mtlspec")
class BorderedMaxPooling1D(_Maximum, keras.layers.MaxPooling1D):  # type: ignore[misc]
    """Maxima of a sequence with -inf around it."""


@keras.saving.register_keras_serializable("mtlspec")
class BorderedMaxPooling2D(_Maximum, keras.layers.MaxPooling2D):  # type: ignore[misc]
    """Maxima of an image with -inf around it."""


@keras.saving.register_keras_serializable("mtlspec")
class BorderedAveragePooling1D(_AverageInside, keras.layers.AveragePooling1D):  # type: ignore[misc]
    """Means of a sequence with a border that is not counted."""


@keras.saving.register_keras_serializable("mtlspec")
class BorderedAveragePooling2D(_AverageInside, keras.layers.AveragePooling2D):  # type: ignore[misc]
    """Means of an image with a border that is not counted."""


def _pool(native: Any, own: Any) -> Builder:
    def build(layer: Any, place: Place) -> list[Any]:
        window = layer.window
        options = {"data_format": "channels_last", **place.options}
        if isinstance(window.padding, str):
            return [native(window.size, window.strides, window.padding, **options)]
        if getattr(layer, "padding_counts", False):
            return [bordered(window.padding, place), native(window.size, window.strides, "valid", **options)]
        return [own(window.size, window.strides, "valid", border=window.padding, **options)]

    return build


def _global_pool(kind: str) -> Callable[[Any, Place], list[Any]]:
    def build(layer: layers.GlobalMaxPool | layers.GlobalAveragePool, place: Place) -> list[Any]:
        if layer.mask is not None:
            return [(MaskedMaxPool if kind == "Max" else MaskedAveragePool)(**place.options)]
        rank = len(place.shape) - 1
        if rank <= 3:
            native = getattr(keras.layers, f"Global{kind}Pooling{rank}D")
            return [native(data_format="channels_last", **place.options)]
        options = place.options
        rows = keras.layers.Reshape((-1, place.shape[-1]), **{**options, "name": f"{options['name']}.rows"})
        return [rows, getattr(keras.layers, f"Global{kind}Pooling1D")(data_format="channels_last", **options)]

    return build


LAYERS: Mapping[type[layers.Layer], Builder] = {
    layers.MaxPool1d: _pool(keras.layers.MaxPooling1D, BorderedMaxPooling1D),
    layers.MaxPool2d: _pool(keras.layers.MaxPooling2D, BorderedMaxPooling2D),
    layers.AveragePool1d: _pool(keras.layers.AveragePooling1D, BorderedAveragePooling1D),
    layers.AveragePool2d: _pool(keras.layers.AveragePooling2D, BorderedAveragePooling2D),
    layers.GlobalMaxPool: _global_pool("Max"),
    layers.GlobalAveragePool: _global_pool("Average"),
}
