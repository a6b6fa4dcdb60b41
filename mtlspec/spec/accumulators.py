"""Optimizers of accumulated squares: Adagrad, RMSprop and Adadelta, which divide a gradient by its usual size."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from mtlspec.spec.law import law
from mtlspec.spec.optimizer import Optimizer
from mtlspec.spec.signature import Sizes
from mtlspec.spec.slots import SlotRule, like_parameter


class Adagrad(Optimizer):
    """a += g²; w -= r·g / (sqrt(a) + ε) (Duchi et al. 2011, figure 1: H = δ·I + diag(s))."""

    kind: Literal["adagrad"] = "adagrad"
    learning_rate: float = law(published=0.01, keras=0.001, torch=0.01, gt=0)
    initial_accumulator: float = law(published=0.0, keras=0.1, torch=0.0, ge=0)
    """What a is before the first update."""
    epsilon: float = law(published=1e-8, keras=1e-7, torch=1e-10, gt=0)
    """The paper leaves δ open."""
    epsilon_placement: Literal["outside_root", "inside_root"] = law(
        published="outside_root", keras="inside_root", torch="outside_root"
    )
    """`inside_root`: w -= r·g / sqrt(a + ε)."""

    def slots(self, shape: Sizes) -> tuple[SlotRule, ...]:
        return like_parameter(shape, "squares", initial=self.initial_accumulator)


class Rmsprop(Optimizer):
    """v = ρ·v + (1-ρ)·g²; w -= r·g / sqrt(v + ε) (Hinton 2012, lecture 6e; epsilon as in Graves 2013, equation 40).

    `centered`: a = ρ·a + (1-ρ)·g, and max(v - a², 0) takes the place of v (Graves 2013; the maximum for rounding).
    With `momentum` and s = g / sqrt(v + ε): b = momentum·b + r·s; w -= b (`into_velocity`, Graves 2013, equation 41),
    or b = momentum·b + s; w -= r·b (`at_update`).
    """

    kind: Literal["rmsprop"] = "rmsprop"
    learning_rate: float = law(published=0.001, keras=0.001, torch=0.01, gt=0)
    rho: float = law(published=0.9, keras=0.9, torch=0.99, ge=0, lt=1)
    momentum: float = Field(default=0.0, ge=0, lt=1)
    centered: bool = False
    epsilon: float = law(published=1e-4, keras=1e-7, torch=1e-8, gt=0)
    epsilon_placement: Literal["inside_root", "outside_root"] = law(
        published="inside_root", keras="inside_root", torch="outside_root"
    )
    """`outside_root`: g / (sqrt(v) + ε)."""
    rate_applied: Literal["into_velocity", "at_update"] = law(
        published="into_velocity", keras="into_velocity", torch="at_update"
    )
    """The two forms part as soon as the rate changes; without momentum they are one."""

    def slots(self, shape: Sizes) -> tuple[SlotRule, ...]:
        centered = ("first_moment",) if self.centered else ()
        return like_parameter(shape, "second_moment", *centered, *(("velocity",) if self.momentum else ()))


class Adadelta(Optimizer):
    """v = ρ·v + (1-ρ)·g²; δ = sqrt(d + ε) / sqrt(v + ε) · g; d = ρ·d + (1-ρ)·δ²; w -= r·δ.

    Zeiler 2012, algorithm 1.
    """

    kind: Literal["adadelta"] = "adadelta"
    learning_rate: float = law(published=1.0, keras=0.001, torch=1.0, gt=0)
    """The paper has none, which is 1."""
    rho: float = law(published=0.95, keras=0.95, torch=0.9, ge=0, lt=1)
    epsilon: float = law(published=1e-6, keras=1e-7, torch=1e-6, gt=0)

    def slots(self, shape: Sizes) -> tuple[SlotRule, ...]:
        return like_parameter(shape, "second_moment", "squared_steps")
