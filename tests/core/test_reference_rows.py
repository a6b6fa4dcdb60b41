"""Tables by row: repeated ids summed or separate, untouched rows decayed or skipped, row by row in plain numbers."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np
import pytest
from mtlspec_numpy import NumpyProgram
from programs import assign, program_of, update

from mtlspec.tensors import Rows

TABLE, KERNEL = "words[0].table", "tasks.a.head[1].kernel"
LAWS = [(repeated, untouched) for repeated in ("sum", "separate") for untouched in ("decay", "skip")]
STEPS = [([0, 0, 2], [1.0, 2.0, 3.0]), ([1, 2, 2], [0.5, -1.0, 4.0]), ([0, 1, 0], [-2.0, 1.0, 1.0])]
"""Ids and values of three updates of a table of four rows; row 3 never occurs."""
RATES = (0.1, 0.3, 0.2)
START = [1.0, 2.0, 3.0, 4.0]


def table_of(training: dict[str, Any], repeated: str, untouched: str) -> NumpyProgram:
    layer = {"kind": "embedding", "rows": 4, "units": 1, "repeated_ids": repeated, "untouched_rows": untouched}
    return program_of(
        {
            "inputs": [{"name": "ids", "shape": [3], "dtype": "integer"}],
            "blocks": [{"name": "words", "layers": [layer]}],
            "tasks": [
                {
                    "name": "a",
                    "head": ["flatten", {"kind": "dense", "units": 1, "bias": False}],
                    "loss": "squared_error",
                }
            ],
            "training": training,
        }
    )


def trained(training: dict[str, Any], repeated: str, untouched: str) -> NumpyProgram:
    program = table_of(training, repeated, untouched)
    assign(program, {TABLE: START})
    for (ids, values), rate in zip(STEPS, RATES, strict=True):
        rows = Rows(np.array(ids), np.array(values)[:, None], 4)
        update(program, {TABLE: rows, KERNEL: np.zeros((3, 1))}, rate)
    return program


def seen(step: int, row: int, repeated: str) -> tuple[bool, float, float]:
    """Return whether a row occurs in a step, its gradient, and the square that an optimizer takes."""
    mine = [value for i, value in zip(*STEPS[step], strict=True) if i == row]
    return bool(mine), sum(mine), sum(v * v for v in mine) if repeated == "separate" else sum(mine) ** 2


@pytest.mark.parametrize(("repeated", "untouched"), LAWS)
def test_adamw_row_by_row(repeated: str, untouched: str) -> None:
    optimizer = {"kind": "adamw", "beta_1": 0.6, "beta_2": 0.8, "epsilon": 0.01, "weight_decay": 0.1}
    program = trained({"optimizer": {**optimizer, "decay_scaled_by": "learning_rate"}}, repeated, untouched)
    for row in range(4):
        w, m, v = START[row], 0.0, 0.0
        for step, rate in enumerate(RATES):
            touched, g, square = seen(step, row, repeated)
            if untouched == "skip" and not touched:
                continue
            m, v = 0.6 * m + 0.4 * g, 0.8 * v + 0.2 * square
            w -= rate * 0.1 * w
            w -= rate * (m / (1 - 0.6 ** (step + 1))) / (sqrt(v / (1 - 0.8 ** (step + 1))) + 0.01)
        assert program.parameters[TABLE][row, 0] == pytest.approx(w, rel=1e-14)
        slots = {slot.name: array[row, 0] for slot, array in program.state.slots.items() if slot.path == TABLE}
        assert slots == {"first_moment": pytest.approx(m, rel=1e-14), "second_moment": pytest.approx(v, rel=1e-14)}


@pytest.mark.parametrize(("repeated", "untouched"), LAWS)
def test_amsgrad_row_by_row(repeated: str, untouched: str) -> None:
    optimizer = {"kind": "adam", "beta_1": 0.0, "beta_2": 0.5, "epsilon": 1.0, "amsgrad": True}
    program = trained({"optimizer": optimizer}, repeated, untouched)
    for row in range(4):
        w, v, largest = START[row], 0.0, 0.0
        for step, rate in enumerate(RATES):
            touched, g, square = seen(step, row, repeated)
            if touched or untouched == "decay":
                v = 0.5 * v + 0.5 * square
                largest = max(largest, v)
                w -= rate * g / (sqrt(largest / (1 - 0.5 ** (step + 1))) + 1)
        assert program.parameters[TABLE][row, 0] == pytest.approx(w, rel=1e-14)


@pytest.mark.parametrize(("repeated", "untouched"), LAWS)
def test_momentum_by_hand(repeated: str, untouched: str) -> None:
    optimizer = {"kind": "sgd", "momentum": 0.5, "rate_applied": "at_update"}
    program = trained({"optimizer": optimizer}, repeated, untouched)
    # gradients by row: (3, 0, 3, 0), (0, 0.5, 3, 0), (-1, 1, 0, 0), whether summed or separate
    expected = {
        # row 0: v = 3, 1.5, -0.25; row 1: 0, 0.5, 1.25; row 2: 3, 4.5, 2.25
        "decay": [1 - 0.3 - 0.45 + 0.05, 2 - 0.15 - 0.25, 3 - 0.3 - 1.35 - 0.45, 4.0],
        # row 0: v = 3, -, 0.5; row 1: -, 0.5, 1.25; row 2: 3, 4.5, -
        "skip": [1 - 0.3 - 0.1, 2 - 0.15 - 0.25, 3 - 0.3 - 1.35, 4.0],
    }
    assert program.parameters[TABLE].ravel().tolist() == pytest.approx(expected[untouched], rel=1e-14)


@pytest.mark.parametrize("kind", ["global_norm", "per_tensor_norm"])
@pytest.mark.parametrize(
    ("repeated", "norm"),
    # ids 0, 0, 2 with 1, 2, 3: (1 + 2)² + 3², or 1² + 2² + 3²
    [("sum", sqrt(18)), ("separate", sqrt(14))],
)
def test_a_norm_counts_repeated_ids_by_their_law(kind: str, repeated: str, norm: float) -> None:
    program = table_of({"optimizer": {"kind": "sgd"}, "clipping": {"kind": kind, "limit": 1.0}}, repeated, "skip")
    assign(program, {TABLE: [0.0] * 4})
    rows = Rows(np.array([0, 0, 2]), np.array([[1.0], [2.0], [3.0]]), 4)
    update(program, {TABLE: rows, KERNEL: np.zeros((3, 1))}, 1.0)
    assert program.parameters[TABLE].ravel().tolist() == pytest.approx([-3 / norm, 0, -3 / norm, 0], rel=1e-14)


def test_a_clipped_square_is_the_square_of_the_clipped_values() -> None:
    optimizer = {"kind": "adam", "beta_1": 0.0, "beta_2": 0.0, "epsilon": 1.0}
    program = table_of({"optimizer": optimizer, "clipping": {"kind": "global_norm", "limit": 1.0}}, "separate", "decay")
    assign(program, {TABLE: [0.0] * 4})
    rows = Rows(np.array([0, 0, 2]), np.array([[1.0], [2.0], [3.0]]), 4)
    update(program, {TABLE: rows, KERNEL: np.zeros((3, 1))}, 1.0)
    n = sqrt(14)
    expected = [-(3 / n) / (sqrt(5) / n + 1), 0, -(3 / n) / (3 / n + 1), 0]
    assert program.parameters[TABLE].ravel().tolist() == pytest.approx(expected, rel=1e-14)


def test_a_dense_gradient_of_a_table_touches_every_row() -> None:
    program = table_of({"optimizer": {"kind": "sgd", "momentum": 0.5}}, "separate", "skip")
    assign(program, {TABLE: START})
    along = {TABLE: np.array([[1.0], [0.0], [2.0], [0.0]]), KERNEL: np.zeros((3, 1))}
    update(program, along, 1.0)
    assert program.parameters[TABLE].ravel().tolist() == [0.0, 2.0, 1.0, 4.0]
