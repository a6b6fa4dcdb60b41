"""Recurrent layers in Keras: native layers where they say the same, and models that are saved and loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mtlspec_keras.engine import keras

from mtlspec.randomness import normal
from mtlspec.registry import compile
from mtlspec.spec import Spec

X = normal(3, "a sequence", 3 * 4 * 2).reshape(3, 4, 2)
MASK = np.array([[1.0, 1, 0, 0], [0, 1, 0, 1], [0, 0, 0, 0]])


def program_of(**fields: Any) -> Any:
    """Return the program of one recurrent layer of Keras's laws."""
    spec = Spec.model_validate(
        {
            "mtlspec": 1,
            "like": "keras",
            "inputs": [{"name": "x", "shape": [None, 2]}, {"name": "m", "shape": [None]}],
            "blocks": [{"name": "trunk", "inputs": ["x"], "layers": [{"units": 3} | fields]}],
            "tasks": [{"name": "y", "loss": "squared_error"}],
        }
    )
    return compile(spec, backend="keras", precision="float64")


@pytest.mark.parametrize(
    ("fields", "native"),
    [
        ({"kind": "simple_rnn"}, keras.layers.SimpleRNN),
        ({"kind": "lstm", "direction": "backward"}, keras.layers.LSTM),
        ({"kind": "gru", "reset": "before", "biases": "one"}, keras.layers.GRU),
    ],
)
def test_a_native_layer_does_what_it_can(fields: Any, native: Any) -> None:
    assert type(program_of(**fields).model.get_layer("trunk.0")) is native


def test_a_native_gru_of_two_biases_in_one_variable_is_ours() -> None:
    program = program_of(kind="gru")
    values = {path: np.array(array) + 0.25 for path, array in program.parameters.items()}
    program.parameters = values
    plain = keras.layers.GRU(3, dtype="float64")
    plain.build((None, None, 2))
    kernel, recurrent, *biases = (
        values[f"trunk[0].{leaf}"] for leaf in ("kernel", "recurrent_kernel", "bias", "recurrent_bias")
    )
    plain.set_weights([kernel, recurrent, np.stack(biases)])
    found = program.outputs({"x": X, "m": MASK})["y"]
    assert np.abs(np.array(plain(X)) - found).max() < 1e-15


@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning")  # Keras' own saving
@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "gru", "mask": "m", "state_activation": "gelu"},
        {"kind": "lstm", "mask": "m", "direction": "backward", "biases": "two", "gate_activation": "softplus"},
    ],
)
def test_a_saved_model_is_the_same_when_it_is_loaded(fields: Any, tmp_path: Path) -> None:
    program = program_of(**fields)
    program.model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", compile=False)
    (found,) = keras.tree.flatten(loaded({"x": X, "m": MASK}))
    assert (np.array(found) == program.outputs({"x": X, "m": MASK})["y"]).all()
