"""Updates and clipping, step by step in plain numbers, at rates that change."""

from __future__ import annotations

from math import sqrt
from typing import Any

import pytest
from programs import A, B, assign, one_number, program_of, update

RATES = (0.1, 0.05, 0.2)
GRADIENTS = (2.0, 4.0, 0.25)


def moved(optimizer: dict[str, Any], steps: int = 3) -> list[float]:
    """Return w after each step from w = 1 along `GRADIENTS` at `RATES`."""
    program = program_of(one_number({"optimizer": optimizer}))
    assign(program, {A: 1.0})
    found = []
    for gradient, rate in list(zip(GRADIENTS, RATES, strict=True))[:steps]:
        update(program, {A: gradient, B: 0.0}, rate)
        found.append(float(program.parameters[A][0, 0]))
    return found


def test_descent() -> None:
    # 1 - 0.1·2, - 0.05·4, - 0.2·0.25
    assert moved({"kind": "sgd"}) == pytest.approx([0.8, 0.6, 0.55], rel=1e-15)


@pytest.mark.parametrize(
    ("law", "nesterov", "expected"),
    [
        # v = 0.2, 0.1 + 0.2 = 0.3, 0.15 + 0.05 = 0.2
        ("into_velocity", False, [0.8, 0.5, 0.3]),
        # steps r·g + v/2: 0.2 + 0.1, 0.2 + 0.15, 0.05 + 0.1
        ("into_velocity", True, [0.7, 0.35, 0.2]),
        # v = 2, 1 + 4 = 5, 2.5 + 0.25 = 2.75
        ("at_update", False, [0.8, 0.55, 0.0]),
        # steps r·(g + v/2): 0.1·3, 0.05·6.5, 0.2·1.625
        ("at_update", True, [0.7, 0.375, 0.05]),
    ],
)
def test_momentum_under_a_changing_rate(law: str, nesterov: bool, expected: list[float]) -> None:
    optimizer = {"kind": "sgd", "momentum": 0.5, "nesterov": nesterov, "rate_applied": law}
    assert moved(optimizer) == pytest.approx(expected, rel=1e-14, abs=1e-15)


ADAM = {"kind": "adam", "beta_1": 0.5, "beta_2": 0.75, "epsilon": 0.5}
# m = 0.5·m + 0.5·g: 1, 2.5, 1.375; v = 0.75·v + 0.25·g²: 1, 4.75, 3.578125
M = (1.0, 2.5, 1.375)
V = (1.0, 4.75, 3.578125)
# 1 - 0.5^t and 1 - 0.75^t
FIRST = (0.5, 0.75, 0.875)
SECOND = (0.25, 0.4375, 0.578125)
AFTER = [r * (m / a) / (sqrt(v / b) + 0.5) for r, m, v, a, b in zip(RATES, M, V, FIRST, SECOND, strict=True)]
BEFORE = [r * sqrt(b) / a * m / (sqrt(v) + 0.5) for r, m, v, a, b in zip(RATES, M, V, FIRST, SECOND, strict=True)]
# the second moment falls at the third step, so amsgrad keeps 4.75
LARGEST = [*AFTER[:2], 0.2 * (1.375 / 0.875) / (sqrt(4.75 / 0.578125) + 0.5)]
LARGEST_BEFORE = [*BEFORE[:2], 0.2 * sqrt(0.578125) / 0.875 * 1.375 / (sqrt(4.75) + 0.5)]


def falling(steps: list[float], decays: tuple[float, ...] = (0.0, 0.0, 0.0)) -> list[float]:
    """Return w after each step: w·(1 - decay) - step, from 1."""
    w, found = 1.0, []
    for step, decay in zip(steps, decays, strict=True):
        w = w - decay * w - step
        found.append(w)
    return found


@pytest.mark.parametrize(
    ("placement", "amsgrad", "steps"),
    [
        ("after_correction", False, AFTER),
        ("before_correction", False, BEFORE),
        ("after_correction", True, LARGEST),
        ("before_correction", True, LARGEST_BEFORE),
    ],
)
def test_adam(placement: str, amsgrad: bool, steps: list[float]) -> None:
    found = moved({**ADAM, "epsilon_placement": placement, "amsgrad": amsgrad})
    assert found == pytest.approx(falling(steps), rel=1e-14)


def test_the_first_step_of_adam_by_hand() -> None:
    # m̂ = 2, v̂ = 4: 0.1·2 / (2 + 0.5); before: 0.1·0.5/0.5·1 / (1 + 0.5)
    assert moved({**ADAM, "epsilon_placement": "after_correction"}, 1) == pytest.approx([0.92], rel=1e-15)
    assert moved({**ADAM, "epsilon_placement": "before_correction"}, 1) == pytest.approx([1 - 0.1 / 1.5], rel=1e-15)


@pytest.mark.parametrize(
    ("scaled_by", "decays"),
    [
        # rate · 0.1
        ("learning_rate", (0.01, 0.005, 0.02)),
        # rate / 0.4 · 0.1
        ("schedule", (0.025, 0.0125, 0.05)),
    ],
)
def test_decay_comes_first_and_is_scaled_by_its_law(scaled_by: str, decays: tuple[float, ...]) -> None:
    optimizer = {**ADAM, "kind": "adamw", "learning_rate": 0.4, "weight_decay": 0.1, "decay_scaled_by": scaled_by}
    assert moved(optimizer) == pytest.approx(falling(AFTER, decays), rel=1e-14)


def test_slots_hold_what_the_formulas_name() -> None:
    program = program_of(one_number({"optimizer": {**ADAM, "amsgrad": True}}))
    for gradient, rate in zip(GRADIENTS, RATES, strict=True):
        update(program, {A: gradient, B: 0.0}, rate)
    slots = {(slot.name, slot.path): array.item() for slot, array in program.state.slots.items()}
    assert slots == {
        ("first_moment", A): 1.375,
        ("second_moment", A): 3.578125,
        ("largest_second_moment", A): 4.75,
        ("first_moment", B): 0.0,
        ("second_moment", B): 0.0,
        ("largest_second_moment", B): 0.0,
    }
    assert program.state.steps == (3,)


@pytest.mark.parametrize(
    ("optimizer", "names"),
    [
        ({"kind": "sgd"}, set()),
        ({"kind": "sgd", "momentum": 0.9}, {"velocity"}),
        ({"kind": "adam"}, {"first_moment", "second_moment"}),
        ({"kind": "adamw", "amsgrad": True}, {"first_moment", "second_moment", "largest_second_moment"}),
    ],
)
def test_an_optimizer_keeps_the_slots_that_it_needs(optimizer: dict[str, Any], names: set[str]) -> None:
    assert {slot.name for slot in program_of(one_number({"optimizer": optimizer})).state.slots} == names


@pytest.mark.parametrize(
    ("clipping", "expected"),
    [
        # gradients 3 and 4: norm 5, limit 1
        ({"kind": "global_norm", "limit": 1.0}, (0.6, 0.8)),
        ({"kind": "global_norm", "limit": 1.0, "epsilon": 0.5}, (3 / 5.5, 4 / 5.5)),
        ({"kind": "global_norm", "limit": 6.0}, (3.0, 4.0)),
        ({"kind": "global_norm", "limit": 5.0}, (3.0, 4.0)),
        # norm and limit agree, and epsilon still divides
        ({"kind": "global_norm", "limit": 5.0, "epsilon": 1.0}, (2.5, 4 * 5 / 6)),
        ({"kind": "per_tensor_norm", "limit": 3.5}, (3.0, 3.5)),
        ({"kind": "per_tensor_norm", "limit": 1.0, "epsilon": 1.0}, (0.75, 0.8)),
        ({"kind": "value", "limit": 3.5}, (3.0, 3.5)),
    ],
    ids=str,
)
def test_clipping(clipping: dict[str, Any], expected: tuple[float, float]) -> None:
    program = program_of(one_number({"optimizer": {"kind": "sgd"}, "clipping": clipping}))
    assign(program, {A: 0.0, B: 0.0})
    update(program, {A: 3.0, B: 4.0}, 1.0)
    found = tuple(-program.parameters[path].item() for path in (A, B))
    assert found == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize("kind", ["global_norm", "per_tensor_norm"])
def test_a_gradient_of_zero_is_not_divided_by_its_norm(kind: str) -> None:
    program = program_of(one_number({"optimizer": {"kind": "sgd"}, "clipping": {"kind": kind, "limit": 1.0}}))
    before = program.parameters[A].item()
    update(program, {A: 0.0, B: 0.0}, 1.0)
    assert program.parameters[A].item() == before


def test_clipping_comes_before_momentum_and_decay() -> None:
    optimizer = {"kind": "adamw", "beta_1": 0.0, "beta_2": 0.0, "epsilon": 1.0, "weight_decay": 0.5}
    document = one_number(
        {
            "optimizer": {**optimizer, "decay_scaled_by": "learning_rate"},
            "clipping": {"kind": "global_norm", "limit": 1.0},
        }
    )
    program = program_of(document)
    assign(program, {A: 1.0, B: 1.0})
    update(program, {A: 3.0, B: 4.0}, 0.1)
    # w·0.95 - 0.1·g / (|g| + 1) with g = 0.6, 0.8
    assert program.parameters[A].item() == pytest.approx(0.95 - 0.1 * 0.6 / 1.6, rel=1e-15)
    assert program.parameters[B].item() == pytest.approx(0.95 - 0.1 * 0.8 / 1.8, rel=1e-15)


def test_a_gradient_that_is_absent_or_misshapen_is_named() -> None:
    program = program_of(one_number())
    with pytest.raises(ValueError, match=r"expected a gradient for tasks\.b\.head\[0\]\.kernel"):
        update(program, {A: 1.0}, 0.1)
    with pytest.raises(ValueError, match=r"shape \(1, 1\) for tasks\.a\.head\[0\]\.kernel, found \(2,\)"):
        update(program, {A: [1.0, 2.0], B: 1.0}, 0.1)
    assert program.state.steps == (0,)
