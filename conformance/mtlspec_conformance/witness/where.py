"""Where a number stands: its level, what it is, of which tensor and task, in which batch, at which step."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

LEVELS = ("shape", "forward", "loss", "gradient", "step", "law", "trajectory")
"""The levels of a witness, in the order in which they see a mistake."""
SHAPE, ROLE = "shape", "role"
OUTPUT, PROBE_OUTPUT, LAYER_INPUT, LAYER_OUTPUT = "output", "output of the probe", "layer input", "layer output"
LOSS, GRADIENT, TOTAL, WEIGHT = "loss", "gradient", "gradient of the total", "weight"
UPDATE, STATISTIC, RATE, SET_RATE = "update", "statistic", "learning rate", "update at a set rate"
DIFFERENCES = (UPDATE, STATISTIC, SET_RATE)
"""What a tensor gained: after - before."""


@dataclass(frozen=True)
class Where:
    """The place of one recorded array. Batches are counted from 0, steps from 1."""

    level: str
    kind: str
    tensor: str = ""
    """A parameter's name, or a layer's."""
    task: str = ""
    batch: int | None = None
    step: int | None = None

    @property
    def family(self) -> tuple[Any, ...]:
        """What the numbers that set one scale have in common: tensors of one moment, losses of one task."""
        if self.tensor:
            return (self.level, self.kind, self.task, self.batch, self.step)
        return (self.level, self.kind, self.task)

    @property
    def moment(self) -> tuple[Any, ...]:
        """What the tensors of one measurement have in common."""
        return (self.level, self.kind, self.task, self.batch, self.step)

    def named(self, tensor: str) -> Where:
        """Return the same place of a tensor of another name."""
        return replace(self, tensor=tensor)

    def __str__(self) -> str:
        of = f" of {self.tensor}" if self.tensor else ""
        task = f", task {self.task}" if self.task else ""
        batch = f", batch {self.batch}" if self.batch is not None else ""
        step = f", step {self.step}" if self.step is not None else ""
        return f"{self.kind}{of}{task}{batch}{step}"
