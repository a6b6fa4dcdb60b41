"""Layouts of foreign layers: which variables each owns, and how they become canonical: kernels (..., in, out)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from mtlspec.tensors import Array
from mtlspec_keras.engine import keras

Layout = Literal["same", "swapped", "depthwise", "shared"]
"""How a variable is stored: as is; (..., out, in); (..., channels, multiplier), which becomes (..., 1, out);
(1, ..., channels) where an example's places share it, which becomes (channels)."""

SAME: Layout = "same"
PLAIN: dict[str, tuple[str, Layout]] = {"kernel": ("kernel", "same"), "bias": ("bias", "same")}
NORMALIZATION: dict[str, tuple[str, Layout]] = {
    "gamma": ("scale", "same"),
    "scale": ("scale", "same"),  # root mean square normalization
    "beta": ("offset", "same"),
    "moving_mean": ("running_mean", "same"),
    "moving_variance": ("running_variance", "same"),
}
LAYERS = keras.layers
LAYOUTS: tuple[tuple[tuple[Any, ...], dict[str, tuple[str, Layout]]], ...] = (
    ((LAYERS.Dense,), PLAIN),
    (
        (LAYERS.DepthwiseConv1D, LAYERS.DepthwiseConv2D),
        {"kernel": ("kernel", "depthwise"), "bias": ("bias", "same")},
    ),
    (
        (LAYERS.Conv1DTranspose, LAYERS.Conv2DTranspose, LAYERS.Conv3DTranspose),
        {"kernel": ("kernel", "swapped"), "bias": ("bias", "same")},
    ),
    ((LAYERS.Conv1D, LAYERS.Conv2D, LAYERS.Conv3D), PLAIN),
    ((LAYERS.Embedding,), {"embeddings": ("table", "same")}),
    ((LAYERS.PReLU,), {"alpha": ("slope", "shared")}),
    (
        (LAYERS.BatchNormalization, LAYERS.LayerNormalization, LAYERS.GroupNormalization, LAYERS.RMSNormalization),
        NORMALIZATION,
    ),
)


@dataclass(frozen=True, eq=False)
class Held:
    """One variable of a layer, under its canonical name."""

    name: str
    layer: str
    native: str
    variable: Any
    layout: Layout
    known: bool
    """Whether the layout is canonical; otherwise it is the layer's own."""
    trainable: bool

    def canonical(self, values: Any) -> Array:
        """Return a copy of `values`, of the variable or its gradient, in the canonical layout."""
        array = np.array(keras.ops.convert_to_numpy(values))
        match self.layout:
            case "same":
                return array
            case "swapped":
                return np.ascontiguousarray(np.swapaxes(array, -1, -2))
            case "depthwise":
                return array.reshape(*array.shape[:-2], 1, -1)
            case "shared":
                return array.reshape(-1) if array.size == array.shape[-1] else array

    def assign(self, array: Array) -> None:
        """Take the values of a canonical array."""
        native = np.swapaxes(array, -1, -2) if self.layout == "swapped" else array
        self.variable.assign(np.reshape(native, tuple(self.variable.shape)))


def layers_of(model: Any) -> dict[str, Any]:
    """Return every layer that owns variables, by its path within the model, outermost first."""
    # Keras has no public walk through layers of layers
    every = list(model._flatten_layers())
    found: dict[str, Any] = {}
    for layer in every:
        if own := owned(layer):
            path = own[0].path.rpartition("/")[0]
            name = path.removeprefix(f"{model.name}/").replace("/", ".")
            while name in found:  # two layers of one name in different parts
                name += "_"
            found[name] = layer
    return found


def owned(layer: Any) -> list[Any]:
    """Return the variables of a layer that none of its parts owns."""
    parts = {id(each) for part in layer._flatten_layers(include_self=False) for each in part.weights}
    return [each for each in layer.weights if id(each) not in parts]


def held_by(layers: dict[str, Any]) -> Iterator[Held]:
    """Yield what each of `layers` learns and the statistics that it keeps."""
    for name, layer in layers.items():
        table = next((table for kinds, table in LAYOUTS if isinstance(layer, kinds)), {})
        for variable in owned(layer):
            known = variable.name in table
            leaf, layout = table.get(variable.name, (variable.name, SAME))
            trainable = bool(variable.trainable and layer.trainable)
            yield Held(f"{name}.{leaf}", name, variable.path, variable, layout, known, trainable)
