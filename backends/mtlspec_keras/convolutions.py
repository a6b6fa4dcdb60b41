"""Convolutions: native layers, with zeros in numbers as a layer before them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from mtlspec.spec import layers
from mtlspec.spec.signature import Ends
from mtlspec_keras.engine import keras
from mtlspec_keras.penalty import regularizer

if TYPE_CHECKING:
    from mtlspec_keras.layers import Place

Builder = Callable[[Any, "Place"], list[Any]]


class _Grouped(keras.layers.Layer):  # type: ignore[misc]
    """A convolution of each channel by itself as one in groups: TensorFlow's own takes no strides that differ."""

    def by_channel(self, inputs: Any, kernel: Any) -> Any:
        grouped = keras.ops.reshape(kernel, (*self.kernel_size, 1, inputs.shape[-1] * self.depth_multiplier))
        return keras.ops.conv(inputs, grouped, self.strides, self.padding, "channels_last", self.dilation_rate)

    def biased(self, outputs: Any) -> Any:
        return outputs + self.bias if self.use_bias else outputs


@keras.saving.register_keras_serializable("mtlspec")
class GroupedDepthwiseConv2D(_Grouped, keras.layers.DepthwiseConv2D):  # type: ignore[misc]
    """A depthwise convolution with other strides along height and width."""

    def call(self, inputs: Any) -> Any:
        return self.biased(self.by_channel(inputs, self.kernel))


@keras.saving.register_keras_serializable("mtlspec")
class GroupedSeparableConv2D(_Grouped, keras.layers.SeparableConv2D):  # type: ignore[misc]
    """A separable convolution with other strides along height and width."""

    def call(self, inputs: Any) -> Any:
        deep = self.by_channel(inputs, self.depthwise_kernel)
        return self.biased(keras.ops.conv(deep, self.pointwise_kernel, 1, "valid", "channels_last"))


class _Cropped(keras.layers.Layer):  # type: ignore[misc]
    """A transposed convolution whose output, all that it reaches, is cropped."""

    def __init__(self, *arguments: Any, cut: tuple[Ends, ...], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.cut = tuple((before, after) for before, after in cut)

    def call(self, inputs: Any) -> Any:
        inside = (slice(before, -after or None) for before, after in self.cut)
        return super().call(inputs)[:, *inside]

    def compute_output_shape(self, input_shape: Any) -> Any:
        batch, *sizes, channels = super().compute_output_shape(input_shape)
        left = (None if n is None else n - sum(ends) for n, ends in zip(sizes, self.cut, strict=True))
        return (batch, *left, channels)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "cut": self.cut}


@keras.saving.register_keras_serializable("mtlspec")
class CroppedConv1DTranspose(_Cropped, keras.layers.Conv1DTranspose):  # type: ignore[misc]
    """A transposed convolution of a sequence whose output is cropped."""


@keras.saving.register_keras_serializable("mtlspec")
class CroppedConv2DTranspose(_Cropped, keras.layers.Conv2DTranspose):  # type: ignore[misc]
    """A transposed convolution of an image whose output is cropped."""


def bordered(border: tuple[Ends, ...], place: Place) -> Any:
    """Return a layer of zeros before and after each axis."""
    options = {**place.options, "name": f"{place.options['name']}.border"}
    if len(border) == 1:
        return keras.layers.ZeroPadding1D(border[0], data_format="channels_last", **options)
    return keras.layers.ZeroPadding2D(border, data_format="channels_last", **options)


def _windowed(native: Any, layer: Any, place: Place, **arguments: Any) -> list[Any]:
    """Return a native layer that moves the window of `layer`, after its border if that is in numbers."""
    window = layer.window
    numbers = not isinstance(window.padding, str)
    made = native(
        kernel_size=window.size,
        strides=window.strides,
        dilation_rate=window.dilation,
        padding="valid" if numbers else window.padding,
        data_format="channels_last",
        **arguments,
        **_biased(layer),
        **place.options,
    )
    return [*([bordered(window.padding, place)] if numbers else []), made]


def _biased(layer: Any) -> dict[str, Any]:
    return {"use_bias": layer.bias, "bias_regularizer": regularizer(layer.bias_penalty) if layer.bias else None}


def _convolution(native: Any) -> Builder:
    def build(layer: layers.Conv1d | layers.Conv2d, place: Place) -> list[Any]:
        return _windowed(
            native,
            layer,
            place,
            filters=layer.filters,
            groups=layer.groups,
            kernel_initializer=place.glorot_uniform,
            kernel_regularizer=regularizer(layer.kernel_penalty),
        )

    return build


def _depthwise(native: Any, uneven: Any = None) -> Builder:
    def build(layer: layers.DepthwiseConv1d | layers.DepthwiseConv2d, place: Place) -> list[Any]:
        return _windowed(
            native if len(set(layer.window.strides)) == 1 else uneven,
            layer,
            place,
            depth_multiplier=layer.depth_multiplier,
            depthwise_initializer=place.glorot_uniform,
            depthwise_regularizer=regularizer(layer.kernel_penalty),
        )

    return build


def _separable(native: Any, uneven: Any = None) -> Builder:
    def build(layer: layers.SeparableConv1d | layers.SeparableConv2d, place: Place) -> list[Any]:
        return _windowed(
            native if len(set(layer.window.strides)) == 1 else uneven,
            layer,
            place,
            filters=layer.filters,
            depth_multiplier=layer.depth_multiplier,
            depthwise_initializer=place.glorot_uniform,
            pointwise_initializer=place.glorot_uniform,
            depthwise_regularizer=regularizer(layer.depthwise_penalty),
            pointwise_regularizer=regularizer(layer.pointwise_penalty),
        )

    return build


def _transposed(native: Any, cropped: Any) -> Builder:
    def build(layer: layers.TransposedConv1d | layers.TransposedConv2d, place: Place) -> list[Any]:
        window = layer.window
        options = {
            "strides": window.strides,
            "data_format": "channels_last",
            "kernel_initializer": place.glorot_uniform,
            "kernel_regularizer": regularizer(layer.kernel_penalty),
            **_biased(layer),
            **place.options,
        }
        if isinstance(window.padding, str):
            return [native(layer.filters, window.size, padding=window.padding, **options)]
        ends = window.padding
        more = tuple(max(-after, 0) for _, after in ends)
        cut = tuple((before, max(after, 0)) for before, after in ends)
        return [cropped(layer.filters, window.size, padding="valid", output_padding=more, cut=cut, **options)]

    return build


LAYERS: Mapping[type[layers.Layer], Builder] = {
    layers.Conv1d: _convolution(keras.layers.Conv1D),
    layers.Conv2d: _convolution(keras.layers.Conv2D),
    layers.DepthwiseConv1d: _depthwise(keras.layers.DepthwiseConv1D),
    layers.DepthwiseConv2d: _depthwise(keras.layers.DepthwiseConv2D, GroupedDepthwiseConv2D),
    layers.SeparableConv1d: _separable(keras.layers.SeparableConv1D),
    layers.SeparableConv2d: _separable(keras.layers.SeparableConv2D, GroupedSeparableConv2D),
    layers.TransposedConv1d: _transposed(keras.layers.Conv1DTranspose, CroppedConv1DTranspose),
    layers.TransposedConv2d: _transposed(keras.layers.Conv2DTranspose, CroppedConv2DTranspose),
}
