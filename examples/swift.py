"""The Swift example as a loop: a value with its gradient, an update along it, and the total loss of each epoch."""

from __future__ import annotations

import sys
from pathlib import Path

import mtlspec as mtl


def main(backend: str) -> None:
    """Train swift.yaml in a backend and print the mean total loss of each epoch."""
    spec = mtl.load(Path(__file__).with_name("swift.yaml"))
    data = mtl.read(spec).training
    program = mtl.compile(spec, backend=backend)
    rate = spec.training.optimizer.learning_rate
    for epoch in range(spec.training.epochs):
        total, steps = 0.0, 0
        for batch in mtl.batches(spec, data, epoch=epoch):
            value, gradient, statistics = program.value_with_gradient(on=batch, weights=spec.weights)
            program.update(along=gradient, statistics=statistics, learning_rate=rate)
            total += sum(value.losses.values())
            steps += 1
        print(f"Epoch {epoch + 1}: loss {total / steps:.6f}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "torch")
