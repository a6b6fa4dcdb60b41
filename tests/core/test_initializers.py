from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from documents import document
from pydantic import ValidationError
from scipy import stats

from mtlspec import Spec, lower
from mtlspec.graph import initial_parameters


def kernel(initializer: object, *, rows: int = 100, columns: int = 200, like: str = "published", seed: int = 0) -> Any:
    layer = {"kind": "dense", "units": columns, "kernel_initializer": initializer}
    blocks = [{"name": "trunk", "layers": [layer]}]
    inputs = [{"name": "x", "shape": [rows]}]
    spec = Spec.model_validate(document(like=like, inputs=inputs, blocks=blocks, training={"seed": seed}))
    return initial_parameters(lower(spec))["trunk[0].kernel"]


@pytest.mark.parametrize(
    ("fields", "low", "high"),
    [
        ({"mean": 1.0, "standard_deviation": 0.5}, 0.0, 2.0),
        ({"standard_deviation": 0.5, "low": -1.0, "high": 3.0}, -0.5, 1.5),
        ({"mean": 1.0, "standard_deviation": 2.0, "low": 0.0, "high": 2.0, "bounds": "absolute"}, 0.0, 2.0),
        ({"standard_deviation": 1.0, "low": 4.0, "high": 4.5, "bounds": "absolute"}, 4.0, 4.5),
    ],
)
def test_a_truncated_normal_has_the_law_between_its_bounds(fields: dict[str, Any], low: float, high: float) -> None:
    found = kernel({"kind": "truncated_normal", **fields})
    mean, deviation = fields.get("mean", 0.0), fields["standard_deviation"]
    law = stats.truncnorm((low - mean) / deviation, (high - mean) / deviation, mean, deviation)
    assert low <= found.min() < found.max() <= high
    assert stats.kstest(found.ravel(), law.cdf).pvalue > 1e-3


def test_the_cut_is_that_of_the_framework() -> None:
    assert 0.099 < abs(kernel("truncated_normal", like="keras")).max() <= 0.1
    assert 1.9 < abs(kernel("truncated_normal", like="torch")).max() <= 2.0
    narrow = {"kind": "truncated_normal", "standard_deviation": 0.05}
    assert abs(kernel(narrow, like="torch")).max() > 0.15  # torch's bounds are absolute: these are never reached


@pytest.mark.parametrize("bound", [{"low": 1.0, "high": 1.0}, {"low": 9.0, "high": 10.0}])
def test_bounds_without_numbers_between_them_are_refused(bound: dict[str, float]) -> None:
    with pytest.raises(ValidationError, match=r"expected high to be above low, 1|is too far out to be drawn"):
        kernel({"kind": "truncated_normal", **bound})


def test_absolute_bounds_that_follow_from_like_are_checked_too() -> None:
    with pytest.raises(ValidationError, match="the kernel: truncated_normal from -120 to -80 standard deviations off"):
        kernel({"kind": "truncated_normal", "mean": 10.0, "standard_deviation": 0.1}, like="torch")


@pytest.mark.parametrize("distribution", ["truncated_normal", "untruncated_normal", "uniform"])
@pytest.mark.parametrize(("mode", "n"), [("fan_in", 100), ("fan_out", 200), ("fan_average", 150)])
def test_variance_scaling_has_the_variance_of_its_mode(distribution: str, mode: str, n: int) -> None:
    fields = {"scale": 3.0, "mode": mode, "distribution": distribution}
    found = kernel({"kind": "variance_scaling", **fields})
    deviation = math.sqrt(3.0 / n)
    assert found.std() == pytest.approx(deviation, rel=0.02)
    reach = {"truncated_normal": 2 / 0.87962566103423978, "uniform": math.sqrt(3)}.get(distribution, 4.2)
    assert reach * 0.9 < abs(found).max() / deviation <= (reach if reach < 4 else 6)


@pytest.mark.parametrize(
    ("named", "fields"),
    [
        ("he_uniform", {"scale": 2.0, "distribution": "uniform"}),
        ("glorot_uniform", {"mode": "fan_average", "distribution": "uniform"}),
        ({"kind": "he_normal", "truncated": True}, {"scale": 2.0, "distribution": "truncated_normal"}),
        ({"kind": "lecun_normal", "truncated": False}, {"distribution": "untruncated_normal"}),
    ],
)
def test_the_named_laws_are_cases_of_variance_scaling(named: object, fields: dict[str, Any]) -> None:
    np.testing.assert_allclose(kernel(named), kernel({"kind": "variance_scaling", **fields}), rtol=1e-14)


def test_variance_scaling_is_truncated_in_keras() -> None:
    assert abs(kernel("variance_scaling", like="keras")).max() < 0.1 * 2.3 < abs(kernel("variance_scaling")).max()


@pytest.mark.parametrize(("rows", "columns"), [(5, 3), (3, 5), (4, 4), (1, 3)])
def test_orthogonal_vectors_along_the_longer_side(rows: int, columns: int) -> None:
    found = kernel({"kind": "orthogonal", "gain": 2.0}, rows=rows, columns=columns)
    square = found.T @ found if rows >= columns else found @ found.T
    np.testing.assert_allclose(square, 4 * np.eye(min(rows, columns)), atol=1e-14)


def test_orthogonal_matrices_are_uniform_among_all() -> None:
    """Without the signs of R, the first entry of a 2 by 2 matrix would never be above 0."""
    found = np.stack([kernel("orthogonal", rows=2, columns=2, seed=seed) for seed in range(300)])
    angles = np.arctan2(found[:, 1, 0], found[:, 0, 0])
    assert stats.kstest(angles, stats.uniform(-math.pi, 2 * math.pi).cdf).pvalue > 1e-3
    assert abs(np.linalg.det(found).mean()) < 4 / math.sqrt(300)


def test_the_axes_before_the_last_are_the_rows_of_an_orthogonal_kernel() -> None:
    layer = {"kind": "conv2d", "filters": 5, "kernel_size": [2, 3], "kernel_initializer": "orthogonal"}
    spec = document(
        inputs=[{"name": "x", "shape": [4, 4, 2]}], blocks=[{"name": "trunk", "layers": [layer, "flatten"]}]
    )
    found = initial_parameters(lower(Spec.model_validate(spec)))["trunk[0].kernel"].reshape(12, 5)
    np.testing.assert_allclose(found.T @ found, np.eye(5), atol=1e-14)


def test_the_identity_need_not_be_square() -> None:
    assert kernel({"kind": "identity", "gain": 3.0}, rows=2, columns=3).tolist() == [[3, 0, 0], [0, 3, 0]]


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (
            {"kind": "dense", "units": 2, "bias_initializer": "orthogonal"},
            "the bias: orthogonal makes a matrix",
        ),
        ({"kind": "dense", "units": 2, "bias_initializer": "identity"}, "the bias: identity makes a matrix"),
    ],
)
def test_what_is_no_matrix_is_refused(layer: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Spec.model_validate(document(blocks=[{"name": "trunk", "layers": [layer]}]))
    (problem,) = caught.value.errors()
    assert problem["loc"] == ("blocks", 0, "layers", 0)
    assert problem["msg"].startswith(message)
