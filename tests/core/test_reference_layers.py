"""Every pullback of a layer or merge is the slope of its function, for its argument and each of its parameters."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from cases_of_windows import BY_HAND
from central_differences import assert_gradients, numbers
from layer_cases import CASES, INFERENCE, TRAINING, argument, called, case_name, layer_of, parameters_of, trainable
from mtlspec_numpy.layers import LAYERS
from mtlspec_numpy.merges import MERGES, merged
from mtlspec_numpy.pullback import Mode
from norm_cases import BY_HAND as NORMS_BY_HAND
from norm_cases import backward

from mtlspec.tensors import Rows, dense

Shape = tuple[int, ...]


def assert_pullback(document: dict[str, Any], shape: Shape, mode: Mode) -> None:
    layer = layer_of(document)
    at = {"x": argument(layer, shape), **parameters_of(layer, shape)}
    result = called(layer, at, mode)
    direction = numbers("direction", *result.output.shape)
    (source,), parameters = result.pullback(direction)
    gradients = {leaf: parameters[leaf] for leaf in trainable(layer, shape)}
    assert parameters.keys() == gradients.keys()
    assert source is None or layer.reads == "float"
    if layer.reads == "float":
        gradients["x"] = np.zeros_like(at["x"]) if source is None else source
    sign = backward(layer)
    assert_gradients(
        gradients, of=lambda moved: sign * float((called(layer, moved, mode).output * direction).sum()), at=at
    )


@pytest.mark.parametrize(("document", "shape"), CASES, ids=case_name)
def test_the_pullback_in_training_is_the_slope(document: dict[str, Any], shape: Shape) -> None:
    assert_pullback(document, shape, TRAINING)


@pytest.mark.parametrize(("document", "shape"), CASES, ids=case_name)
def test_the_pullback_in_inference_is_the_slope(document: dict[str, Any], shape: Shape) -> None:
    assert_pullback(document, shape, INFERENCE)


@pytest.mark.parametrize(("document", "shape"), CASES, ids=case_name)
def test_the_output_has_the_shape_of_the_signature(document: dict[str, Any], shape: Shape) -> None:
    layer = layer_of(document)
    at = {"x": argument(layer, shape), **parameters_of(layer, shape)}
    assert called(layer, at, TRAINING).output.shape == (len(at["x"]), *layer.signature(shape).shape)


@pytest.mark.parametrize(("document", "shape"), CASES, ids=case_name)
def test_float32_stays_float32(document: dict[str, Any], shape: Shape) -> None:
    layer = layer_of(document)
    wide = {"x": argument(layer, shape), **parameters_of(layer, shape)}
    at = {leaf: value.astype(np.float32) if value.dtype == np.float64 else value for leaf, value in wide.items()}
    result = called(layer, at, replace(TRAINING, dtype=np.float32))
    (source,), parameters = result.pullback(result.output)
    found = [result.output, *map(dense, parameters.values())] + ([] if source is None else [source])
    assert {array.dtype for array in found} == {np.dtype(np.float32)}
    assert all(array.dtype == wide[leaf].astype(at[leaf].dtype).dtype for leaf, array in result.statistics.items())
    exact = called(layer, wide, TRAINING).output
    assert np.abs(result.output - exact).max() < 1e-5 * np.abs(exact).max()


def test_every_kind_of_layer_has_a_case() -> None:
    assert {document["kind"] for document, _ in CASES} == {kind.model_fields["kind"].default for kind in LAYERS}


@pytest.mark.parametrize(
    ("merge", "sources"), [(merge, count) for merge in MERGES for count in (2, 3) if (merge, count) != ("subtract", 3)]
)
def test_the_pullback_of_a_merge_is_the_slope(merge: Any, sources: int) -> None:
    at = {str(index): numbers(f"source {index}", 3, 2) for index in range(sources)}
    if merge == "concatenate":
        at["0"] = numbers("a wide source", 3, 4)
    result = merged(merge, list(at.values()))
    direction = numbers("direction", *result.output.shape)
    found = zip(at, result.pullback(direction).sources, strict=True)
    gradients = {name: gradient for name, gradient in found if gradient is not None}
    assert gradients.keys() == at.keys()
    assert_gradients(
        gradients,
        of=lambda moved: float((merged(merge, list(moved.values())).output * direction).sum()),
        at=at,
    )


def test_a_product_with_zeros_has_the_gradient_of_the_other_factors() -> None:
    a, b, c = np.array([[0.0, 2.0]]), np.array([[3.0, 0.0]]), np.array([[5.0, 0.0]])
    sources = merged("multiply", [a, b, c]).pullback(np.ones((1, 2))).sources
    assert [s.tolist() for s in sources if s is not None] == [[[15.0, 0.0]], [[0.0, 0.0]], [[0.0, 0.0]]]


@pytest.mark.parametrize(("merge", "first"), [("maximum", [0, 1, 0]), ("minimum", [0, 0, 2])])
def test_of_equal_elements_the_first_has_the_gradient(merge: Any, first: list[int]) -> None:
    a, b, c = np.array([[1.0, 2.0, 3.0]]), np.array([[1.0, 4.0, 3.0]]), np.array([[1.0, 4.0, 0.0]])
    sources = merged(merge, [a, b, c]).pullback(np.ones((1, 3))).sources
    assert [s.tolist() for s in sources if s is not None] == [[[float(i == at) for i in first]] for at in range(3)]


def test_the_rows_of_an_embedding_come_in_batch_order_and_unsummed() -> None:
    layer = layer_of({"kind": "embedding", "rows": 4, "units": 1, "repeated_ids": "separate"})
    ids = np.array([[3, 1], [3, 3]])
    result = called(layer, {"x": ids, "table": np.zeros((4, 1))}, TRAINING)
    rows = result.pullback(np.array([[[1.0], [2.0]], [[4.0], [8.0]]])).parameters["table"]
    assert isinstance(rows, Rows)
    assert (rows.ids.tolist(), rows.values.tolist(), rows.count) == ([3, 1, 3, 3], [[1.0], [2.0], [4.0], [8.0]], 4)
    assert rows.dense().tolist() == [[0.0], [2.0], [0.0], [13.0]]


# a layer, its parameters, an example and what it makes of it, each by hand
GOLDEN: list[tuple[dict[str, Any], dict[str, Any], Any, Any]] = [
    (
        {"kind": "dense", "units": 2},
        {"kernel": [[1.0, 2.0], [3.0, 4.0]], "bias": [10.0, 20.0]},
        [1.0, 2.0],
        [17.0, 30.0],
    ),
    (
        {"kind": "embedding", "rows": 3, "units": 2},
        {"table": [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]},
        [2, 0],
        [[4.0, 5.0], [0.0, 1.0]],
    ),
    (
        {"kind": "embedding_bag", "rows": 3, "units": 2, "combine": "mean", "padding_id": 0},
        {"table": [[9.0, 9.0], [2.0, 3.0], [4.0, 7.0]]},
        [2, 0, 1, 1],
        [8 / 3, 13 / 3],
    ),
    ({"kind": "dot_interaction"}, {}, [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [11.0, 17.0, 39.0]),
    # 1·3 + 1·5 + 3·5 and 2·4 + 2·6 + 4·6
    ({"kind": "factorization_machine"}, {}, [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [67.0]),
    # mean 3, variance ((-2)² + 2²) / 2 = 4, epsilon 5: 2·(∓2)/3 + 1
    (
        {"kind": "layer_normalization", "epsilon": 5.0},
        {"scale": [2.0, 2.0], "offset": [1.0, 1.0]},
        [1.0, 5.0],
        [-1 / 3, 7 / 3],
    ),
    # deviations 2 and, for a variance of 0, epsilon
    ({"kind": "normalization", "epsilon": 0.5}, {"mean": [1.0, 1.0], "variance": [4.0, 0.0]}, [5.0, 3.0], [2.0, 4.0]),
    ({"kind": "global_average_pool"}, {}, [[1.0, 2.0], [3.0, 6.0]], [2.0, 4.0]),
    ({"kind": "global_max_pool"}, {}, [[1.0, 7.0], [3.0, 6.0]], [3.0, 7.0]),
    ({"kind": "flatten"}, {}, [[1.0, 2.0], [3.0, 4.0]], [1.0, 2.0, 3.0, 4.0]),
    ({"kind": "reshape", "shape": [1, 4]}, {}, [[1.0, 2.0], [3.0, 4.0]], [[1.0, 2.0, 3.0, 4.0]]),
    # 2·1 + 1, then 2·4 + 3·3 + 1
    (
        {"kind": "simple_rnn", "units": 1, "state_activation": "linear"},
        {"kernel": [[2.0]], "recurrent_kernel": [[3.0]], "bias": [1.0]},
        [[1.0], [4.0]],
        [18.0],
    ),
    # i 2, f 3, g 5, o 7: the cell is 2·5, then 3·10 + 2·5
    (
        {"kind": "lstm", "units": 1, "gate_activation": "linear", "state_activation": "linear"},
        {"kernel": [[0.0] * 4], "recurrent_kernel": [[0.0] * 4], "bias": [2.0, 3.0, 5.0, 7.0]},
        [[0.0], [0.0]],
        [280.0],
    ),
    # z 2, r 3: the state is -5, then 2·(-5) - (5 + 11·3·(-5))
    (
        {"kind": "gru", "units": 1, "gate_activation": "linear", "state_activation": "linear"},
        {"kernel": [[0.0] * 3], "recurrent_kernel": [[0.0, 0.0, 11.0]], "bias": [2.0, 3.0, 5.0]},
        [[0.0], [0.0]],
        [150.0],
    ),
    # one key of score 0 and one of score 2·3 / sqrt(4) = 3: weights 1 / (1 + e³) and e³ / (1 + e³); values 10, 20
    (
        {"kind": "attention", "heads": 1, "key_units": 4, "value_units": 1, "units": 1, "causal": True},
        {
            "query_kernel": [[[2.0, 0.0, 0.0, 0.0]], [[0.0, 0.0, 0.0, 0.0]]],
            "query_bias": [[0.0, 0.0, 0.0, 0.0]],
            "key_kernel": [[[0.0, 0.0, 0.0, 0.0]], [[3.0, 0.0, 0.0, 0.0]]],
            "key_bias": [[0.0, 0.0, 0.0, 7.0]],
            "value_kernel": [[[10.0]], [[10.0]]],
            "value_bias": [[0.0]],
            "output_kernel": [[[2.0]]],
            "output_bias": [1.0],
        },
        [[1.0, 0.0], [1.0, 1.0]],
        [[21.0], [21.0 + 20.0 / (1.0 + math.exp(-3.0))]],
    ),
    ({"kind": "learned_positions", "length": 3}, {"table": [[1.0], [2.0], [4.0]]}, [[10.0], [20.0]], [[11.0], [22.0]]),
    # rates 1 and 1/10: angles 0, 0 and 1, 0.1
    (
        {"kind": "sinusoidal_positions", "base": 100.0},
        {},
        [[0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]],
        [[0.0, 1.0, 0.0, 1.0], [math.sin(1), math.cos(1), math.sin(0.1), math.cos(0.1)]],
    ),
    # rates 1 and 1/100
    (
        {"kind": "sinusoidal_positions", "base": 100.0, "arrangement": "halves", "slowest": "base"},
        {},
        [[0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]],
        [[0.0, 0.0, 1.0, 1.0], [math.sin(1), math.sin(0.01), math.cos(1), math.cos(0.01)]],
    ),
    ({"kind": "scale", "by": 0.5}, {}, [4.0, -2.0], [2.0, -1.0]),
    ({"kind": "scale", "by": "root_of_units"}, {}, [1.0, 2.0, 3.0, 4.0], [2.0, 4.0, 6.0, 8.0]),
    ({"kind": "class_token"}, {"token": [5.0, 6.0]}, [[1.0, 2.0]], [[5.0, 6.0], [1.0, 2.0]]),
    ({"kind": "class_token_mask"}, {}, [0.0, 1.0], [1.0, 0.0, 1.0]),
    *BY_HAND,
    # the activation of a dense layer is a node of its own
    ({"kind": "dense", "units": 1, "bias": False, "activation": "relu"}, {"kernel": [[-1.0]]}, [2.0], [-2.0]),
    *NORMS_BY_HAND,
]


@pytest.mark.parametrize(("document", "parameters", "example", "expected"), GOLDEN, ids=lambda value: str(value)[:40])
def test_a_layer_makes_the_number_derived_by_hand(
    document: dict[str, Any], parameters: dict[str, Any], example: Any, expected: Any
) -> None:
    arrays = {leaf: np.array(value) for leaf, value in parameters.items()}
    found = called(layer_of(document), {"x": np.array([example]), **arrays}, TRAINING).output
    assert np.abs(found - np.array([expected])).max() < 1e-15 * max(1.0, np.abs(expected).max())


def test_merges_by_hand() -> None:
    sources = [np.array([[1.0, 2.0]]), np.array([[3.0, 5.0]])]
    expected = {"concatenate": [1.0, 2.0, 3.0, 5.0], "add": [4.0, 7.0], "multiply": [3.0, 10.0], "average": [2.0, 3.5]}
    expected |= {"subtract": [-2.0, -3.0], "maximum": [3.0, 5.0], "minimum": [1.0, 2.0]}
    assert {merge: merged(merge, sources).output[0].tolist() for merge in MERGES} == expected
