"""Draws figures/port.svg: per-task losses of a port by hand, and of one document in both frameworks."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

import mtlspec as mtl
from mtlspec.graph import initial_parameters

HERE = Path(__file__).parent
STEPS = 150
TASKS = ("digit", "loop", "slant")


def batches(spec: mtl.Spec, data: mtl.Dataset) -> list[dict[str, np.ndarray]]:
    """Return the batches of the first steps as a user of either framework holds them, in float32."""
    found: list[dict[str, np.ndarray]] = []
    epoch = 0
    while len(found) < STEPS:
        for batch in mtl.batches(spec, data, epoch=epoch):
            floats = {name: np.asarray(batch.targets[name], dtype="float32") for name in ("loop", "slant")}
            image = np.asarray(batch.inputs["image"], dtype="float32")
            found.append({"image": image, "digit": batch.targets["digit"], **floats})
        epoch += 1
    return found[:STEPS]


def worker(program: str, framework: str) -> list[list[float]]:
    """Return the losses of one program, in a process that has imported one framework."""
    spec = mtl.load(HERE / "port.yaml")
    data = mtl.read(spec, directory=HERE).training
    if program == "document":
        compiled = mtl.compile(spec, backend=framework, precision="float32")
        losses: list[list[float]] = mtl.train(compiled, data, steps=STEPS, progress=False).losses.tolist()
        return losses
    if framework == "keras":
        import port_keras as port
    else:
        import port_torch as port  # type: ignore[no-redef]
    start = {path: np.asarray(value, dtype="float32") for path, value in initial_parameters(mtl.lower(spec)).items()}
    return port.losses(start, batches(spec, data))


def losses(program: str, framework: str) -> np.ndarray:
    """Return what `worker` returns, from a process of its own."""
    command = [sys.executable, __file__, program, framework]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return np.array(json.loads(done.stdout.splitlines()[-1]))


def draw(curves: dict[tuple[str, str], np.ndarray]) -> None:
    """Write the picture: a row for each way, a column for each task."""
    import matplotlib.pyplot as plt

    plt.rcParams["svg.hashsalt"] = "mtlspec"
    figure, axes = plt.subplots(2, 3, figsize=(10, 5), sharex=True, sharey="col", layout="constrained")
    rows = (("port", "a port by hand"), ("document", "one document"))
    for row, (program, title) in zip(axes, rows, strict=True):
        keras, torch = curves[program, "keras"], curves[program, "torch"]
        for column, (axis, task) in enumerate(zip(row, TASKS, strict=True)):
            axis.plot(keras[:, column], color="#d00000", linewidth=2.2, label="Keras")
            axis.plot(torch[:, column], color="#1d4ed8", linewidth=1.0, label="PyTorch")
            scale = np.maximum(np.abs(keras[:, column]), np.abs(torch[:, column]))
            gap = (np.abs(keras - torch)[:, column] / scale).max()
            percent = f"{gap:.0%}" if gap > 0.01 else f"{gap:.0e}"
            axis.set_title(f"{title}: {task}\nlargest difference {percent}", fontsize=9)
            axis.set_yscale("log")
    axes[0, 0].legend(fontsize=8)
    for axis in axes[1]:
        axis.set_xlabel("step")
    for axis in axes[:, 0]:
        axis.set_ylabel("training loss")
    figure.savefig(HERE / "figures" / "port.svg", metadata={"Date": None})


def main(arguments: list[str]) -> Any:
    """Draw the picture, or with two arguments print the losses of one program."""
    if arguments:
        return sys.stdout.write(json.dumps(worker(*arguments)) + "\n")
    ways = [(program, framework) for program in ("port", "document") for framework in ("keras", "torch")]
    return draw({way: losses(*way) for way in ways})


if __name__ == "__main__":
    main(sys.argv[1:])
