"""Prints the time of a training step by the rows of an embedding table whose untouched rows are skipped.

One table of 16 units, ids drawn evenly, a dense head, batch 32, float32: what a step costs should not grow with the
rows beyond what the memory's caches explain. Each framework runs in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time

import numpy as np
from rich.console import Console
from rich.table import Table

import mtlspec as mtl
from mtlspec.backend import Steps

BATCH, COUNT, ROUNDS, UNITS = 32, 128, 3, 16
ROWS = (10**4, 10**5, 10**6, 10**7)
OPTIMIZERS = ("sgd", "adagrad", "adam")
DOCUMENT = """
inputs:
  - {{name: word, shape: [4], dtype: integer}}
blocks:
  - name: trunk
    layers:
      - {{kind: embedding, rows: {rows}, units: {units}, untouched_rows: skip}}
      - flatten
tasks:
  - {{name: score, head: [{{kind: dense, units: 1}}], loss: squared_error}}
training: {{optimizer: {{kind: {optimizer}, learning_rate: 1.0e-3}}, precision: float32}}
"""


def microseconds(backend: str, optimizer: str, rows: int) -> float:
    """Return the best processor time, to which a busy machine adds little, of a step in a `train` call of `COUNT`."""
    spec = mtl.parse(DOCUMENT.format(rows=rows, units=UNITS, optimizer=optimizer))
    draw = np.random.default_rng(0)
    examples = BATCH * COUNT
    targets = {"score": draw.normal(size=(examples, 1))}
    data = mtl.dataset(spec, inputs={"word": draw.integers(0, rows, (examples, 4))}, targets=targets)
    program = mtl.compile(spec, backend=backend)
    source = program.place(data)
    steps = Steps(
        rows=np.arange(examples).reshape(COUNT, BATCH),
        learning_rates=np.full((COUNT, 1), 1e-3),
        weights=np.ones((COUNT, 1)),
        denominators=np.full((COUNT, 1), float(BATCH)),
    )
    program.train(source, steps)  # traces, and makes the slots
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.process_time()
        program.train(source, steps)
        best = min(best, (time.process_time() - began) / COUNT * 1e6)
    return best


def main() -> None:
    """Measure every optimizer at every number of rows, and print a table for each framework."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backends", nargs="+", default=["torch", "keras"], choices=["torch", "keras"])
    parser.add_argument("--rows", nargs="+", type=int, default=list(ROWS))
    parser.add_argument("--only", metavar="BACKEND", help="print the measurements of one backend as JSON")
    options = parser.parse_args()
    if options.only:
        found = {o: [microseconds(options.only, o, rows) for rows in options.rows] for o in OPTIMIZERS}
        sys.stdout.write(json.dumps(found))
        return
    for backend in options.backends:
        command = [sys.executable, __file__, "--only", backend, "--rows", *map(str, options.rows)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        Console().print(table(backend, options.rows, json.loads(done.stdout)))


def table(backend: str, rows: list[int], times: dict[str, list[float]]) -> Table:
    """Return the microseconds of a step by optimizer and rows."""
    title = f"{backend}: µs per step, skipped rows, batch {BATCH}, float32, one thread"
    found = Table("optimizer", *(f"{count:.0e} rows" for count in rows), title=title)
    for optimizer, own in times.items():
        found.add_row(optimizer, *(f"{value:.0f}" for value in own))
    return found


if __name__ == "__main__":
    main()
