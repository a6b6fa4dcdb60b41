"""Windows in Keras: native layers where they are exact, and layers of our own that a saved model brings back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from mtlspec_keras import convolutions, pools

from mtlspec.registry import compile
from mtlspec.spec import Spec

BORDER = [[1, 0], [0, 1]]
OWN: dict[type[Any], dict[str, Any]] = {
    convolutions.GroupedDepthwiseConv2D: {"kind": "depthwise_conv2d", "kernel_size": 2, "strides": [1, 2]},
    convolutions.GroupedSeparableConv2D: {
        "kind": "separable_conv2d",
        "filters": 2,
        "kernel_size": 2,
        "strides": [2, 1],
        "padding": "same",
    },
    convolutions.CroppedConv2DTranspose: {
        "kind": "transposed_conv2d",
        "filters": 2,
        "kernel_size": 3,
        "strides": 2,
        "padding": [[1, 0], [0, -1]],
    },
    pools.BorderedMaxPooling2D: {"kind": "max_pool2d", "padding": BORDER},
    pools.BorderedAveragePooling2D: {"kind": "average_pool2d", "padding": BORDER},
}
OF_SEQUENCES: dict[type[Any], dict[str, Any]] = {
    convolutions.CroppedConv1DTranspose: {
        "kind": "transposed_conv1d",
        "filters": 2,
        "kernel_size": 3,
        "padding": [1, 0],
    },
    pools.BorderedMaxPooling1D: {"kind": "max_pool1d", "padding": [1, 0]},
    pools.BorderedAveragePooling1D: {"kind": "average_pool1d", "padding": [1, 0]},
}
NATIVE: dict[type[Any], dict[str, Any]] = {
    keras.layers.Conv2D: {"kind": "conv2d", "filters": 2, "kernel_size": 2, "groups": 2, "padding": 1},
    keras.layers.DepthwiseConv2D: {"kind": "depthwise_conv2d", "kernel_size": 2, "strides": 2},
    keras.layers.SeparableConv2D: {"kind": "separable_conv2d", "filters": 2, "kernel_size": 2, "dilation": 2},
    keras.layers.Conv2DTranspose: {"kind": "transposed_conv2d", "filters": 2, "kernel_size": 2, "padding": "same"},
    keras.layers.AveragePooling2D: {"kind": "average_pool2d", "padding": 1, "padding_counts": True},
    keras.layers.ZeroPadding2D: {"kind": "zero_padding2d", "padding": BORDER},
    keras.layers.Cropping2D: {"kind": "cropping2d", "cropping": BORDER},
    keras.layers.UpSampling2D: {"kind": "up_sampling2d"},
}


def program_of(layers: list[dict[str, Any]], shape: list[int]) -> Any:
    head = ["flatten", {"kind": "dense", "units": 1}]
    tasks = [
        {"name": f"t{index}", "head": [layer, *head], "loss": "squared_error"} for index, layer in enumerate(layers)
    ]
    document = {"inputs": [{"name": "x", "shape": shape}], "tasks": tasks}
    return compile(Spec.model_validate(document), backend="keras", precision="float64")


@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning")  # Keras' own saving
@pytest.mark.parametrize(("layers", "shape"), [(OWN, [4, 5, 2]), (OF_SEQUENCES, [5, 2])], ids=["images", "sequences"])
def test_a_saved_model_has_its_own_layers_again(layers: dict[type[Any], Any], shape: list[int], tmp_path: Path) -> None:
    program = program_of(list(layers.values()), shape)
    program.model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert set(layers) <= {type(layer) for layer in loaded.layers}
    inputs = {"x": np.random.Generator(np.random.Philox(2)).normal(size=(3, *shape))}
    for found, expected in zip(loaded(inputs), program.model(inputs), strict=True):
        assert np.array_equal(found.numpy(), expected.numpy())


def test_native_layers_are_used_where_they_are_exact() -> None:
    found = {type(layer) for layer in program_of(list(NATIVE.values()), [4, 4, 2]).model.layers}
    assert set(NATIVE) <= found
    assert not found & set(OWN)
