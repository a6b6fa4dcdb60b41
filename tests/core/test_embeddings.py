"""Tables leave padding out, and bags make one row of several."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from central_differences import assert_gradients, numbers
from mtlspec_numpy.layers import applied
from mtlspec_numpy.pullback import Mode

from mtlspec.graph import initial_parameters, lower
from mtlspec.spec import Spec
from mtlspec.spec.embeddings import Embedding, EmbeddingBag
from mtlspec.spec.signature import ShapeError
from mtlspec.tensors import Rows, dense

IDS = np.array([[1, 3, 0], [0, 0, 0], [2, 1, 1]])
MODE = Mode(training=True)


def bag(**fields: Any) -> EmbeddingBag:
    return EmbeddingBag(rows=4, units=2, **fields)


def test_padding_touches_no_row() -> None:
    layer = Embedding(rows=4, units=2, padding_id=0, untouched_rows="skip")
    result = applied(layer, [IDS], {"table": numbers("table", 4, 2)}, MODE)
    rows = result.pullback(np.ones((3, 3, 2))).parameters["table"]
    assert isinstance(rows, Rows)
    assert rows.ids.tolist() == [1, 3, 2, 1, 1]


@pytest.mark.parametrize("untouched", ["decay", "skip"])
def test_the_gradient_is_the_slope_but_for_padding(untouched: Any) -> None:
    layer, at = Embedding(rows=4, units=2, padding_id=1, untouched_rows=untouched), {"table": numbers("table", 4, 2)}
    direction = numbers("direction", 3, 3, 2)
    gradient = dense(applied(layer, [IDS], at, MODE).pullback(direction).parameters["table"])
    assert gradient[1].tolist() == [0, 0]
    plain = Embedding(rows=4, units=2)
    slope = dense(applied(plain, [IDS], at, MODE).pullback(direction).parameters["table"])
    assert np.array_equal(gradient[[0, 2, 3]], slope[[0, 2, 3]])


def test_the_row_of_padding_begins_at_0() -> None:
    table = {"kind": "embedding", "rows": 4, "units": 2, "padding_id": 2, "initializer": "ones"}
    spec = Spec.model_validate(
        {
            "mtlspec": 1,
            "inputs": [{"name": "x", "dtype": "integer"}],
            "tasks": [{"name": "y", "head": [table], "loss": "squared_error"}],
        }
    )
    assert initial_parameters(lower(spec))["tasks.y.head[0].table"].tolist() == [[1, 1], [1, 1], [0, 0], [1, 1]]


@pytest.mark.parametrize("combine", ["sum", "mean", "max"])
def test_a_bag_of_padding_alone_is_0(combine: Any) -> None:
    found = applied(bag(combine=combine, padding_id=0), [IDS], {"table": np.full((4, 2), -1.0)}, MODE)
    assert found.output[1].tolist() == [0, 0]


def test_the_first_of_equal_rows_has_the_gradient_of_a_maximum() -> None:
    result = applied(bag(combine="max"), [np.array([[2, 3, 1]])], {"table": np.ones((4, 2))}, MODE)
    gradient = dense(result.pullback(np.ones((1, 2))).parameters["table"])
    assert gradient.tolist() == [[0, 0], [0, 0], [1, 1], [0, 0]]


def test_weights_and_rows_have_the_slopes_of_their_sum() -> None:
    layer = bag(combine="sum", weights="w", padding_id=0)
    at = {"table": numbers("table", 4, 2), "w": numbers("w", 3, 3)}
    direction = numbers("direction", 3, 2)
    result = applied(layer, [IDS, at["w"]], {"table": at["table"]}, MODE)
    (none, weights), parameters = result.pullback(direction)
    assert none is None
    assert weights is not None
    counted = (IDS != 0)[..., None]
    assert np.allclose(result.output, (at["table"][IDS] * at["w"][..., None] * counted).sum(axis=1), atol=1e-15)
    gradients = {"table": dense(parameters["table"]), "w": weights}

    def along(moved: Any) -> float:
        return float((applied(layer, [IDS, moved["w"]], {"table": moved["table"]}, MODE).output * direction).sum())

    assert_gradients(gradients, of=along, at=at)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"padding_id": 4}, "a row from 0 to 3, found 4"),
        ({"padding_id": -1}, "a row from 0 to 3, found -1"),
        ({"combine": "mean", "weights": "w"}, "weights belong to `combine: sum`, found mean"),
    ],
)
def test_a_bag_that_makes_no_sense_is_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        bag(**fields)


def test_weights_fit_the_ids() -> None:
    layer = bag(combine="sum", weights="w")
    assert layer.signature_with((None,), (3,)).shape == (2,)
    with pytest.raises(ShapeError, match=r"a weight for each of the ids \(3,\), found \(2,\)"):
        layer.signature_with((3,), (2,))
