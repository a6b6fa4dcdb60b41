"""What every schedule has: a unit of time, a warm-up, and a factor for the learning rate at each step."""

from __future__ import annotations

import math
from typing import ClassVar, Literal

from pydantic import Field

from mtlspec.spec.kind import Kind
from mtlspec.spec.value import Value


class WarmUp(Value):
    """start + (1 - start)·t / steps for t < steps; then the schedule begins at its own 0."""

    steps: int = Field(gt=0)
    start: float = Field(default=0.0, ge=0, le=1)


class Schedule(Kind):
    """factor(t), t = 0 for the first update, counted in steps or in whole epochs."""

    family: ClassVar[str] = "schedule"
    unit: Literal["step", "epoch"] = "step"
    warm_up: WarmUp | None = None

    def factor(self, step: int, *, steps_per_epoch: int) -> float:
        """Return the factor of the learning rate at update `step`."""
        if self.warm_up is not None:
            if step < self.warm_up.steps:
                start = self.warm_up.start
                return start + (1 - start) * step / self.warm_up.steps
            step -= self.warm_up.steps
        return self.at_step(step, steps_per_epoch=steps_per_epoch)

    def at_step(self, step: int, *, steps_per_epoch: int) -> float:
        """Return the factor at update `step` after the warm-up."""
        return self.after_warm_up(step if self.unit == "step" else step // steps_per_epoch)

    def after_warm_up(self, t: int) -> float:
        """Return the factor at time `t` after the warm-up."""
        raise NotImplementedError


def power(rate: float, exponent: float) -> float:
    """Return rate^exponent; infinite where Python would raise, so that training reports the loss that follows."""
    try:
        return float(rate**exponent)
    except OverflowError:
        return math.inf


def half_cosine(share: float) -> float:
    """Return (1 + cos(π·share)) / 2, which falls from 1 to 0."""
    return 0.5 * (1 + math.cos(math.pi * share))
