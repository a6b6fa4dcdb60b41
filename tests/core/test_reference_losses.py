"""Losses: numbers derived by hand, slopes by differences, and no overflow far out."""

from __future__ import annotations

from math import log
from typing import Any

import numpy as np
import pytest
from central_differences import assert_gradients, indices, numbers
from loss_cases import GOLDEN as MORE_GOLDEN
from loss_cases import SLOPES as MORE_SLOPES
from mtlspec_numpy.losses import COMBINATIONS, EXAMPLE_LOSSES, LOSSES, linked, loss_per_example

from mtlspec.errors import DataError
from mtlspec.randomness import uniform
from mtlspec.spec import Loss
from mtlspec.tensors import Array

SOFTMAX, SIGMOID = "softmax_cross_entropy", "sigmoid_cross_entropy"
CLIPPED = {"kind": "probabilities", "clip": 0.2}
TERMS = {"kind": SOFTMAX, "class_weights_apply_to": "class_terms"}
LN3, LN6 = log(3), log(6)

# logits, target, loss and its gradient by the logits, each by hand:
# softmax(0, ln 3) = (1/4, 3/4), softmax(0, 0, ln 6) = (1/8, 1/8, 6/8), σ(ln 3) = 3/4, σ(0) = 1/2
GOLDEN: list[tuple[dict[str, Any], list[Any], Any, float, list[Any]]] = [
    ({"kind": SOFTMAX}, [0, LN3], 1, log(4 / 3), [0.25, -0.25]),
    ({"kind": SOFTMAX}, [0, LN3], 0, log(4), [-0.75, 0.75]),
    # q = 0.8·(1, 0) + 0.1
    ({"kind": SOFTMAX, "label_smoothing": 0.2}, [0, LN3], 0, 0.9 * log(4) + 0.1 * log(4 / 3), [-0.65, 0.65]),
    ({"kind": SOFTMAX, "targets": "probabilities"}, [0, LN3], [0.5, 0.5], log(4) - LN3 / 2, [-0.25, 0.25]),
    # the host has multiplied these into the weight of the example
    ({"kind": SOFTMAX, "class_weights": [2.0, 0.5]}, [0, LN3], 1, log(4 / 3), [0.25, -0.25]),
    ({**TERMS, "class_weights": [2.0, 0.5]}, [0, LN3], 1, log(4 / 3) / 2, [0.125, -0.125]),
    # q = (0.9, 0.1), w·q = (1.8, 0.05): the gradient is 1.85·p - w·q
    (
        {**TERMS, "class_weights": [2.0, 0.5], "label_smoothing": 0.2},
        [0, LN3],
        0,
        1.8 * log(4) + 0.05 * log(4 / 3),
        [-1.3375, 1.3375],
    ),
    # w·q = (1, 1/4)
    (
        {**TERMS, "class_weights": [2.0, 0.5], "targets": "probabilities"},
        [0, LN3],
        [0.5, 0.5],
        log(4) + log(4 / 3) / 4,
        [-0.6875, 0.6875],
    ),
    # three times the case without weights below
    (
        {**TERMS, "class_weights": [1.0, 2.0, 3.0], "from": CLIPPED},
        [0, 0, LN6],
        2,
        3 * log(4 / 3),
        [0.375, 0.375, -0.75],
    ),
    # both probabilities leave [0.3, 0.7], so the loss is -ln 0.3 and flat
    ({"kind": SOFTMAX, "from": {"kind": "probabilities", "clip": 0.3}}, [0, LN3], 0, -log(0.3), [0, 0]),
    # -ln p_2, p_2 = 0.75 inside: the gradient is p - y
    ({"kind": SOFTMAX, "from": CLIPPED}, [0, 0, LN6], 2, log(4 / 3), [0.125, 0.125, -0.25]),
    # p = (0.2, 0.2, 0.75) / 1.15; by p_2: 1/1.15 - 1/0.75 = -32/69, times p_2·(e_2 - p)
    (
        {"kind": SOFTMAX, "from": {**CLIPPED, "renormalized": True}},
        [0, 0, LN6],
        2,
        log(1.15 / 0.75),
        [32 / 69 * 3 / 32, 32 / 69 * 3 / 32, -32 / 69 * 3 / 16],
    ),
    ({"kind": SIGMOID}, [LN3, 0], [1, 0], (log(4 / 3) + log(2)) / 2, [-0.125, 0.25]),
    ({"kind": SIGMOID}, [LN3], [0], log(4), [0.75]),
    # q = (0.9, 0.1), positive part doubled for the first label
    (
        {"kind": SIGMOID, "label_smoothing": 0.2, "positive_weights": [2.0, 1.0]},
        [LN3, 0],
        [1, 0],
        (1.8 * log(4 / 3) + 0.1 * log(4) + log(2)) / 2,
        [(0.1 * 0.75 - 1.8 * 0.25) / 2, (0.9 * 0.5 - 0.1 * 0.5) / 2],
    ),
    # p = (0.7, 0.5): the first is clipped and flat
    (
        {"kind": SIGMOID, "from": {"kind": "probabilities", "clip": 0.3}},
        [LN3, 0],
        [1, 1],
        -(log(0.7) + log(0.5)) / 2,
        [0, -0.25],
    ),
    ({"kind": "squared_error"}, [1, 3], [0, 1], 2.5, [1, 2]),
    ({"kind": "squared_error"}, [2], [5], 9, [-6]),
    ({"kind": "absolute_error"}, [1, 3, 2], [0, 5, 2], 1, [1 / 3, -1 / 3, 0]),
    ({"kind": "absolute_error"}, [2], [5], 3, [-1]),
    # e = (0.5, 3): 1/8 and 3 - 1/2
    ({"kind": "huber"}, [0.5, 3], [0, 0], 1.3125, [0.25, 0.5]),
    # e = -delta: both branches give 2
    ({"kind": "huber", "delta": 2.0}, [1], [3], 2, [-2]),
    ({"kind": "huber", "delta": 2.0}, [-5], [0], 8, [-2]),
    *MORE_GOLDEN,
]
SLOPES: list[dict[str, Any]] = [
    {"kind": SOFTMAX},
    {"kind": SOFTMAX, "label_smoothing": 0.1},
    {"kind": SOFTMAX, "targets": "probabilities"},
    {"kind": SOFTMAX, "targets": "probabilities", "label_smoothing": 0.3},
    {"kind": SOFTMAX, "from": "probabilities"},
    {"kind": SOFTMAX, "from": CLIPPED, "label_smoothing": 0.1},
    {"kind": SOFTMAX, "from": {**CLIPPED, "renormalized": True}},
    {"kind": SOFTMAX, "from": {**CLIPPED, "renormalized": True}, "targets": "probabilities"},
    {**TERMS, "class_weights": [0.5, 3.0, 1.25]},
    {**TERMS, "class_weights": [0.5, 3.0, 1.25], "label_smoothing": 0.1},
    {**TERMS, "class_weights": [0.5, 3.0, 1.25], "targets": "probabilities", "label_smoothing": 0.1},
    {**TERMS, "class_weights": [0.5, 3.0, 0.0], "from": CLIPPED, "label_smoothing": 0.1},
    {**TERMS, "class_weights": [0.5, 3.0, 1.25], "from": {**CLIPPED, "renormalized": True}, "targets": "probabilities"},
    {"kind": SIGMOID},
    {"kind": SIGMOID, "label_smoothing": 0.1, "positive_weights": [0.5, 3.0, 1.0]},
    {"kind": SIGMOID, "from": CLIPPED},
    {"kind": SIGMOID, "from": CLIPPED, "positive_weights": [0.5, 3.0, 1.0], "label_smoothing": 0.2},
    {"kind": "squared_error"},
    {"kind": "absolute_error"},
    {"kind": "huber"},
    {"kind": "huber", "delta": 0.3},
    *MORE_SLOPES,
]


def read(document: dict[str, Any]) -> Loss:
    loss = Loss.read(document)
    assert isinstance(loss, Loss)
    return loss


def shape_of(loss: Loss) -> tuple[int, ...]:
    """Return the axes of the logits of five examples: of three units, and of four positions if the loss is of those."""
    units = {"quantile": 3, "gaussian_likelihood": 4}.get(loss.kind, 3)
    ranking = loss.kind in ("pairwise_ranking", "list_net", "list_mle")
    return (5, 4, 1 if ranking else units) if loss.scope == "example" else (5, units)


def targets_of(loss: Loss, *shape: int) -> Array:
    form, size = loss.target(shape[-1])
    positions = shape[:-1]
    match form:
        case "classes":
            return indices("classes", size, *positions)
        case "probabilities":  # rows need not add up to 1
            return uniform(7, "probabilities", int(np.prod(positions)) * size).reshape(*positions, size)
        case "yes_or_no":
            return indices("labels", 2, *positions, size).astype(np.float64)
        case "signs":
            return 2.0 * indices("labels", 2, *positions, size) - 1
        case "non_negative":
            return indices("counts", 4, *positions, size).astype(np.float64)
    return numbers("targets", *positions, size)


def logits_of(loss: Loss, *shape: int) -> Array:
    logits = 1.5 * numbers("logits", *shape)
    return np.exp(logits) if getattr(loss, "input", "") == "rate" else logits


@pytest.mark.parametrize(("document", "logits", "target", "value", "gradient"), GOLDEN, ids=str)
def test_a_loss_is_the_number_derived_by_hand(
    document: dict[str, Any], logits: list[Any], target: Any, value: float, gradient: list[Any]
) -> None:
    loss = read(document)
    targets = np.array([target], dtype=np.int64 if loss.form == "classes" else np.float64)
    values, pullback = loss_per_example(loss, np.array([logits], dtype=np.float64), targets)
    assert values.tolist() == [pytest.approx(value, rel=1e-14, abs=1e-15)]
    found, expected = pullback(np.array([2.0]))[0], 2 * np.array(gradient, dtype=np.float64)
    assert found.ravel().tolist() == pytest.approx(expected.ravel().tolist(), rel=1e-14, abs=1e-15)


def test_every_loss_has_two_numbers_and_a_slope() -> None:
    golden = [document["kind"] for document, *_ in GOLDEN]
    kinds = {kind.model_fields["kind"].default for kind in (*LOSSES, *EXAMPLE_LOSSES, *COMBINATIONS)}
    assert set(golden) == {document["kind"] for document in SLOPES} == kinds
    assert all(golden.count(kind) >= 2 for kind in kinds)


@pytest.mark.parametrize("document", SLOPES, ids=str)
def test_the_pullback_of_a_loss_is_the_slope(document: dict[str, Any]) -> None:
    loss = read(document)
    shape = shape_of(loss)
    logits, targets = logits_of(loss, *shape), targets_of(loss, *shape)
    present = indices("present", 4, *shape[:-1]) > 0
    present[1] = False
    values, pullback = loss_per_example(loss, logits, targets, present)
    direction = numbers("direction", *values.shape)
    assert_gradients(
        {"logits": pullback(direction)},
        of=lambda at: float((loss_per_example(loss, at["logits"], targets, present)[0] * direction).sum()),
        at={"logits": logits},
    )


@pytest.mark.parametrize("document", SLOPES, ids=str)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_nothing_overflows_far_out(document: dict[str, Any], dtype: Any) -> None:
    loss = read(document)
    shape = (2, *shape_of(loss)[1:])
    far = 80.0 if loss.link == "exp" else 1000.0  # a rate is exp(z)
    logits = np.resize(np.array([-far, 0.0, far, far, far, -far], dtype=dtype), shape)
    logits = np.abs(logits) + 1 if getattr(loss, "input", "") == "rate" else logits
    targets = targets_of(loss, *shape)
    targets = targets if targets.dtype == np.int64 else targets.astype(dtype)
    values, pullback = loss_per_example(loss, logits, targets)
    slope = pullback(np.ones(values.shape, dtype=dtype))
    assert np.isfinite(values).all() and np.isfinite(slope).all()
    assert values.dtype == slope.dtype == dtype


@pytest.mark.parametrize("document", [d for d in SLOPES if read(d).scope == "example"], ids=str)
def test_what_is_absent_has_no_say(document: dict[str, Any]) -> None:
    loss = read(document)
    shape = shape_of(loss)
    logits, targets, present = logits_of(loss, *shape), targets_of(loss, *shape), np.ones(shape[:-1], dtype=bool)
    present[:, 2], present[1] = False, False
    values, pullback = loss_per_example(loss, logits, targets, present)
    slope = pullback(np.ones(5))
    assert not slope[:, 2].any() and not slope[1].any() and slope[0].any()
    alone, back = loss_per_example(loss, np.delete(logits, 2, axis=1), np.delete(targets, 2, axis=1))
    others = [0, 2, 3, 4]
    assert values[others].tolist() == pytest.approx(alone[others].tolist(), rel=1e-14)
    assert np.delete(slope, 2, axis=1)[others] == pytest.approx(back(np.ones(5))[others], rel=1e-14, abs=1e-16)


def test_a_small_loss_keeps_its_digits() -> None:
    values, _ = loss_per_example(read({"kind": SIGMOID}), np.array([[-40.0]]), np.array([[0.0]]))
    assert values[0] == pytest.approx(np.exp(-40), rel=1e-14)


def test_at_a_clip_bound_the_gradient_still_flows() -> None:
    document = {"kind": SIGMOID, "from": {"kind": "probabilities", "clip": 0.25}}
    _, pullback = loss_per_example(read(document), np.array([[0.0, LN3]]), np.array([[1.0, 1.0]]))
    inside = pullback(np.ones(1))[0]
    assert inside[0] == -0.25
    p = float(linked(read(document), np.array([[LN3]]))[0, 0])
    assert (inside[1] != 0) == (p <= 0.75)


def test_a_class_outside_the_head_is_refused() -> None:
    with pytest.raises(DataError, match="classes from 0 to 2, found -1"):
        loss_per_example(read({"kind": SOFTMAX}), np.zeros((2, 3)), np.array([-1, 2]))
    with pytest.raises(DataError, match="found 3"):
        loss_per_example(read({"kind": SOFTMAX}), np.zeros((1, 3)), np.array([3]))
