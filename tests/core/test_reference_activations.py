"""Activations: values at points that are known, slopes by differences, and no overflow far out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from central_differences import assert_gradients, numbers
from function_cases import FUNCTION_CASES, FUNCTION_VALUES, KINKS
from mtlspec_numpy.activations import ACTIVATIONS, activated

from mtlspec.spec import Activation

CASES: list[dict[str, Any]] = [
    {"kind": "linear"},
    {"kind": "relu"},
    {"kind": "leaky_relu", "slope": 0.2},
    {"kind": "leaky_relu", "slope": -0.5},
    {"kind": "elu"},
    {"kind": "elu", "alpha": 1.7},
    {"kind": "gelu"},
    {"kind": "gelu", "approximation": "tanh"},
    {"kind": "silu"},
    {"kind": "tanh"},
    {"kind": "sigmoid"},
    {"kind": "softplus"},
    {"kind": "softmax"},
    *FUNCTION_CASES,
]
# f(1) and f(-1), each from its definition
VALUES: list[tuple[dict[str, Any], float, float]] = [
    ({"kind": "linear"}, 1.0, -1.0),
    ({"kind": "relu"}, 1.0, 0.0),
    ({"kind": "leaky_relu", "slope": 0.2}, 1.0, -0.2),
    ({"kind": "elu", "alpha": 2.0}, 1.0, 2 * (math.exp(-1) - 1)),
    ({"kind": "gelu"}, (1 + math.erf(1 / math.sqrt(2))) / 2, -(1 - math.erf(1 / math.sqrt(2))) / 2),
    (
        {"kind": "gelu", "approximation": "tanh"},
        (1 + math.tanh(math.sqrt(2 / math.pi) * 1.044715)) / 2,
        -(1 - math.tanh(math.sqrt(2 / math.pi) * 1.044715)) / 2,
    ),
    ({"kind": "silu"}, math.e / (1 + math.e), -1 / (1 + math.e)),
    ({"kind": "tanh"}, math.tanh(1), -math.tanh(1)),
    ({"kind": "sigmoid"}, math.e / (1 + math.e), 1 / (1 + math.e)),
    ({"kind": "softplus"}, math.log(1 + math.e), math.log(1 + math.exp(-1))),
    ({"kind": "softmax"}, math.exp(2) / (math.exp(2) + 1), 1 / (math.exp(2) + 1)),
    *FUNCTION_VALUES,
]


def name(case: dict[str, Any]) -> str:
    return "-".join(map(str, case.values()))


def read(case: dict[str, Any]) -> Activation:
    function = Activation.read(case)
    assert isinstance(function, Activation)
    return function


@pytest.mark.parametrize("case", CASES, ids=name)
def test_the_pullback_is_the_slope(case: dict[str, Any]) -> None:
    x, direction = 2 * numbers("x", 4, 5), numbers("direction", 4, 5)
    _, pullback = activated(read(case), x)
    assert_gradients(
        {"x": pullback(direction)},
        of=lambda at: float((activated(read(case), at["x"])[0] * direction).sum()),
        at={"x": x},
    )


@pytest.mark.parametrize(
    ("case", "at_one", "at_minus_one"), VALUES, ids=lambda v: name(v) if isinstance(v, dict) else ""
)
def test_values_follow_the_definition(case: dict[str, Any], at_one: float, at_minus_one: float) -> None:
    output, _ = activated(read(case), np.array([[1.0, -1.0]]))
    assert output.tolist() == [pytest.approx([at_one, at_minus_one], rel=1e-15, abs=1e-16)]


@pytest.mark.parametrize("case", [case for case in CASES if case["kind"] != "exponential"], ids=name)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_nothing_overflows_far_out(case: dict[str, Any], dtype: Any) -> None:
    x = np.array([[-1000.0, -30.0, 0.0, 30.0, 1000.0]], dtype=dtype)
    output, pullback = activated(read(case), x)
    slope = pullback(np.ones_like(x))
    assert np.isfinite(output).all() and np.isfinite(slope).all()
    assert output.dtype == slope.dtype == dtype


@pytest.mark.parametrize(
    ("case", "slope"),
    [
        ({"kind": "relu"}, 0.0),
        ({"kind": "leaky_relu", "slope": 0.2}, 0.2),
        ({"kind": "elu", "alpha": 2.0}, 2.0),
    ],
    ids=str,
)
def test_at_a_kink_the_slope_is_that_of_the_left(case: dict[str, Any], slope: float) -> None:
    _, pullback = activated(read(case), np.zeros((1, 1)))
    assert pullback(np.ones((1, 1))).tolist() == [[slope]]


@pytest.mark.parametrize(("case", "point", "slope"), KINKS, ids=str)
def test_where_pieces_meet_the_slope_is_the_one_that_is_named(case: dict[str, Any], point: float, slope: float) -> None:
    _, pullback = activated(read(case), np.full((1, 1), point))
    assert pullback(np.ones((1, 1))).tolist() == [[pytest.approx(slope, rel=1e-15)]]


def test_softplus_has_no_linear_branch() -> None:
    output, _ = activated(read({"kind": "softplus"}), np.array([25.0]))
    assert float(output[0]) == 25 + math.log1p(math.exp(-25)) != 25


def test_every_kind_has_a_case_and_a_value() -> None:
    kinds = {kind.model_fields["kind"].default for kind in ACTIVATIONS}
    assert {case["kind"] for case in CASES} == {case["kind"] for case, *_ in VALUES} == kinds
