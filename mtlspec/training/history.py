"""History: what happened in training, step by step and epoch by epoch."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mtlspec.errors import MtlspecError
from mtlspec.spec.metric import better_of
from mtlspec.spec.value import nearest

By = Literal["epoch", "step"]
Frames = Literal["pandas", "polars", "pyarrow"]


@dataclass(frozen=True)
class Epoch:
    """One whole epoch: losses over its examples, and what validation found after it.

    `epoch` counts from 1; `step` is the number of updates made by its end. `training` has the unweighted loss of each
    task, `task/loss`, as it was while the parameters moved; `validation` has what `evaluate` returns.
    """

    epoch: int
    step: int
    learning_rate: float
    training: Mapping[str, float]
    validation: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class History:
    """Arrays over steps, and a record of each epoch.

    losses [S, T] unweighted, penalties [S] (before each update), learning_rates [S, P] by phase, and denominators
    [S, T], 0 where a batch has no label of a task. `first_step` is the global step of the first row.
    """

    tasks: tuple[str, ...]
    first_step: int
    losses: NDArray[np.float64]
    penalties: NDArray[np.float64]
    learning_rates: NDArray[np.float64]
    denominators: NDArray[np.float64]
    epochs: tuple[Epoch, ...] = ()
    interrupted: bool = False
    """Whether training was stopped by the keyboard."""

    @classmethod
    def empty(cls, tasks: tuple[str, ...], *, phases: int, first_step: int = 0) -> History:
        """Return a history without steps."""
        of_tasks = np.zeros((0, len(tasks)))
        return cls(tasks, first_step, of_tasks, np.zeros(0), np.zeros((0, phases)), of_tasks)

    def __len__(self) -> int:
        return len(self.losses)

    @property
    def last_step(self) -> int:
        """The number of updates made by the end."""
        return self.first_step + len(self)

    def __add__(self, later: History) -> History:
        """Return both, one after the other.

        Raises:
            MtlspecError: `later` does not begin where this ends, or has other tasks.
        """
        if later.tasks != self.tasks:
            raise MtlspecError(f"expected a history of the tasks {self.tasks}, found {later.tasks}")
        if later.first_step != self.last_step:
            raise MtlspecError(f"expected a history from step {self.last_step} on, found one from {later.first_step}")
        return History(
            self.tasks,
            self.first_step,
            np.concatenate([self.losses, later.losses]),
            np.concatenate([self.penalties, later.penalties]),
            np.concatenate([self.learning_rates, later.learning_rates]),
            np.concatenate([self.denominators, later.denominators]),
            self.epochs + later.epochs,
            later.interrupted,
        )

    def mean_losses(self, *, start: int, stop: int) -> dict[str, float]:
        """Return by task the loss over all examples of the global steps `start` to before `stop`.

        Each batch counts by its denominator, so that a smaller last batch counts less; NaN where all of them are 0, as
        without labels unless the law divides by the batch.
        """
        part = slice(max(start - self.first_step, 0), max(stop - self.first_step, 0))
        sums = (self.losses[part] * self.denominators[part]).sum(axis=0)
        counts = self.denominators[part].sum(axis=0)
        return {
            task: float(total / count) if count > 0 else math.nan
            for task, total, count in zip(self.tasks, sums, counts, strict=True)
        }

    def with_epoch(self, epoch: Epoch) -> History:
        """Return this history with the record of one more epoch."""
        return replace(self, epochs=(*self.epochs, epoch))

    def best(self, measure: str, *, examples: Literal["validation", "training"] = "validation") -> Epoch:
        """Return the epoch with the best value of `task/loss` or `task/metric`, the first of them.

        Raises:
            MtlspecError: no epoch has a value of it.
        """
        parts = [(getattr(epoch, examples), epoch) for epoch in self.epochs]
        defined = [(found[measure], e) for found, e in parts if not math.isnan(found.get(measure, math.nan))]
        if not defined:
            names = dict.fromkeys(name for found, _ in parts for name in found)
            known = f"known: {', '.join(names)}" if names else "there are none"
            raise MtlspecError(f"no epoch has {measure!r} of the {examples} examples{nearest(measure, names)}; {known}")
        sign = 1 if better_of(measure) == "lower" else -1
        return min(defined, key=lambda pair: sign * pair[0])[1]

    def to_columns(self, *, by: By = "epoch") -> dict[str, list[Any]]:
        """Return columns: for each epoch `task/loss` and `validation/...`, or for each step `task/loss`."""
        if by == "step":
            steps = {"step": list(range(self.first_step + 1, self.last_step + 1))}
            rates = {"learning_rate": self.learning_rates[:, 0].tolist()}
            losses = {f"{task}/loss": self.losses[:, i].tolist() for i, task in enumerate(self.tasks)}
            return steps | rates | losses | {"penalty": self.penalties.tolist()}
        rows = self.to_rows(by="epoch")
        names = dict.fromkeys(name for row in rows for name in row)
        return {name: [row.get(name, math.nan) for row in rows] for name in names}

    def to_rows(self, *, by: By = "epoch") -> list[dict[str, Any]]:
        """Return one dictionary for each epoch or step."""
        if by == "step":
            columns = self.to_columns(by="step")
            return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        return [
            {"epoch": e.epoch, "step": e.step, "learning_rate": e.learning_rate}
            | dict(e.training)
            | {f"validation/{name}": value for name, value in e.validation.items()}
            for e in self.epochs
        ]

    def to_frame(self, backend: Frames = "pandas", *, by: By = "epoch") -> Any:
        """Return a data frame of the library `backend`."""
        from importlib import import_module

        try:
            library = import_module(backend)
        except ModuleNotFoundError:
            raise MtlspecError(f"{backend} is not installed; install it, or use `to_rows()`") from None
        columns = self.to_columns(by=by)
        return library.table(columns) if backend == "pyarrow" else library.DataFrame(columns)

    def to_json(self) -> str:
        """Return a JSON text from which `from_json` makes the same history; NaN becomes null."""
        content = {
            "tasks": self.tasks,
            "first_step": self.first_step,
            "losses": self.losses.tolist(),
            "penalties": self.penalties.tolist(),
            "learning_rates": self.learning_rates.tolist(),
            "denominators": self.denominators.tolist(),
            "epochs": [
                {
                    "epoch": e.epoch,
                    "step": e.step,
                    "learning_rate": e.learning_rate,
                    "training": {name: _or_none(value) for name, value in e.training.items()},
                    "validation": {name: _or_none(value) for name, value in e.validation.items()},
                }
                for e in self.epochs
            ],
            "interrupted": self.interrupted,
        }
        return json.dumps(content, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> History:
        """Return the history that `to_json` wrote."""
        content = json.loads(text)
        tasks = tuple(content["tasks"])
        size, phases = len(content["losses"]), len(next(iter(content["learning_rates"]), [0]))
        return cls(
            tasks=tasks,
            first_step=content["first_step"],
            losses=np.array(content["losses"], dtype=np.float64).reshape(size, len(tasks)),
            penalties=np.array(content["penalties"], dtype=np.float64),
            learning_rates=np.array(content["learning_rates"], dtype=np.float64).reshape(size, phases),
            denominators=np.array(content["denominators"], dtype=np.float64).reshape(size, len(tasks)),
            epochs=tuple(_epoch(record) for record in content["epochs"]),
            interrupted=content["interrupted"],
        )


def _epoch(record: dict[str, Any]) -> Epoch:
    training, validation = (
        {name: math.nan if value is None else value for name, value in record[part].items()}
        for part in ("training", "validation")
    )
    return Epoch(record["epoch"], record["step"], record["learning_rate"], training, validation)


def _or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None
