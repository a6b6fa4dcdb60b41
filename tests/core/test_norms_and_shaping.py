"""What normalizations, gates, shaping and merges make of a shape, what they refuse, and what the advice is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from layer_cases import layer_of
from pydantic import ValidationError

from mtlspec.batch import Dataset
from mtlspec.graph import lower
from mtlspec.spec import Spec
from mtlspec.spec.advice import advice
from mtlspec.spec.signature import ShapeError
from mtlspec.training.adaptation import adapted


@pytest.mark.parametrize(
    ("document", "shape", "told"),
    [
        ({"kind": "group_normalization", "groups": 4}, (2, 6), "6 channels do not make 4 equal groups"),
        ({"kind": "group_normalization", "groups": 3}, (3,), "one element each"),
        ({"kind": "layer_normalization", "axes": 3}, (2, 3), "at least 3 axes"),
        ({"kind": "rms_normalization", "axes": 2}, (None, 3), "varies with the data"),
        ({"kind": "prelu"}, (), "a scalar has no channels"),
        ({"kind": "prelu", "slopes": "per_element"}, (None, 3), "varies with the data"),
        ({"kind": "glu"}, (2, 5), "5 is odd"),
        ({"kind": "permute", "axes": [0, 2]}, (2, 3), "axes [0, 1] of (2, 3) in some order"),
        ({"kind": "slice", "axis": 2}, (2, 3), "none of the 2 axes"),
        ({"kind": "slice", "axis": 0, "end": 4}, (3,), "`end: 4` lies outside"),
        ({"kind": "slice", "axis": 0, "begin": 2, "end": 1}, (3,), "nothing is left"),
        ({"kind": "repeat_vector", "count": 2}, (2, 3), "(features,)"),
    ],
)
def test_a_layer_that_does_not_fit_says_why(document: dict[str, Any], shape: Any, told: str) -> None:
    with pytest.raises(ShapeError) as caught:
        layer_of(document).signature(shape)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("document", "shape", "made"),
    [
        ({"kind": "group_normalization", "groups": 2}, (None, 4), (None, 4)),
        ({"kind": "permute", "axes": [1, 0]}, (None, 4), (4, None)),
        ({"kind": "slice", "axis": 0, "begin": 1}, (None, 4), (None, 4)),
        ({"kind": "slice", "axis": -1, "begin": -3, "stride": 2}, (None, 4), (None, 2)),
        ({"kind": "glu"}, (None, 4), (None, 2)),
    ],
)
def test_a_length_may_be_left_to_the_data(document: dict[str, Any], shape: Any, made: Any) -> None:
    assert layer_of(document).signature(shape).shape == made


def test_frozen_statistics_have_no_law_of_moving() -> None:
    with pytest.raises(ValidationError, match="frozen statistics do not move"):
        layer_of({"kind": "batch_normalization", "frozen": "all", "running_average": "cumulative"})


def _spec(*layers: Any, merge: str = "subtract", sources: int = 2) -> Spec:
    names = [f"x{index}" for index in range(sources)]
    return Spec.model_validate(
        {
            "inputs": [{"name": name, "shape": [2]} for name in names],
            "blocks": [{"name": "both", "inputs": names, "merge": merge, "layers": list(layers)}],
            "tasks": [{"name": "y", "loss": "squared_error"}],
        }
    )


def test_a_difference_is_of_two() -> None:
    with pytest.raises(ValidationError, match="subtract takes exactly two"):
        _spec(sources=3)


@pytest.mark.parametrize(
    ("merge", "mean"), [("subtract", [-1.0, 3.0]), ("maximum", [2.0, 5.0]), ("minimum", [1.0, 2.0])]
)
def test_a_normalization_adapts_to_what_a_merge_makes(merge: str, mean: list[float]) -> None:
    graph = lower(_spec("normalization", merge=merge))
    inputs = {"x0": np.array([[1.0, 5.0]]), "x1": np.array([[2.0, 2.0]])}
    data = Dataset(inputs, {"y": np.zeros((1, 2))}, {"y": np.ones(1)}, {"y": np.ones(1, dtype=bool)})
    assert adapted(graph, data)["both[0].mean"].tolist() == mean


@pytest.mark.parametrize(
    ("norm", "told"),
    [
        ({"kind": "batch_normalization"}, True),
        ({"kind": "batch_normalization", "frozen": "statistics"}, False),
        ({"kind": "group_normalization", "groups": 1}, False),
    ],
)
def test_a_bias_that_a_normalization_takes_out_is_advised_against(norm: dict[str, Any], told: bool) -> None:
    found = list(advice(_spec({"kind": "dense", "units": 2}, norm)))
    assert any("drifts" in sentence for sentence in found) == told


def test_instances_take_a_bias_out_too() -> None:
    layers: list[Any] = [
        {"kind": "conv2d", "filters": 2, "kernel_size": 1},
        {"kind": "group_normalization", "groups": 2},
    ]
    spec = Spec.model_validate(
        {
            "inputs": [{"name": "x", "shape": [2, 2, 1]}],
            "tasks": [{"name": "y", "head": [*layers, "flatten"], "loss": "squared_error"}],
        }
    )
    assert any("before a group normalization" in sentence for sentence in advice(spec))
