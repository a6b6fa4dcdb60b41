"""Drafts of what the host decides: schedules that restart, cycle and follow each other; initializers of every shape."""

from __future__ import annotations

from math import cos, pi, sqrt
from typing import Any

from chance import initial_laws
from documents import conv, dense, model, several
from mtlspec_conformance.draft import Document, Draft

SINCE = "0.3.0"
SGD: Document = {"kind": "sgd", "learning_rate": 0.1}


def _scheduled(id: str, why: str, schedule: Document, factors: list[float]) -> Draft:
    """Return a draft of six examples in batches of four: two steps per epoch."""
    spec = model(head=[dense(1)], optimizer=SGD, schedule=schedule, batch_size=4)
    rates = [0.1 * factor for factor in factors]
    return Draft(f"schedule/{id}", why, spec, rates=rates, rows=[[0, 1, 2, 3]] * 20, steps=True, since=SINCE)


def _cosine(share: float) -> float:
    return (1 + cos(pi * share)) / 2


def _line(first: float, last: float, steps: int) -> list[float]:
    return [first + (last - first) * k / steps for k in range(steps)]


def _curve(first: float, last: float, steps: int) -> list[float]:
    return [last + (first - last) * _cosine(k / steps) for k in range(steps)]


def _joined(*parts: list[float]) -> list[float]:
    return [number for part in parts for number in part]


THREE_PHASES = _joined(_line(0.1, 1, 2), _line(1, 0.1, 2), _line(0.1, 0.025, 4))
EPOCHS: Document = {"unit": "epoch", "warm_up": {"steps": 1, "start": 0.5}}
"""After one step at a half, two steps for each time."""

SCHEDULES = [
    _scheduled(
        "sequence",
        "Five schedules, each of which begins at its own zero.",
        {
            "kind": "sequence",
            "schedules": [
                {"kind": "linear", "length": 3},
                {"kind": "polynomial", "length": 4},
                {"kind": "inverse_time", "rate": 0.5},
                {"kind": "inverse_square_root", "timescale": 2},
                {"kind": "cosine_restarts", "length": 2, "growth": 2.0},
            ],
            "lengths": [4, 4, 4, 3],
        },
        _joined(
            [1, 2 / 3, 1 / 3, 0],
            [1, 0.75, 0.5, 0.25],
            [1, 1 / 1.5, 1 / 2, 1 / 2.5],
            [1, sqrt(2 / 3), sqrt(2 / 4)],
            [1, 0.5, 1, _cosine(1 / 4), 0.5],
        ),
    ),
    _scheduled(
        "sequence-by-epoch",
        "The same kinds by their other fields, in epochs, each with a warm-up of its own after the first one.",
        {
            "kind": "sequence",
            "schedules": [
                {"kind": "linear", "length": 2, "start": 0.5, "end": 1.5} | EPOCHS,
                {"kind": "polynomial", "length": 1, "power": 2.0, "final": 0.1, "cycle": True} | EPOCHS,
                {"kind": "inverse_time", "rate": 1.0, "every": 2, "staircase": True} | EPOCHS,
                {"kind": "inverse_square_root", "timescale": 3} | EPOCHS,
                {"kind": "cosine_restarts", "length": 1, "growth": 1.5, "decay": 0.5, "final": 0.1} | EPOCHS,
            ],
            "lengths": [2, 2, 2, 2],
            "unit": "epoch",
            "warm_up": {"steps": 2, "start": 0.25},
        },
        _joined(
            [0.25, 0.625],
            [0.5, 0.5, 0.5, 1.0],
            [0.5, 1.0, 1.0, 0.1],
            [0.5, 1.0, 1.0, 1.0],
            [0.5, 1.0, 1.0, sqrt(3 / 4)],
            [0.5, 1.0],
        ),
    ),
    _scheduled(
        "one-cycle",
        "Rises along a cosine, falls along another, and stays where it ends.",
        {"kind": "one_cycle", "length": 16, "rise": 0.375},
        _curve(1 / 25, 1, 5) + _curve(1, 1 / 25e4, 10) + [1 / 25e4] * 5,
    ),
    _scheduled(
        "one-cycle-of-three-phases",
        "Rises and falls along lines, and falls further, in epochs.",
        {
            "kind": "one_cycle",
            "length": 9,
            "rise": 1 / 3,
            "curve": "linear",
            "start_divisor": 10.0,
            "final_divisor": 4.0,
            "three_phases": True,
        }
        | EPOCHS,
        _joined([0.5], *([factor] * 2 for factor in THREE_PHASES), [0.025] * 3),
    ),
    _scheduled(
        "reduce-on-plateau",
        "What is reduced follows from epochs, which the host judges: a program is given rates.",
        {"kind": "reduce_on_plateau", "measure": "y/loss", "patience": 2, "warm_up": {"steps": 5, "start": 0.2}},
        _line(0.2, 1, 5) + [1.0] * 15,
    ),
]


def _wide(**initializer: Any) -> list[Any]:
    return [dense(128, kernel_initializer=initializer)]


def _scaled(scale: float, mode: str, distribution: str) -> list[Any]:
    return _wide(kind="variance_scaling", scale=scale, mode=mode, distribution=distribution)


LAWS = [
    initial_laws(
        "truncated-laws",
        "A normal law is cut at multiples of its deviation or at numbers, alike on both sides or not.",
        {
            "alike": _wide(kind="truncated_normal", standard_deviation=0.3),
            "lopsided": _wide(kind="truncated_normal", mean=0.1, standard_deviation=0.3, low=-1.0, high=1.5),
            "numbers": _wide(
                kind="truncated_normal", mean=0.1, standard_deviation=0.5, low=-0.5, high=0.7, bounds="absolute"
            ),
        },
        shape=[32],
        since=SINCE,
    ),
    initial_laws(
        "scaled-laws",
        "The variance is the scale by the fan in, the fan out or their mean, of each distribution.",
        {
            "by_in": _scaled(2.0, "fan_in", "truncated_normal"),
            "by_out": _scaled(1.0, "fan_out", "uniform"),
            "by_mean": _scaled(3.0, "fan_average", "untruncated_normal"),
        },
        shape=[32],
        since=SINCE,
    ),
    initial_laws(
        "orthogonal-kernels",
        "The last axis has the columns, whatever the rows are made of; the longer side has unit vectors.",
        {
            "images": [conv(5, [2, 3], kernel_initializer="orthogonal"), "global_average_pool"],
            "wide": ["flatten", dense(40, kernel_initializer={"kind": "orthogonal", "gain": 2.0})],
        },
        shape=[3, 3, 2],
        since=SINCE,
    ),
]

STORED = Draft(
    "initializer/scaled-cut-and-identical",
    "The initializers of the second suite that need no matrix factor, number by number.",
    several(
        tasks=[
            {"name": f"y{index}", "head": [dense(2, kernel_initializer=initializer)], "loss": "squared_error"}
            for index, initializer in enumerate(
                [
                    "identity",
                    {"kind": "identity", "gain": -2.0},
                    {"kind": "truncated_normal", "mean": 0.2, "standard_deviation": 0.1, "low": -0.5, "high": 1.0},
                    {"kind": "truncated_normal", "low": 0.1, "high": 0.3, "bounds": "absolute"},
                    {"kind": "variance_scaling", "scale": 2.0, "mode": "fan_out", "distribution": "uniform"},
                    {"kind": "variance_scaling", "mode": "fan_average", "distribution": "truncated_normal"},
                ]
            )
        ],
        seed=5,
    ),
    initial=True,
    since=SINCE,
)

HOST_DRAFTS = [*SCHEDULES, *LAWS, STORED]
