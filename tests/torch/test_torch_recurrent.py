"""Recurrent layers in PyTorch: native modules, their weights, and packed sequences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from mtlspec.randomness import normal
from mtlspec.registry import compile
from mtlspec.spec import Spec

LENGTHS = [4, 1, 3]
MASK = (np.arange(4) < np.array(LENGTHS)[:, None]).astype(np.float64)
X = normal(3, "a sequence", 3 * 4 * 2).reshape(3, 4, 2)


def layer_and_program(**fields: Any) -> tuple[Any, Any]:
    """Return the module of one recurrent layer of PyTorch's laws, and its program, with numbers in it."""
    spec = Spec.model_validate(
        {
            "mtlspec": 1,
            "like": "torch",
            "inputs": [{"name": "x", "shape": [None, 2]}, {"name": "m", "shape": [None]}],
            "blocks": [{"name": "trunk", "inputs": ["x"], "layers": [{"units": 3} | fields]}],
            "tasks": [{"name": "y", "head": ["global_average_pool"], "loss": "squared_error"}]
            if fields.get("returns") == "sequence"
            else [{"name": "y", "loss": "squared_error"}],
        }
    )
    program: Any = compile(spec, backend="torch", precision="float64")
    return program.model.trunk[0], program


@pytest.mark.parametrize(
    ("fields", "native"),
    [
        ({"kind": "simple_rnn"}, nn.RNN),
        ({"kind": "simple_rnn", "state_activation": "relu"}, nn.RNN),
        ({"kind": "lstm", "direction": "backward", "mask": "m"}, nn.LSTM),
        ({"kind": "lstm", "biases": "one"}, nn.LSTM),
        ({"kind": "gru", "biases": "none"}, nn.GRU),
    ],
)
def test_a_native_module_does_what_it_can(fields: Any, native: type[nn.Module]) -> None:
    module, _ = layer_and_program(**fields)
    assert isinstance(module, native)


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "simple_rnn", "state_activation": "silu"},
        {"kind": "lstm", "gate_activation": "softplus"},
        {"kind": "gru", "reset": "before"},
    ],
)
def test_a_loop_does_what_no_native_module_has(fields: Any) -> None:
    module, _ = layer_and_program(**fields)
    assert not isinstance(module, nn.RNNBase)
    assert {name for name, _ in module.named_parameters()} == {
        f"{w}_{s}_l0" for w in ("weight", "bias") for s in ("ih", "hh")
    }


def test_a_second_bias_that_is_not_meant_is_no_parameter_and_stays_0() -> None:
    module, program = layer_and_program(kind="gru", biases="one")
    assert "bias_hh_l0" not in dict(module.named_parameters())
    assert not module.bias_hh_l0.any()
    plain = nn.GRU(2, 3, batch_first=True, dtype=torch.float64)
    plain.load_state_dict(module.state_dict())
    found = program.outputs({"x": X, "m": MASK})["y"]
    assert np.abs(plain(torch.from_numpy(X))[0][:, -1].detach().numpy() - found).max() < 1e-15


@pytest.mark.parametrize("kind", ["simple_rnn", "lstm", "gru"])
def test_a_mask_of_lengths_is_a_packed_sequence(kind: str) -> None:
    module, program = layer_and_program(kind=kind, mask="m", returns="sequence")
    natives = {"simple_rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
    plain: Any = natives[kind](2, 3, batch_first=True, dtype=torch.float64)
    plain.load_state_dict(module.state_dict())
    packed = pack_padded_sequence(torch.from_numpy(X), torch.tensor(LENGTHS), batch_first=True, enforce_sorted=False)
    expected = pad_packed_sequence(plain(packed)[0], batch_first=True)[0].detach().numpy()
    found = program.outputs({"x": X, "m": MASK})["y"]
    assert np.abs(expected.mean(axis=1) - found).max() < 1e-15


def test_gates_of_a_gru_are_in_native_order() -> None:
    module, program = layer_and_program(kind="gru")
    program.parameters = {"trunk[0].bias": np.arange(9.0)}
    assert module.bias_ih_l0.tolist() == [3, 4, 5, 0, 1, 2, 6, 7, 8]
    assert program.parameters["trunk[0].bias"].tolist() == list(range(9))
