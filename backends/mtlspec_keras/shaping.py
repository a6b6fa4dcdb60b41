"""Shaping: layers that put the elements of an example elsewhere, repeat some or leave some out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from mtlspec.spec import shaping as spec
from mtlspec.spec.layer import Layer
from mtlspec_keras.engine import keras

if TYPE_CHECKING:
    from mtlspec_keras.layers import Place


@keras.saving.register_keras_serializable("mtlspec")
class Slice(keras.layers.Layer):  # type: ignore[misc]
    """x[begin:end:stride] along one axis of a batch."""

    def __init__(self, axis: int, begin: int, end: int | None, stride: int, **options: Any) -> None:
        super().__init__(**options)
        self.axis, self.begin, self.end, self.stride = axis, begin, end, stride

    def call(self, inputs: Any) -> Any:
        return inputs[(slice(None),) * self.axis + (slice(self.begin, self.end, self.stride),)]

    def compute_output_shape(self, input_shape: Any) -> Any:
        size = input_shape[self.axis]
        left = None if size is None else len(range(size)[self.begin : self.end : self.stride])
        return (*input_shape[: self.axis], left, *input_shape[self.axis + 1 :])

    def get_config(self) -> dict[str, Any]:
        own = {"axis": self.axis, "begin": self.begin, "end": self.end, "stride": self.stride}
        return {**super().get_config(), **own}


def _flatten(layer: spec.Flatten, place: Place) -> list[Any]:
    return [keras.layers.Flatten(data_format="channels_last", **place.options)]


def _reshape(layer: spec.Reshape, place: Place) -> list[Any]:
    return [keras.layers.Reshape(layer.shape, **place.options)]


def _permute(layer: spec.Permute, place: Place) -> list[Any]:
    return [keras.layers.Permute(tuple(axis + 1 for axis in layer.axes), **place.options)]


def _slice(layer: spec.Slice, place: Place) -> list[Any]:
    axis = layer.axis % len(place.shape) + 1
    return [Slice(axis, layer.begin, layer.end, layer.stride, **place.options)]


def _repeat_vector(layer: spec.RepeatVector, place: Place) -> list[Any]:
    return [keras.layers.RepeatVector(layer.count, **place.options)]


LAYERS: Mapping[type[Layer], Callable[[Any, Place], list[Any]]] = {
    spec.Flatten: _flatten,
    spec.Reshape: _reshape,
    spec.Permute: _permute,
    spec.Slice: _slice,
    spec.RepeatVector: _repeat_vector,
}
