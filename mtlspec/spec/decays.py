"""Decays: schedules that fall, or rise and fall, along a formula of time alone."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import Field

from mtlspec.spec.law import law
from mtlspec.spec.schedule import Schedule, half_cosine, power
from mtlspec.spec.value import problem, raise_problems


class LinearDecay(Schedule):
    """start + (end - start)·min(t, length) / length.

    PyTorch's `LinearLR` with `start_factor` and `end_factor`; Keras's `PolynomialDecay` of power 1.
    """

    kind: Literal["linear"] = "linear"
    length: int = Field(gt=0)
    start: float = Field(default=1.0, ge=0)
    end: float = Field(default=0.0, ge=0)

    def after_warm_up(self, t: int) -> float:
        return self.start + (self.end - self.start) * min(t, self.length) / self.length


class Polynomial(Schedule):
    """final + (1 - final)·(1 - min(t, T) / T)^power, T = length.

    With `cycle` T is the least multiple of length that t has not passed, so that the rate rises anew after each.
    Keras's `PolynomialDecay` has all fields, PyTorch's `PolynomialLR` neither `final` nor `cycle`. The default power
    is theirs.
    """

    kind: Literal["polynomial"] = "polynomial"
    length: int = Field(gt=0)
    power: float = Field(default=1.0, gt=0)
    final: float = Field(default=0.0, ge=0, le=1)
    cycle: bool = False

    def after_warm_up(self, t: int) -> float:
        length = self.length * max(1, -(-t // self.length)) if self.cycle else self.length
        return self.final + (1 - self.final) * power(1 - min(t, length) / length, self.power)


class InverseTime(Schedule):
    """1 / (1 + rate·t / every); with `staircase` t / every is rounded down (Robbins and Monro 1951, section 2)."""

    kind: Literal["inverse_time"] = "inverse_time"
    rate: float = Field(gt=0)
    every: int = Field(default=1, gt=0)
    staircase: bool = False

    def after_warm_up(self, t: int) -> float:
        spans = t // self.every if self.staircase else t / self.every
        return 1 / (1 + self.rate * spans)


class InverseSquareRoot(Schedule):
    """sqrt(timescale / (timescale + t)).

    After a warm-up of n steps, `timescale: n` goes on as n steps of 1 / sqrt(t) would. The schedule of Vaswani et al.
    (2017, equation 3), whose steps count from 1, has `timescale: n, warm_up: {steps: n - 1, start: 1 / n}`; their n is
    4000, and its peak is where the factor is 1.
    """

    kind: Literal["inverse_square_root"] = "inverse_square_root"
    timescale: int = Field(default=4000, gt=0)

    def after_warm_up(self, t: int) -> float:
        return math.sqrt(self.timescale / (self.timescale + t))


class CosineRestarts(Schedule):
    """final + (1 - final)·decay^i·(1 + cos(π·(t - t_i) / T_i)) / 2, in cycle i of length T_i = length·growth^i.

    Loshchilov and Hutter (2017, equation 5): T_0 is `length`, T_mult is `growth`, and t_i is where cycle i begins, a
    cosine at its height. Keras's `CosineDecayRestarts` calls them `first_decay_steps`, `t_mul`, `m_mul` and `alpha`;
    PyTorch's `CosineAnnealingWarmRestarts` has `T_0`, `T_mult` (a whole number) and `eta_min`, and no `decay`.
    """

    kind: Literal["cosine_restarts"] = "cosine_restarts"
    length: int = Field(gt=0)
    growth: float = law(published=2.0, keras=2.0, torch=1.0, ge=1)
    """By what each cycle is longer than the one before; 2 in section 4.1 of the paper."""
    decay: float = Field(default=1.0, gt=0, le=1)
    """By what the height of each cycle is that of the one before."""
    final: float = Field(default=0.0, ge=0, le=1)

    def after_warm_up(self, t: int) -> float:
        if self.growth == 1:
            return self._at(t // self.length, t % self.length / self.length)
        cycle = 0
        since, span = float(t), float(self.length)
        while since >= span:
            since -= span
            span *= self.growth
            cycle += 1
        return self._at(cycle, since / span)

    def _at(self, cycle: int, share: float) -> float:
        return self.final + (1 - self.final) * power(self.decay, cycle) * half_cosine(share)


class OneCycle(Schedule):
    """From 1 / start_divisor up to 1, then down to 1 / (start_divisor·final_divisor) (Smith and Topin 2018).

    PyTorch's `OneCycleLR`, whose `max_lr` is the optimizer's rate here: `length` is `total_steps`, `rise` is
    `pct_start`, the divisors are `div_factor` and `final_div_factor`, and the defaults are its own. It rises until
    t = rise·length - 1 and falls until t = length - 1; with `three_phases` it falls as long as it rose, to where it
    began, and only then further. It stays there afterwards, where PyTorch raises. Keras has none. The cycling of the
    momentum, which PyTorch does unless `cycle_momentum=False`, is left out: a schedule is of the learning rate.
    """

    kind: Literal["one_cycle"] = "one_cycle"
    length: int = Field(gt=1)
    rise: float = Field(default=0.3, gt=0, lt=1)
    curve: Literal["cosine", "linear"] = "cosine"
    start_divisor: float = Field(default=25.0, ge=1)
    final_divisor: float = Field(default=1e4, ge=1)
    three_phases: bool = False

    def model_post_init(self, context: object) -> None:
        """Refuse a rise that takes no time, or leaves none to fall."""
        ends = self._turns()
        if not all(first < last for first, last in zip((0.0, *ends), ends, strict=False)):
            wanted = "between 1 and half of it" if self.three_phases else "more than 1"
            message = f"expected a rise of {wanted} of the length {self.length}, found {self.rise * self.length:g}"
            raise_problems("OneCycle", [problem(f"{message}; change `rise` or `length`", ("rise",), self.rise)])

    def _turns(self) -> tuple[float, ...]:
        """Return the times at which a phase ends."""
        risen = self.rise * self.length
        return (risen - 1, *((2 * risen - 2,) if self.three_phases else ()), self.length - 1.0)

    def after_warm_up(self, t: int) -> float:
        start = 1 / self.start_divisor
        heights: tuple[float, ...] = (start, 1.0, *((start,) if self.three_phases else ()), start / self.final_divisor)
        begun = 0.0
        for index, end in enumerate(self._turns()):
            if t <= end:
                return self._between(heights[index], heights[index + 1], (t - begun) / (end - begun))
            begun = end
        return heights[-1]

    def _between(self, first: float, last: float, share: float) -> float:
        if self.curve == "linear":
            return first + (last - first) * share
        return last + (first - last) * half_cosine(share)
