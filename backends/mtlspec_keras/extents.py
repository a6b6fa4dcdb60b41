"""Extents: native layers that make sequences and images longer or shorter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mtlspec.spec import layers
from mtlspec_keras.convolutions import Builder
from mtlspec_keras.engine import keras

if TYPE_CHECKING:
    from mtlspec_keras.layers import Place


def _image(native: Any, field: str) -> Builder:
    def build(layer: Any, place: Place) -> list[Any]:
        return [native(getattr(layer, field), data_format="channels_last", **place.options)]

    return build


def _cropping1d(layer: layers.Cropping1d, place: Place) -> list[Any]:
    return [keras.layers.Cropping1D(layer.cropping, **place.options)]


def _up_sampling1d(layer: layers.UpSampling1d, place: Place) -> list[Any]:
    return [keras.layers.UpSampling1D(layer.factor, **place.options)]


LAYERS: Mapping[type[layers.Layer], Builder] = {
    layers.ZeroPadding1d: _image(keras.layers.ZeroPadding1D, "padding"),
    layers.ZeroPadding2d: _image(keras.layers.ZeroPadding2D, "padding"),
    layers.Cropping1d: _cropping1d,
    layers.Cropping2d: _image(keras.layers.Cropping2D, "cropping"),
    layers.UpSampling1d: _up_sampling1d,
    layers.UpSampling2d: _image(keras.layers.UpSampling2D, "factors"),
}
