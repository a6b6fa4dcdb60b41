"""Merges: several tensors become one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from mtlspec_keras.engine import keras

if TYPE_CHECKING:
    from mtlspec_keras.layers import Place


MERGES: Mapping[str, Callable[[Place], Any]] = {
    "concatenate": lambda place: keras.layers.Concatenate(axis=-1, **place.options),
    "add": lambda place: keras.layers.Add(**place.options),
    "multiply": lambda place: keras.layers.Multiply(**place.options),
    "average": lambda place: keras.layers.Average(**place.options),
    "subtract": lambda place: keras.layers.Subtract(**place.options),
    "maximum": lambda place: keras.layers.Maximum(**place.options),
    "minimum": lambda place: keras.layers.Minimum(**place.options),
}
