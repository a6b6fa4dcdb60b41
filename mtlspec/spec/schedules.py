"""Schedules: a factor for the learning rate at each step, computed on the host for every backend alike."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from pydantic_core import InitErrorDetails

from mtlspec.spec.decays import CosineRestarts, InverseSquareRoot, InverseTime, LinearDecay, OneCycle, Polynomial
from mtlspec.spec.law import law
from mtlspec.spec.plateau import ReduceOnPlateau as ReduceOnPlateau
from mtlspec.spec.schedule import Schedule as Schedule
from mtlspec.spec.schedule import WarmUp as WarmUp
from mtlspec.spec.schedule import half_cosine, power
from mtlspec.spec.value import Location, problem, raise_problems


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
        return power(self.rate, t // self.every)


class Exponential(Schedule):
    """rate^(t / every)."""

    kind: Literal["exponential"] = "exponential"
    every: int = Field(default=1, gt=0)
    rate: float = Field(gt=0)

    def after_warm_up(self, t: int) -> float:
        return power(self.rate, t / self.every)


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
        return self.final + (1 - self.final) * half_cosine(t / self.length)


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


class Sequence(Schedule):
    """schedules[i](t - t_i), one after the other, t_i the sum of the lengths before i; the last one has no end.

    Each counts from 0 when its turn comes, with its own unit and warm-up; lengths are in the unit of the sequence.
    PyTorch's `SequentialLR`, whose milestones are the t_i.
    """

    kind: Literal["sequence"] = "sequence"
    schedules: tuple[Schedule, ...] = Field(min_length=2)
    lengths: tuple[Annotated[int, Field(gt=0)], ...]

    def model_post_init(self, context: object) -> None:
        """Refuse a wrong number of lengths, and a schedule that listens to measures."""
        problems = [*_length_problems(self)]
        for index, part in enumerate(self.schedules):
            if part.kind == "reduce_on_plateau":
                place: Location = ("schedules", index)
                problems.append(problem("reduce_on_plateau is no part of a sequence; let it be the schedule", place))
        raise_problems("Sequence", problems)

    def at_step(self, step: int, *, steps_per_epoch: int) -> float:
        """Return the factor that the schedule whose turn it is gives."""
        unit = steps_per_epoch if self.unit == "epoch" else 1
        for part, length in zip(self.schedules, self.lengths, strict=False):
            if step < length * unit:
                return part.factor(step, steps_per_epoch=steps_per_epoch)
            step -= length * unit
        return self.schedules[-1].factor(step, steps_per_epoch=steps_per_epoch)


def _length_problems(sequence: Sequence) -> list[InitErrorDetails]:
    wanted, found = len(sequence.schedules) - 1, len(sequence.lengths)
    if wanted == found:
        return []
    message = f"expected {wanted} lengths, one for each schedule but the last, found {found}"
    return [problem(message, ("lengths",), sequence.lengths)]


Schedule.admit(ConstantRate, Step, Exponential, Cosine, Piecewise)
Schedule.admit(LinearDecay, Polynomial, InverseTime, InverseSquareRoot, CosineRestarts, OneCycle, Sequence)
Schedule.admit(ReduceOnPlateau)
