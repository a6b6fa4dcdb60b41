"""Attention in Keras is its own layer where that is exact; models with it are fitted, saved and loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from keras_cases import apart
from mtlspec_keras.attention import Attention
from mtlspec_keras.engine import keras, tf

from mtlspec.registry import compile
from mtlspec.spec import Spec

ENCODER = {"kind": "transformer_encoder", "units": 4, "heads": 1, "feed_forward_units": 3, "mask": "m"}


def spec(*layers: Any, precision: str = "float64") -> Spec:
    return Spec.model_validate(
        {
            "inputs": [{"name": "x", "shape": [None, 4]}, {"name": "m", "shape": [None]}],
            "blocks": [{"name": "trunk", "inputs": ["x"], "layers": [*layers, "global_average_pool"]}],
            "tasks": [{"name": "y", "head": [{"kind": "dense", "units": 2}], "loss": "squared_error"}],
            "training": {"precision": precision, "optimizer": {"kind": "adam", "learning_rate": 0.01}},
        }
    )


@pytest.mark.parametrize(
    ("fields", "precision", "native"),
    [
        ({"key_units": 4, "bias": False}, "float64", True),
        ({"key_units": 4}, "float64", False),
        ({"key_units": 2, "bias": False}, "float64", False),  # 1 / sqrt(2) is rounded
        ({"key_units": 2, "bias": False}, "float32", True),
        ({"key_units": 4, "bias": False, "causal": True, "mask": "m", "masked_rows": "uniform"}, "float64", True),
        ({"key_units": 4, "bias": False, "mask": "m"}, "float64", False),
        ({"key_units": 4, "bias": False, "dropout": 0.1}, "float64", False),
    ],
)
def test_keras_own_layer_is_used_where_it_is_exact(fields: dict[str, Any], precision: str, native: bool) -> None:
    program = compile(spec({"kind": "attention", "heads": 1, **fields}, precision=precision), backend="keras")
    layer = program.model.get_layer("trunk.0")  # type: ignore[attr-defined]
    assert type(layer) is (keras.layers.MultiHeadAttention if native else Attention)
    held = [weight.path for weight in layer.non_trainable_weights if "step" not in weight.path]
    assert held == ["trunk.0/key/bias"] * ("bias" not in fields)


@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning")  # Keras' own saving
@pytest.mark.parametrize("rows", ["zero", "uniform"])
def test_a_saved_model_goes_on_where_it_stopped(rows: str, tmp_path: Path) -> None:
    rates = {"dropout": 0.1, "attention_dropout": 0.2} if rows == "zero" else {}
    positions = ({"kind": "learned_positions", "length": 4}, "sinusoidal_positions", {"kind": "scale", "by": 0.3})
    encoder = ENCODER | {"masked_rows": rows, **rates}
    program = compile(spec(*positions, encoder, {"kind": "class_token"}), backend="keras")
    draw = np.random.Generator(np.random.Philox(4))
    x, m = draw.normal(size=(8, 3, 4)), (draw.random((8, 3)) > 0.4).astype(float)
    data = tf.data.Dataset.from_tensors(({"x": x, "m": m}, draw.normal(size=(8, 2))))
    model: Any = program.model
    model.compile(optimizer=program.optimizer, loss=program.loss_functions["y"])
    model.fit(data, epochs=1, shuffle=False, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    for each in (model, loaded):
        each.fit(data, epochs=2, shuffle=False, verbose=0)
    for found, expected in zip(loaded.weights, model.weights, strict=True):
        assert (found.path, found.shape) == (expected.path, expected.shape)
        assert apart(found.numpy(), expected.numpy()) < 1e-12


def test_more_positions_than_rows_are_an_error() -> None:
    program = compile(spec({"kind": "learned_positions", "length": 2}), backend="keras")
    with pytest.raises(tf.errors.InvalidArgumentError):
        program.outputs({"x": np.zeros((1, 3, 4)), "m": np.ones((1, 3))})
