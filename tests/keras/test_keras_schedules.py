"""Schedules of documents give what Keras's own do."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import keras
import pytest

from mtlspec.randomness import uniform
from mtlspec.spec.law import obeying
from mtlspec.spec.plateau import ReduceOnPlateau
from mtlspec.spec.schedules import Schedule
from mtlspec.training.plateau import after, first_standing

native = keras.optimizers.schedules
RATE = 0.5

CASES: list[tuple[dict[str, Any], Any]] = [
    (
        {"kind": "cosine_restarts", "length": 4, "decay": 0.75, "final": 0.125},
        native.CosineDecayRestarts(RATE, 4, t_mul=2.0, m_mul=0.75, alpha=0.125),
    ),
    ({"kind": "cosine_restarts", "length": 5, "growth": 1.0}, native.CosineDecayRestarts(RATE, 5, t_mul=1.0)),
    (
        {"kind": "polynomial", "length": 8, "power": 1.5, "final": 0.25},
        native.PolynomialDecay(RATE, 8, RATE * 0.25, power=1.5),
    ),
    (
        {"kind": "polynomial", "length": 8, "power": 2.0, "cycle": True},
        native.PolynomialDecay(RATE, 8, 0.0, power=2.0, cycle=True),
    ),
    ({"kind": "inverse_time", "rate": 0.5, "every": 4}, native.InverseTimeDecay(RATE, 4, 0.5)),
    (
        {"kind": "inverse_time", "rate": 0.5, "every": 4, "staircase": True},
        native.InverseTimeDecay(RATE, 4, 0.5, staircase=True),
    ),
]


@pytest.mark.parametrize(("fields", "own"), CASES, ids=[f"{i}-{case[0]['kind']}" for i, case in enumerate(CASES)])
def test_a_schedule_is_that_of_keras(fields: dict[str, Any], own: Any) -> None:
    """Keras computes its schedules in float32, with constants that float32 holds here."""
    schedule = obeying(Schedule.read(fields), "keras")
    found = [RATE * schedule.factor(t, steps_per_epoch=1) for t in range(26)]
    assert found == pytest.approx([float(own(t)) for t in range(26)], rel=0, abs=1e-6)


@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize(("patience", "cooldown", "least"), [(0, 0, 0.0), (1, 2, 1e-3), (2, 1, 0.0), (3, 3, 0.0)])
def test_a_plateau_is_that_of_keras(mode: Any, patience: int, cooldown: int, least: float) -> None:
    optimizer = SimpleNamespace(learning_rate=RATE)  # of a real one Keras makes a float32
    callback = keras.callbacks.ReduceLROnPlateau(
        "m", factor=0.5, patience=patience, mode=mode, min_delta=0.05, cooldown=cooldown, min_lr=RATE * least
    )
    callback.set_model(SimpleNamespace(optimizer=optimizer))
    callback.on_train_begin()
    schedule = obeying(
        ReduceOnPlateau(mode=mode, rate=0.5, patience=patience, threshold=0.05, cooldown=cooldown, final=least), "keras"
    )
    standing, rates, natives = first_standing(schedule), [], []
    for epoch, value in enumerate(uniform(3, f"{mode} {patience}", 60).tolist()):
        callback.on_epoch_end(epoch, {"m": value})
        natives.append(optimizer.learning_rate)
        standing = after(standing, value, schedule, rate=RATE)
        rates.append(RATE * standing.factor)
    assert rates == pytest.approx(natives, rel=1e-13)
    assert len(set(rates)) > 3
