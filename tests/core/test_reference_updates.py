"""Optimizers beside sgd and adam, and what surrounds an update, in plain numbers."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np
import pytest
from programs import A, B, assign, one_number, program_of, update

RATES = (0.1, 0.05, 0.2)
Slots = dict[str, float]
BETA = 1 - 2**-0.8
"""What Adafactor keeps at its second step."""

BY_HAND: list[tuple[dict[str, Any], tuple[float, ...], list[float], Slots]] = [
    # squares 4, 20
    ({"kind": "adagrad", "epsilon": 1.0}, (2.0, 4.0), [0.2 / 3, 0.2 / (sqrt(20) + 1)], {"squares": 20.0}),
    (
        {"kind": "adagrad", "epsilon": 4.0, "epsilon_placement": "inside_root", "initial_accumulator": 1.0},
        (2.0, 4.0),
        [0.2 / 3, 0.2 / 5],
        {"squares": 21.0},
    ),
    # v 2, 9
    (
        {"kind": "rmsprop", "rho": 0.5, "epsilon": 7.0},
        (2.0, 4.0),
        [0.1 * 2 / 3, 0.05 * 1],
        {"second_moment": 9.0},
    ),
    (
        {"kind": "rmsprop", "rho": 0.5, "epsilon": 1.0, "epsilon_placement": "outside_root"},
        (2.0, 4.0),
        [0.2 / (sqrt(2) + 1), 0.05],
        {"second_moment": 9.0},
    ),
    # steps 2/3 and 1 enter the velocity with their rates
    (
        {"kind": "rmsprop", "rho": 0.5, "epsilon": 7.0, "momentum": 0.5},
        (2.0, 4.0),
        [0.2 / 3, 0.1 / 3 + 0.05],
        {"second_moment": 9.0, "velocity": 0.1 / 3 + 0.05},
    ),
    (
        {"kind": "rmsprop", "rho": 0.5, "epsilon": 7.0, "momentum": 0.5, "rate_applied": "at_update"},
        (2.0, 4.0),
        [0.2 / 3, 0.05 * (1 / 3 + 1)],
        {"second_moment": 9.0, "velocity": 4 / 3},
    ),
    # a 1, 2.5; v - a² 1, 2.75
    (
        {"kind": "rmsprop", "rho": 0.5, "epsilon": 3.0, "centered": True},
        (2.0, 4.0),
        [0.1 * 2 / 2, 0.2 / sqrt(5.75)],
        {"second_moment": 9.0, "first_moment": 2.5},
    ),
    # v 2, 9; d 0, 1
    (
        {"kind": "adadelta", "rho": 0.5, "epsilon": 2.0},
        (2.0, 4.0),
        [0.1 * sqrt(2), 0.2 * sqrt(3 / 11)],
        {"second_moment": 9.0, "squared_steps": 0.5 + 0.5 * 16 * 3 / 11},
    ),
    # m 1, 2.5, 1.375; u 2, 4, 2
    (
        {"kind": "adamax", "beta_1": 0.5, "beta_2": 0.5, "epsilon": 1.0},
        (2.0, -4.0, 0.25),
        [0.2 / 3, -0.05 / 0.75 * 1.5 / 5, 0.2 / 0.875 * -0.625 / 3],
        {"first_moment": -0.625, "largest_size": 2.0},
    ),
    (
        {"kind": "adamax", "beta_1": 0.5, "beta_2": 0.5, "epsilon": 1.0, "epsilon_placement": "in_maximum"},
        (2.0, 4.0, 0.25),
        [0.2 / 3, 0.05 / 0.75 * 2.5 / 5, 0.2 / 0.875 * 1.375 / 2.5],
        {"first_moment": 1.375, "largest_size": 2.5},
    ),
    # every momentum is a quarter; m 1, 2.5; v / (1 - 0.75^t) 4, 4.75 / 0.4375
    (
        {"kind": "nadam", "beta_1": 0.5, "beta_2": 0.75, "epsilon": 0.5, "momentum_decay": 0.0},
        (2.0, 4.0),
        [
            0.1 * (0.25 / 0.9375 + 1.5 / 0.75) / 2.5,
            0.05 * (0.625 / 0.984375 + 3 / 0.9375) / (sqrt(4.75 / 0.4375) + 0.5),
        ],
        {"first_moment": 2.5, "second_moment": 4.75, "momentum_product": 0.0625},
    ),
    # momenta 0.5·(1 - 0.48) and 0.5·(1 - 0.4608); m 1, v 1
    (
        {"kind": "nadam", "beta_1": 0.5, "beta_2": 0.75, "epsilon": 0.5, "momentum_decay": 1.0},
        (2.0,),
        [0.1 * (0.2696 / (1 - 0.26 * 0.2696) + 0.74 * 2 / 0.74) / 2.5],
        {"first_moment": 1.0, "second_moment": 1.0, "momentum_product": 0.26},
    ),
    # 0.5·m + 0.5·g is 1, then 0.25 - 0.2
    ({"kind": "lion", "beta_1": 0.5, "beta_2": 0.75}, (2.0, -0.4), [0.1, 0.05], {"first_moment": 0.275}),
    ({"kind": "lion"}, (0.0,), [0.0], {"first_moment": 0.0}),
    # g² + 5 is 9, then 21; w is 1, then 1 - 0.2/3
    (
        {"kind": "adafactor", "epsilon_1": 5.0},
        (2.0, 4.0),
        [0.2 / 3, (1 - 0.2 / 3) * 0.05 * min(1.0, 4 / sqrt(9 * BETA + 21 * (1 - BETA)))],
        {"row_factor": 9 * BETA + 21 * (1 - BETA), "column_factor": 9 * BETA + 21 * (1 - BETA)},
    ),
    # 4 / max(4, 9) · 4 = 4/9·4, at least 9; the step is bounded by a quarter, the size at least 3
    (
        {
            "kind": "adafactor",
            "epsilon_1": 3.0,
            "epsilon_1_use": "clamped",
            "epsilon_2": 3.0,
            "clip_threshold": 0.25,
            "relative_step": False,
        },
        (2.0,),
        [0.1 * 3 * 0.25],
        {"row_factor": 4.0, "column_factor": 4.0},
    ),
]


@pytest.mark.parametrize(("optimizer", "gradients", "steps", "slots"), BY_HAND, ids=lambda value: str(value)[:70])
def test_an_update_by_hand(
    optimizer: dict[str, Any], gradients: tuple[float, ...], steps: list[float], slots: Slots
) -> None:
    program = program_of(one_number({"optimizer": optimizer}))
    assign(program, {A: 1.0, B: 1.0})
    w = 1.0
    for gradient, rate, step in zip(gradients, RATES, steps, strict=False):
        update(program, {A: gradient, B: 0.0}, rate)
        w -= step
        assert program.parameters[A].item() == pytest.approx(w, rel=1e-14)
    found = {slot.name: array.item() for slot, array in program.state.slots.items() if slot.path == A}
    assert found == pytest.approx(slots, rel=1e-14, abs=1e-16)


def test_factors_of_a_matrix() -> None:
    document = one_number({"optimizer": {"kind": "adafactor", "epsilon_1": 1e-30}})
    document["inputs"][0]["shape"] = [2]
    document["tasks"][0]["head"] = [{"kind": "dense", "units": 2, "bias": False}]
    program = program_of(document)
    assign(program, {A: [[3.0, 3.0], [3.0, 3.0]], B: [[1.0], [1.0]]})
    update(program, {A: np.array([[1.0, 2.0], [3.0, 4.0]]), B: np.zeros((2, 1))}, 0.1)
    # means of squares by row 2.5, 12.5, by column 5, 10; of rows 7.5
    u = np.array([[1.0, 2.0], [3.0, 4.0]]) / np.sqrt(np.outer([2.5, 12.5], [5.0, 10.0]) / 7.5)
    longer = max(1.0, sqrt((u * u).mean()))
    np.testing.assert_allclose(program.parameters[A], 3 - 0.3 * u / longer, rtol=1e-14)


def test_a_size_before_the_decay_and_after_it() -> None:
    for scale, size in (("decayed", 2.0), ("undecayed", 4.0)):
        optimizer = {"kind": "adafactor", "epsilon_1": 1e-30, "scale_from": scale}
        decay = {"kind": "decoupled", "rate": 5.0, "scaled_by": "learning_rate"}
        program = program_of(one_number({"optimizer": optimizer, "decay": decay}))
        assign(program, {A: 4.0, B: 1.0})
        update(program, {A: 2.0, B: 0.0}, 0.1)
        # 4 - 0.1·5·4 = 2, and u = 1
        assert program.parameters[A].item() == pytest.approx(2.0 - size * 0.1, rel=1e-14)


@pytest.mark.parametrize(
    ("training", "expected"),
    [
        # gradients 3 and 4 at w = 1: 3.5, 4.5
        ({"decay": {"kind": "coupled", "rate": 0.5}}, (3.5, 4.5)),
        ({"decay": {"kind": "coupled", "rate": 0.5, "exclude": ["tasks.a*"]}}, (3.0, 4.5)),
        ({"decay": {"kind": "coupled", "rate": 0.5, "only": ["*.a.*"]}}, (3.5, 4.0)),
        # norm 5 clipped to 1, then w/2
        (
            {
                "decay": {"kind": "coupled", "rate": 0.5, "placed": "after_clip"},
                "clipping": {"kind": "global_norm", "limit": 1.0},
            },
            (0.6 + 0.5, 0.8 + 0.5),
        ),
        ({"decay": {"kind": "coupled", "rate": 1.0}, "clipping": {"kind": "value", "limit": 4.5}}, (4.0, 4.5)),
        # the rate 0.1 of the document is halved: the schedule's factor is 5
        ({"decay": {"kind": "decoupled", "rate": 0.1}}, (3.0 + 0.1 / 0.1, 4.0 + 0.1 / 0.1)),
        ({"decay": {"kind": "decoupled", "rate": 0.1, "scaled_by": "learning_rate"}}, (3.1, 4.1)),
        ({"groups": [{"parameters": "tasks.a*", "rate_factor": 0.5}]}, (1.5, 4.0)),
        ({"groups": [{"parameters": "*a.head[0]*", "frozen": True}]}, (0.0, 4.0)),
        # the first group that matches holds
        (
            {
                "groups": [{"parameters": "*.b.*", "rate_factor": 2.0}, {"parameters": "*", "decay": 0.5}],
                "decay": {"kind": "coupled", "rate": 0.25},
            },
            (3.5, 2 * 4.25),
        ),
        (
            {
                "groups": [{"parameters": "tasks.a*", "rate_factor": 0.5}],
                "decay": {"kind": "decoupled", "rate": 0.2, "scaled_by": "learning_rate"},
            },
            (0.5 * 3.2, 4.2),
        ),
    ],
    ids=str,
)
def test_decay_and_groups(training: dict[str, Any], expected: tuple[float, float]) -> None:
    optimizer = {"kind": "sgd", "learning_rate": 0.1}
    program = program_of(one_number({"optimizer": optimizer, **training}))
    assign(program, {A: 1.0, B: 1.0})
    update(program, {A: 3.0, B: 4.0}, 1.0)
    found = tuple(1 - program.parameters[path].item() for path in (A, B))
    assert found == pytest.approx(expected, rel=1e-14)


def test_an_average_begins_with_the_parameter_and_follows_it() -> None:
    for start, wanted in ((1, [-1.0, 0.75 * -1 + 0.25 * -3, None]), (2, [-1.0, -3.0, None])):
        program = program_of(one_number({"optimizer": {"kind": "sgd"}, "average": {"keeps": 0.75, "start": start}}))
        assign(program, {A: 0.0, B: 0.0})
        for gradient, average in ((1.0, wanted[0]), (2.0, wanted[1])):
            update(program, {A: gradient, B: 0.0}, 1.0)
            found = {slot.path: array.item() for slot, array in program.state.slots.items() if slot.name == "average"}
            assert found[A] == average


def test_an_update_follows_the_mean_of_its_batches_at_the_last_rate() -> None:
    program = program_of(one_number({"optimizer": {"kind": "adagrad", "epsilon": 1.0}, "accumulation": {"batches": 2}}))
    assign(program, {A: 1.0, B: 1.0})
    seen = []
    for gradient, rate in ((1.0, 5.0), (3.0, 0.3), (6.0, 0.5), (-2.0, 1.0), (8.0, 1.0)):
        update(program, {A: gradient, B: 0.0}, rate)
        seen.append(program.parameters[A].item())
    # means 2 and 2; squares 4, 8
    first = 1 - 0.3 * 2 / 3
    assert seen == pytest.approx([1.0, first, first, first - 2 / (sqrt(8) + 1), first - 2 / (sqrt(8) + 1)], rel=1e-14)
    assert program.state.steps == (5,)
    assert next(a.item() for s, a in program.state.slots.items() if s.name == "accumulated" and s.path == A) == 8.0


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        ("non_negative", [[3.0, 0.0], [4.0, 5.0]]),
        # norms of columns 5, 13
        ({"kind": "max_norm", "limit": 10.0}, [[3.0, -120 / 13], [4.0, 50 / 13]]),
        ({"kind": "max_norm", "limit": 10.0, "epsilon": 5.0}, [[1.5, -120 / 18], [2.0, 50 / 18]]),
        ({"kind": "unit_norm"}, [[0.6, -12 / 13], [0.8, 5 / 13]]),
        ({"kind": "unit_norm", "axes": [1]}, [[3 / sqrt(153), -12 / sqrt(153)], [4 / sqrt(41), 5 / sqrt(41)]]),
        ({"kind": "max_norm", "limit": sqrt(194) / 2, "axes": [0, 1]}, [[1.5, -6.0], [2.0, 2.5]]),
    ],
    ids=str,
)
def test_constraints(constraint: Any, expected: list[list[float]]) -> None:
    document = one_number({"optimizer": {"kind": "sgd"}})
    document["inputs"][0]["shape"] = [2]
    head = {"kind": "dense", "units": 2, "bias": False, "kernel_constraint": constraint}
    document["tasks"][0]["head"] = [head]
    program = program_of(document)
    assign(program, {A: [[2.0, -12.0], [4.0, 5.0]], B: [[0.0], [0.0]]})
    update(program, {A: np.array([[-1.0, 0.0], [0.0, 0.0]]), B: np.zeros((2, 1))}, 1.0)
    np.testing.assert_allclose(program.parameters[A], expected, rtol=1e-14)


def test_a_norm_of_zero_stays() -> None:
    for kind in ({"kind": "max_norm", "limit": 1.0}, {"kind": "unit_norm"}):
        document = one_number({"optimizer": {"kind": "sgd"}})
        document["tasks"][0]["head"] = [{"kind": "dense", "units": 1, "bias": False, "kernel_constraint": kind}]
        program = program_of(document)
        assign(program, {A: 0.0})
        update(program, {A: 0.0, B: 0.0}, 1.0)
        assert program.parameters[A].item() == 0.0
