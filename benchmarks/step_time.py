"""Prints time per training step of our programs, as ratios against hand-written native programs in the same run.

Two models: `small` (50 features, dense 64, heads of 10 and 1, batch 32) and `digits` (the convolutional example).
Each framework runs in a process of its own; within it all programs take turns, and the best round of each counts.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

import mtlspec as mtl
from mtlspec.backend import Steps

BATCH = 32
ROUNDS = 5
EXAMPLES = Path(__file__).parents[1] / "examples"
SMALL = """
inputs:
  - {name: x, shape: [50]}
blocks:
  - {name: trunk, layers: [{kind: dense, units: 64, activation: relu}]}
tasks:
  - {name: digit, head: [{kind: dense, units: 10}], loss: softmax_cross_entropy}
  - {name: slant, head: [{kind: dense, units: 1}], loss: squared_error}
training: {optimizer: {kind: adam, learning_rate: 1e-3}}
"""

Program = Callable[[], int]
"""Trains for some steps and returns how many."""


def arrays(model: str) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return inputs and targets of a model: random ones for `small`, the digits otherwise."""
    draw = np.random.default_rng(0)
    if model == "small":
        x = draw.normal(size=(6400, 50)).astype("float32")
        return x, {"digit": draw.integers(0, 10, 6400), "slant": draw.normal(size=(6400, 1)).astype("float32")}
    rows = np.loadtxt(EXAMPLES / "digits.csv.gz", delimiter=",", skiprows=1, dtype="float32")[:1792]
    images = rows[:, :64].reshape(-1, 8, 8, 1)
    images = (images - images.mean()) / images.std()
    return images, {"digit": rows[:, 64].astype("int64"), "loop": rows[:, 65:66], "slant": rows[:, 66:67]}


def ours(model: str, backend: str) -> Program:
    """Return our program: one `train` call for a whole epoch."""
    spec = mtl.parse(SMALL) if model == "small" else mtl.load(EXAMPLES / "digits.yaml")
    x, targets = arrays(model)
    data = mtl.dataset(spec, inputs={spec.inputs[0].name: x}, targets=targets)
    program = mtl.compile(spec, backend=backend, precision="float32")
    source = program.place(data)
    count = len(x) // BATCH
    steps = Steps(
        rows=np.random.default_rng(1).permutation(len(x)).reshape(count, BATCH),
        learning_rates=np.full((count, 1), 1e-3),
        weights=np.ones((count, len(spec.tasks))),
        denominators=np.full((count, len(spec.tasks)), float(BATCH)),
    )

    def run() -> int:
        program.train(source, steps)
        return count

    return run


def measure(programs: dict[str, Program]) -> dict[str, float]:
    """Return the best microseconds per step of each program; they take turns."""
    best = dict.fromkeys(programs, float("inf"))
    for program in programs.values():
        program()  # traces and compiles
    for _ in range(ROUNDS):
        for name, program in programs.items():
            began = time.perf_counter()
            steps = program()
            best[name] = min(best[name], (time.perf_counter() - began) / steps * 1e6)
    return best


def of(framework: str, model: str) -> dict[str, float]:
    """Return the microseconds per step of every program of one framework."""
    if framework == "torch":
        import torch_by_hand as by_hand
    else:
        import tensorflow_by_hand as by_hand  # type: ignore[no-redef]
    x, targets = arrays(model)
    return measure({f"mtlspec ({framework})": ours(model, framework), **by_hand.programs(model, x, targets, BATCH)})


def main() -> None:
    """Run every framework and model in a process of its own and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="+", default=["small", "digits"], choices=["small", "digits"])
    parser.add_argument("--only", nargs=2, metavar=("FRAMEWORK", "MODEL"), help="print one measurement as JSON")
    options = parser.parse_args()
    if options.only:
        sys.stdout.write(json.dumps(of(*options.only)))
        return
    for model in options.models:
        for framework in ("torch", "keras"):
            command = [sys.executable, __file__, "--only", framework, model]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            times = json.loads(done.stdout)
            Console().print(table(model, times))


def table(model: str, times: dict[str, float]) -> Table:
    """Return the times of one model in one framework, as ratios of the first, which is ours."""
    base = next(iter(times.values()))
    found = Table("program", "µs per step", "of ours", title=f"{model}, batch {BATCH}, float32, one thread")
    for name, value in times.items():
        found.add_row(name, f"{value:.0f}", f"{value / base:.2f}")
    return found


if __name__ == "__main__":
    main()
