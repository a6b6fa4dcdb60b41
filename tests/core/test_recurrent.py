"""Recurrent layers of the reference: masks, directions and laws, by hand and by slopes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from central_differences import assert_gradients, numbers
from layer_cases import INFERENCE, layer_of, parameters_of
from mtlspec_numpy.layers import applied
from mtlspec_numpy.pullback import Applied

import mtlspec as mtl
from mtlspec.graph import initial_parameters
from mtlspec.spec import Layer
from mtlspec.spec.recurrent import Bidirectional, Gru, Lstm, Recurrent, SimpleRnn, StackedRecurrent
from mtlspec.spec.signature import ShapeError
from mtlspec.tensors import Array

MASK = np.array([[1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 1, 0], [0, 0, 0, 0], [1, 1, 1, 1]], dtype=np.float64)
"""Padding after, padding before, a hole, nothing, everything."""
X = numbers("a sequence", len(MASK), 4, 2)
KINDS: list[dict[str, Any]] = [
    {"kind": "simple_rnn", "units": 2},
    {"kind": "lstm", "units": 2},
    {"kind": "gru", "units": 2, "biases": "two"},
    {"kind": "gru", "units": 2, "reset": "after", "biases": "two"},
]
FORMS: list[dict[str, Any]] = [
    {},
    {"direction": "backward"},
    {"returns": "sequence"},
    {"returns": "sequence", "direction": "backward", "masked_outputs": "zero"},
]


def called(layer: Any, x: Array, parameters: dict[str, Array], mask: Array | None = None) -> Applied:
    return applied(layer, [x] if mask is None else [x, mask], parameters, INFERENCE)


def named(document: Any) -> str:
    return "-".join(map(str, document.values())) or "plain"


@pytest.mark.parametrize("form", FORMS, ids=named)
@pytest.mark.parametrize("kind", KINDS, ids=named)
def test_the_pullback_under_a_mask_is_the_slope(kind: dict[str, Any], form: dict[str, Any]) -> None:
    layer = layer_of({**kind, **form, "mask": "m"})
    at = {"x": X, **parameters_of(layer, (4, 2))}

    def run(moved: Any) -> Applied:
        return called(layer, moved["x"], {leaf: array for leaf, array in moved.items() if leaf != "x"}, MASK)

    result = run(at)
    direction = numbers("direction", *result.output.shape)
    (source, of_mask), gradients = result.pullback(direction)
    assert source is not None
    assert of_mask is None
    assert_gradients({**gradients, "x": source}, of=lambda moved: float((run(moved).output * direction).sum()), at=at)


@pytest.mark.parametrize("direction", ["forward", "backward"])
@pytest.mark.parametrize("kind", KINDS, ids=named)
def test_a_masked_sequence_is_the_one_without_its_gaps(kind: dict[str, Any], direction: str) -> None:
    layer = layer_of({**kind, "direction": direction, "mask": "m"})
    sequence = layer_of({**kind, "direction": direction, "returns": "sequence"})
    parameters = parameters_of(layer, (4, 2))
    last = called(layer, X, parameters, MASK).output
    repeated = called(sequence, X, parameters, MASK).output
    zeroed = called(layer_of({**document_of(sequence), "masked_outputs": "zero"}), X, parameters, MASK).output
    for row, mask in enumerate(MASK):
        kept = mask != 0
        alone = called(sequence, X[row : row + 1, kept], parameters).output[0]
        assert np.abs(repeated[row, kept] - alone).max(initial=0) < 1e-15
        assert np.abs(zeroed[row, kept] - alone).max(initial=0) < 1e-15
        assert not zeroed[row, ~kept].any()
        end = np.zeros(2) if not len(alone) else alone[-1 if direction == "forward" else 0]
        assert np.abs(last[row] - end).max() < 1e-15
    forward = direction == "forward"
    hole = repeated[2]
    assert (hole[1] == hole[0 if forward else 2]).all()
    assert (hole[3] == hole[2]).all() if forward else not hole[3].any()


def document_of(layer: Layer) -> dict[str, Any]:
    return {name: getattr(layer, name) for name in layer.model_fields_set}


@pytest.mark.parametrize("kind", KINDS, ids=named)
def test_backward_is_forward_over_the_reversed_sequence(kind: dict[str, Any]) -> None:
    forward = layer_of({**kind, "returns": "sequence"})
    backward = layer_of({**kind, "returns": "sequence", "direction": "backward"})
    parameters = parameters_of(forward, (4, 2))
    turned = called(forward, X[:, ::-1], parameters).output[:, ::-1]
    assert np.abs(called(backward, X, parameters).output - turned).max() < 1e-15


def test_the_gates_of_an_lstm_stand_in_their_order() -> None:
    # with linear gates: i 2, f 3, g 5, o 7; c = 2·5, then 3·10 + 2·5; h = 7·c
    layer = layer_of(
        {"kind": "lstm", "units": 1, "gate_activation": "linear", "state_activation": "linear", "returns": "sequence"}
    )
    parameters = {"kernel": np.zeros((1, 4)), "recurrent_kernel": np.zeros((1, 4)), "bias": np.array([2.0, 3, 5, 7])}
    assert called(layer, np.zeros((1, 2, 1)), parameters).output.tolist() == [[[70.0], [280.0]]]


@pytest.mark.parametrize("reset", ["before", "after"])
def test_the_gates_of_a_gru_stand_in_their_order(reset: str) -> None:
    # with linear gates: z 2, r 3, so that h is 2·h - g; the second g reads 11 times the state
    layer = layer_of(
        {
            "kind": "gru",
            "units": 1,
            "gate_activation": "linear",
            "state_activation": "linear",
            "reset": reset,
            "biases": "two",
            "returns": "sequence",
        }
    )
    parameters = {
        "kernel": np.zeros((1, 3)),
        "recurrent_kernel": np.array([[0.0, 0, 11]]),
        "bias": np.array([2.0, 3, 5]),
        "recurrent_bias": np.array([0.0, 0, 13]),
    }
    first = -(5 + 13) if reset == "before" else -(5 + 3 * 13)
    product = 3 * first * 11 + 13 if reset == "before" else 3 * (first * 11 + 13)
    found = called(layer, np.zeros((1, 2, 1)), parameters).output
    assert found.tolist() == [[[first], [2 * first - (5 + product)]]]


def test_initial_values_follow_the_frameworks() -> None:
    def rules(like: str) -> dict[str, Any]:
        spec = mtl.Spec.model_validate(
            {
                "mtlspec": 1,
                "like": like,
                "inputs": [{"name": "x", "shape": [5, 3]}],
                "tasks": [{"name": "y", "head": [{"kind": "lstm", "units": 4}], "loss": "squared_error"}],
            }
        )
        return {p.leaf: p for p in mtl.lower(spec).parameters}

    keras, torch = rules("keras"), rules("torch")
    assert set(keras) == {"kernel", "recurrent_kernel", "bias"}
    assert (keras["kernel"].fan_in, keras["kernel"].fan_out) == (3, 16)
    assert set(torch) == {*keras, "recurrent_bias"}
    assert {(p.initializer.kind, p.fan_in) for p in torch.values()} == {("fan_in_uniform", 4)}


def test_a_forget_gate_begins_open() -> None:
    spec = mtl.Spec.model_validate(
        {
            "mtlspec": 1,
            "inputs": [{"name": "x", "shape": [None, 3]}],
            "tasks": [{"name": "y", "head": [{"kind": "lstm", "units": 2}], "loss": "squared_error"}],
        }
    )
    bias = initial_parameters(mtl.lower(spec))["tasks.y.head[0].bias"]
    assert bias.tolist() == [0, 0, 1, 1, 0, 0, 0, 0]


def test_shapes_of_sequences_and_masks() -> None:
    layer = Lstm(units=3, mask="m", returns="sequence")
    assert layer.signature_with((None, 2), (None,)).shape == (None, 3)
    assert Gru(units=3).signature((4, 2)).shape == (3,)
    with pytest.raises(ShapeError, match=r"\(steps, channels\), found \(2,\)"):
        SimpleRnn(units=3).signature((2,))
    with pytest.raises(ShapeError, match=r"one number for each step in 'm', \(4,\), found \(4, 1\)"):
        layer.signature_with((4, 2), (4, 1))


def test_both_directions_and_every_layer_of_a_stack_are_layers_of_their_own() -> None:
    both = Bidirectional(layer=Lstm(units=2, mask="m"), merge="average")
    stack = StackedRecurrent(layer=both, depth=2)
    (first, lower), (second, upper) = stack.parts
    assert (first, second) == ("layers[0]", "layers[1]")
    assert upper == both
    assert isinstance(lower, Bidirectional)
    ways = {name: layer for name, (layer,) in lower.branches}
    assert all(isinstance(layer, Recurrent) and layer.returns == "sequence" for layer in ways.values())
    assert [getattr(layer, "direction", None) for layer in ways.values()] == ["forward", "backward"]
    assert lower.joined_by == "average"


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (
            {"kind": "bidirectional", "layer": {"kind": "dense", "units": 2}},
            "expected a recurrent layer .*, found dense",
        ),
        (
            {"kind": "bidirectional", "layer": {"kind": "gru", "units": 2, "direction": "backward"}},
            "leave the direction of its layer out",
        ),
        ({"kind": "stacked_recurrent", "layer": "flatten"}, "expected a recurrent layer .*, found flatten"),
    ],
)
def test_what_has_no_direction_is_refused(document: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Layer.read(document)
