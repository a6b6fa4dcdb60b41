"""Crosses of several tensors make the products that they say, and their pullbacks are the slopes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from central_differences import assert_gradients, numbers
from mtlspec_numpy.layers import applied
from mtlspec_numpy.pullback import Mode

import mtlspec as mtl
from mtlspec.graph import lower
from mtlspec.spec.crosses import Cross, CrossNetwork, DotInteraction, DotProduct
from mtlspec.spec.layer import Layer
from mtlspec.spec.signature import ShapeError
from mtlspec.tensors import Array, dense

MODE = Mode(training=True)
CASES: list[tuple[Layer, tuple[int, ...]]] = [
    (DotProduct(other="y"), (3,)),
    (DotProduct(other="y", normalize=True), (2, 3)),
    (Cross(start="y"), (3,)),
    (Cross(start="y", bias=False), (2, 3)),
    (Cross(start="y", rank=2), (3,)),
]


@pytest.mark.parametrize(("layer", "shape"), CASES, ids=lambda value: str(value)[:60])
def test_the_pullback_is_the_slope_for_both_tensors_and_every_parameter(layer: Layer, shape: tuple[int, ...]) -> None:
    rules = layer.signature_with(shape, shape).parameters
    at = {name: numbers(f"{layer.kind} {name}", 2, *shape) for name in ("x", "y")}
    at |= {rule.leaf: numbers(f"{layer.kind} {rule.leaf}", *rule.shape) for rule in rules}

    def output(moved: Any) -> Array:
        leaves = {rule.leaf: moved[rule.leaf] for rule in rules}
        return applied(layer, [moved["x"], moved["y"]], leaves, MODE).output

    result = applied(layer, [at["x"], at["y"]], at, MODE)
    direction = numbers("direction", *result.output.shape)
    (x, y), parameters = result.pullback(direction)
    assert x is not None
    assert y is not None
    gradients = {"x": x, "y": y} | {leaf: dense(entry) for leaf, entry in parameters.items()}
    assert gradients.keys() == at.keys()
    assert_gradients(gradients, of=lambda moved: float((output(moved) * direction).sum()), at=at)


def test_a_cosine_is_that_of_its_angle() -> None:
    x, y = np.array([[3.0, 4.0], [1.0, 0.0]]), np.array([[4.0, 3.0], [0.0, 7.0]])
    found = applied(DotProduct(other="y", normalize=True), [x, y], {}, MODE).output
    assert np.allclose(found, [[24 / 25], [0]], atol=1e-15)


def test_below_epsilon_the_length_is_a_constant() -> None:
    x, y = np.array([[0.03, 0.04]]), np.array([[1.0, 0.0]])
    result = applied(DotProduct(other="y", normalize=True, epsilon=0.25), [x, y], {}, MODE)
    assert np.allclose(result.output, 0.06, atol=1e-15)
    assert np.allclose(np.asarray(result.pullback(np.ones((1, 1))).sources[0]), [[2.0, 0.0]], atol=1e-15)


def test_a_cross_by_hand() -> None:
    leaves = {"kernel": np.array([[1.0, 2.0], [3.0, 4.0]]), "bias": np.array([1.0, -1.0])}
    found = applied(Cross(start="y"), [np.array([[1.0, 2.0]]), np.array([[2.0, 10.0]])], leaves, MODE).output
    assert found.tolist() == [[2 * 8 + 1, 10 * 9 + 2]]


def test_a_network_reads_its_start_in_every_cross() -> None:
    spec = mtl.Spec.model_validate(
        {
            "mtlspec": 1,
            "inputs": [{"name": "x", "shape": [3]}],
            "blocks": [
                {"name": "trunk", "layers": [{"kind": "dense", "units": 3}, {"kind": "cross_network", "depth": 2}]}
            ],
            "tasks": [{"name": "y", "head": [{"kind": "dense", "units": 1}], "loss": "squared_error"}],
        }
    )
    sources = {node.path: node.sources for node in lower(spec).nodes}
    assert sources["trunk[1].layers[0]"] == ("trunk[0]", "trunk[0]")
    assert sources["trunk[1].layers[1]"] == ("trunk[1].layers[0]", "trunk[0]")


@pytest.mark.parametrize(
    ("layer", "shapes", "message"),
    [
        (DotProduct(other="y"), [(3,), (2,)], r"'y' of the same shape \(3,\), found \(2,\)"),
        (Cross(start="y"), [(3,), (2, 3)], r"'y' of the same shape \(3,\), found \(2, 3\)"),
        (DotInteraction(), [(1, 3)], r"at least 2 fields, found \(1, 3\)"),
        (DotInteraction(), [(None, 3)], "a known number of fields"),
        (DotInteraction(), [(3,)], "the shape \\(fields, units\\)"),
        (CrossNetwork(depth=2), [()], "a last axis of known size"),
    ],
)
def test_what_does_not_fit_is_refused(layer: Layer, shapes: list[Any], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        layer.signature_with(*shapes)
