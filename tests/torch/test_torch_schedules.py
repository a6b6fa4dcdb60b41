"""Schedules of documents give what PyTorch's own schedulers do."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.optim import lr_scheduler as native

from mtlspec.randomness import uniform
from mtlspec.spec.law import obeying
from mtlspec.spec.plateau import ReduceOnPlateau
from mtlspec.spec.schedules import Schedule
from mtlspec.training.plateau import after, first_standing

RATE = 0.5


def _optimizer() -> torch.optim.Optimizer:
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=RATE)


def _native(made: Callable[[torch.optim.Optimizer], Any], count: int) -> list[float]:
    optimizer = _optimizer()
    scheduler, rates = made(optimizer), []
    for _ in range(count):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            scheduler.step()
    return rates


CASES: list[tuple[dict[str, Any], Callable[[torch.optim.Optimizer], Any], int]] = [
    ({"kind": "linear", "length": 7, "start": 0.3, "end": 0.9}, lambda o: native.LinearLR(o, 0.3, 0.9, 7), 10),
    ({"kind": "polynomial", "length": 6, "power": 1.7}, lambda o: native.PolynomialLR(o, 6, 1.7), 9),
    (
        {"kind": "cosine_restarts", "length": 4, "growth": 2.0, "final": 0.02},
        lambda o: native.CosineAnnealingWarmRestarts(o, 4, 2, RATE * 0.02),
        30,
    ),
    ({"kind": "cosine_restarts", "length": 5}, lambda o: native.CosineAnnealingWarmRestarts(o, 5), 17),
    (
        {"kind": "one_cycle", "length": 20},
        lambda o: native.OneCycleLR(o, RATE, total_steps=20, cycle_momentum=False),
        20,
    ),
    (
        {
            "kind": "one_cycle",
            "length": 17,
            "rise": 0.37,
            "curve": "linear",
            "start_divisor": 4.0,
            "final_divisor": 9.0,
            "three_phases": True,
        },
        lambda o: native.OneCycleLR(
            o,
            RATE,
            total_steps=17,
            pct_start=0.37,
            anneal_strategy="linear",
            div_factor=4.0,
            final_div_factor=9.0,
            three_phase=True,
            cycle_momentum=False,
        ),
        17,
    ),
    (
        {
            "kind": "sequence",
            "schedules": [
                {"kind": "linear", "length": 3, "start": 0.1, "end": 1.0},
                {"kind": "exponential", "rate": 0.8},
            ],
            "lengths": [4],
        },
        lambda o: native.SequentialLR(o, [native.LinearLR(o, 0.1, 1.0, 3), native.ExponentialLR(o, 0.8)], [4]),
        9,
    ),
]


@pytest.mark.parametrize(
    ("fields", "made", "count"), CASES, ids=[f"{i}-{case[0]['kind']}" for i, case in enumerate(CASES)]
)
def test_a_schedule_is_that_of_torch(
    fields: dict[str, Any], made: Callable[[torch.optim.Optimizer], Any], count: int
) -> None:
    own = obeying(Schedule.read(fields), "torch")
    found = [RATE * own.factor(t, steps_per_epoch=1) for t in range(count)]
    assert found == pytest.approx(_native(made, count), rel=1e-13, abs=1e-16)


@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize("threshold_mode", ["rel", "abs"])
@pytest.mark.parametrize(("patience", "cooldown", "least"), [(0, 0, 0.0), (1, 2, 1e-3), (2, 1, 0.0), (0, 3, 0.0)])
def test_a_plateau_is_that_of_torch(mode: Any, threshold_mode: Any, patience: int, cooldown: int, least: float) -> None:
    optimizer = _optimizer()
    scheduler = native.ReduceLROnPlateau(
        optimizer, mode, 0.3, patience, 0.05, threshold_mode, cooldown=cooldown, min_lr=RATE * least
    )
    schedule = obeying(
        ReduceOnPlateau(
            mode=mode,
            rate=0.3,
            patience=patience,
            threshold=0.05,
            threshold_is="relative" if threshold_mode == "rel" else "absolute",
            cooldown=cooldown,
            final=least,
        ),
        "torch",
    )
    standing, rates, natives = first_standing(schedule), [], []
    for value in [*uniform(3, f"{mode} {patience}", 60).tolist(), math.nan, 0.5]:
        scheduler.step(value)
        natives.append(optimizer.param_groups[0]["lr"])
        standing = after(standing, value, schedule, rate=RATE)
        rates.append(RATE * standing.factor)
    assert rates == pytest.approx(natives, rel=1e-13)
    assert len(set(rates)) > 3
