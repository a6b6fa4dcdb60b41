"""Schedules: a factor for the learning rate at each step, computed on the host for every backend alike."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from mtlspec.spec.kind import Kind
from mtlspec.spec.law import law
from mtlspec.spec.value import Value, problem, raise_problems


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
        return self.after_warm_up(step if self.unit == "step" else step // steps_per_epoch)

    def after_warm_up(self, t: int) -> float:
        """Return the factor at time `t` after the warm-up."""
        raise NotImplementedError


class ConstantRate(Schedule):
    """1."""

    kind: Literal["constant"] = "constant"

    def after_warm_up(self, t: int) -> float:
        return 1.0


class Step(Schedule):
    """rate^floor(t / every)."""

    kind: Literal["step"] = "step"
    every: int = Field(gt=0)
    rate: float = Field(gt=0)

    def after_warm_up(self, t: int) -> float:
        return _power(self.rate, t // self.every)


class Exponential(Schedule):
    """rate^(t / every)."""

    kind: Literal["exponential"] = "exponential"
    every: int = Field(default=1, gt=0)
    rate: float = Field(gt=0)

    def after_warm_up(self, t: int) -> float:
        return _power(self.rate, t / self.every)


def _power(rate: float, exponent: float) -> float:
    """Return rate^exponent; infinite where Python would raise, so that training reports the loss that follows."""
    try:
        return float(rate**exponent)
    except OverflowError:
        return math.inf


class Cosine(Schedule):
    """final + (1 - final)·(1 + cos(π·min(t, length) / length)) / 2 (Loshchilov and Hutter 2017, equation 5).

    It stays at `final` afterwards, as in Keras; PyTorch's rises again.
    """

    kind: Literal["cosine"] = "cosine"
    length: int = Field(gt=0)
    final: float = Field(default=0.0, ge=0, le=1)

    def after_warm_up(self, t: int) -> float:
        if t >= self.length:
            return self.final
        return self.final + (1 - self.final) * 0.5 * (1 + math.cos(math.pi * t / self.length))


class Piecewise(Schedule):
    """factors[i], i the number of boundaries passed."""

    kind: Literal["piecewise"] = "piecewise"
    boundaries: tuple[Annotated[int, Field(ge=0)], ...] = Field(min_length=1)
    factors: tuple[Annotated[float, Field(ge=0)], ...]
    boundary: Literal["starts_new", "ends_old"] = law(published="starts_new", keras="ends_old", torch="starts_new")
    """Whether the update at t = boundary already has the new factor (PyTorch) or still the old one (Keras)."""

    def model_post_init(self, context: object) -> None:
        """Refuse boundaries that do not rise, and a wrong number of factors."""
        problems = []
        if list(self.boundaries) != sorted(set(self.boundaries)):
            problems.append(problem("boundaries must rise", ("boundaries",), self.boundaries))
        if len(self.factors) != len(self.boundaries) + 1:
            message = f"expected {len(self.boundaries) + 1} factors, one more than boundaries"
            problems.append(problem(f"{message}, found {len(self.factors)}", ("factors",), self.factors))
        raise_problems("Piecewise", problems)

    def after_warm_up(self, t: int) -> float:
        passed = sum(b <= t if self.boundary == "starts_new" else b < t for b in self.boundaries)
        return self.factors[passed]


Schedule.admit(ConstantRate, Step, Exponential, Cosine, Piecewise)
