from __future__ import annotations

import math
from typing import Any

import pytest
from pydantic import ValidationError
from small_specs import two_tasks

from mtlspec.spec.schedules import Schedule


def schedule(**fields: Any) -> Schedule:
    return two_tasks(schedule=fields).training.schedule


def factors(count: int, *, steps_per_epoch: int = 1, **fields: Any) -> list[float]:
    own = schedule(**fields)
    return [own.factor(t, steps_per_epoch=steps_per_epoch) for t in range(count)]


def near(*numbers: float) -> Any:
    return pytest.approx(list(numbers), rel=1e-14, abs=1e-15)


def test_linear_goes_from_start_to_end_and_stays() -> None:
    assert factors(6, kind="linear", length=4) == near(1, 0.75, 0.5, 0.25, 0, 0)
    assert factors(4, kind="linear", length=2, start=0.5, end=2.0) == near(0.5, 1.25, 2, 2)


def test_polynomial_ends_or_begins_anew() -> None:
    assert factors(6, kind="polynomial", length=4, power=2.0, final=0.1) == near(
        *(0.1 + 0.9 * (1 - min(t, 4) / 4) ** 2 for t in range(6))
    )
    assert factors(2, kind="polynomial", length=4) == near(1, 0.75)
    lengths = [4, 4, 4, 4, 4, 8, 8, 8, 8, 12]
    found = factors(10, kind="polynomial", length=4, power=0.5, cycle=True)
    assert found == near(*((1 - t / length) ** 0.5 for t, length in enumerate(lengths)))


def test_inverse_time_is_continuous_or_a_staircase() -> None:
    assert factors(4, kind="inverse_time", rate=0.5) == near(1, 1 / 1.5, 1 / 2, 1 / 2.5)
    assert factors(4, kind="inverse_time", rate=0.5, every=2) == near(1, 1 / 1.25, 1 / 1.5, 1 / 1.75)
    assert factors(4, kind="inverse_time", rate=0.5, every=2, staircase=True) == near(1, 1, 1 / 1.5, 1 / 1.5)


def test_the_inverse_square_root_after_a_warm_up_is_that_of_the_transformer() -> None:
    n = 5
    warm_up = {"steps": n - 1, "start": 1 / n}
    peak = n**-0.5
    paper = [min(step**-0.5, step * n**-1.5) / peak for step in range(1, 21)]
    assert factors(20, kind="inverse_square_root", timescale=n, warm_up=warm_up) == near(*paper)
    assert schedule(kind="inverse_square_root").factor(12000, steps_per_epoch=1) == 0.5


def test_a_cosine_restarts_in_longer_and_lower_cycles() -> None:
    def cosine(share: float) -> float:
        return (1 + math.cos(math.pi * share)) / 2

    cycles = [(0, 0, 4), (1, 4, 8), (2, 12, 16)]
    expected = [0.1 + 0.9 * 0.5**i * cosine(k / span) for i, _, span in cycles for k in range(span)]
    found = factors(28, kind="cosine_restarts", length=4, growth=2.0, decay=0.5, final=0.1)
    assert found == near(*expected)
    found = factors(7, kind="cosine_restarts", length=3, growth=1.0)
    assert found == near(*(cosine(t % 3 / 3) for t in range(7)))
    broken = factors(6, kind="cosine_restarts", length=2, growth=1.5)
    assert broken == near(1, 0.5, 1, cosine(1 / 3), cosine(2 / 3), 1)


@pytest.mark.parametrize("curve", ["cosine", "linear"])
def test_one_cycle_rises_falls_and_stays(curve: str) -> None:
    found = factors(13, kind="one_cycle", length=11, rise=6 / 11, curve=curve, start_divisor=10.0, final_divisor=5.0)
    assert found[0] == pytest.approx(0.1, rel=1e-15)
    assert found[5] == 1.0
    assert found[10:] == near(0.02, 0.02, 0.02)
    middle = (1 + math.cos(math.pi * 2 / 5)) / 2 if curve == "cosine" else 1 - 2 / 5
    assert found[2] == pytest.approx(1 + (0.1 - 1) * middle, rel=1e-14)


def test_one_cycle_of_three_phases_comes_back_before_it_ends() -> None:
    found = factors(20, kind="one_cycle", length=16, rise=0.3125, three_phases=True, curve="linear")
    assert found[:9] == near(*(1 / 25 + 24 / 25 * (4 - abs(4 - t)) / 4 for t in range(9)))
    assert found[15:] == near(*[1 / 25e4] * 5)
    assert found[11:12] == near(1 / 25 + (1 / 25e4 - 1 / 25) * 3 / 7)


@pytest.mark.parametrize(("rise", "three"), [(0.05, False), (0.1, True), (0.55, True)])
def test_a_cycle_without_time_to_rise_or_fall_is_refused(rise: float, three: bool) -> None:
    with pytest.raises(ValidationError, match=r"expected a rise of .* of the length 10"):
        schedule(kind="one_cycle", length=10, rise=rise, three_phases=three)


def test_a_sequence_lets_each_begin_at_its_own_zero() -> None:
    parts = [{"kind": "linear", "length": 2}, {"kind": "step", "every": 1, "rate": 0.5}, "constant"]
    assert factors(7, kind="sequence", schedules=parts, lengths=[3, 2]) == near(1, 0.5, 0, 1, 0.5, 1, 1)


def test_a_sequence_counts_in_its_unit_and_its_parts_in_theirs() -> None:
    halving = {"kind": "step", "every": 1, "rate": 0.5}
    parts = [halving | {"unit": "epoch"}, halving | {"warm_up": {"steps": 1, "start": 0.25}}]
    found = factors(
        9, steps_per_epoch=2, kind="sequence", unit="epoch", schedules=parts, lengths=[2], warm_up={"steps": 2}
    )
    assert found == near(0, 0.5, 1, 1, 0.5, 0.5, 0.25, 1, 0.5)


def test_a_sequence_may_hold_a_sequence() -> None:
    inner = {"kind": "sequence", "schedules": ["constant", {"kind": "linear", "length": 2}], "lengths": [1]}
    assert factors(5, kind="sequence", schedules=[{"kind": "linear", "length": 4}, inner], lengths=[2]) == near(
        1, 0.75, 1, 1, 0.5
    )


@pytest.mark.parametrize(
    ("fields", "place", "message"),
    [
        ({"schedules": ["constant", "constant"], "lengths": [1, 2]}, "lengths", "expected 1 lengths, one for each"),
        ({"schedules": ["constant", "reduce_on_plateau"], "lengths": [1]}, 1, "reduce_on_plateau is no part of a sequ"),
    ],
)
def test_a_sequence_that_cannot_be_is_refused(fields: dict[str, Any], place: object, message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        schedule(kind="sequence", **fields)
    (problem,) = caught.value.errors()
    assert place in problem["loc"]
    assert problem["msg"].startswith(message)
