"""Mutants of the optimizer alone: of its rate, its memory and its count, and of what decays."""

from __future__ import annotations

import numpy as np

from mtlspec.backend import Gradients, ProgramState, Slot, Statistics
from mtlspec.graph import Numbers
from mtlspec.spec import optimizers
from mtlspec.tensors import Array, Tensors, dense
from mtlspec_conformance.mutants.mutant import A_STEP_UPDATES_TOO, Mutant
from mtlspec_conformance.mutants.rewriting import every, negated
from mtlspec_conformance.mutants.updates import OtherUpdate
from mtlspec_conformance.wrapper import Wrapper


class _RateLate(OtherUpdate):
    last: float | None = None

    def rate(self, rate: float) -> float:
        used, self.last = self.last if self.last is not None else rate, rate
        return used


class _RateOfTheSpec(OtherUpdate):
    def rate(self, rate: float) -> float:
        return self.graph.phases[0].optimizer.learning_rate


class _RateInFloat32(OtherUpdate):
    def rate(self, rate: float) -> float:
        return float(np.float32(rate))


class _StateForgotten(OtherUpdate):
    def before(self, phase: int) -> None:
        slots = {slot: np.zeros_like(array) for slot, array in self.inner.state.slots.items()}
        self.inner.state = ProgramState(slots, self.inner.state.steps)


class _CountStuck(OtherUpdate):
    def before(self, phase: int) -> None:
        self.set_steps(to=lambda count: 0)


class _CountAhead(OtherUpdate):
    def before(self, phase: int) -> None:
        self.set_steps(to=lambda count: count + 1)

    def after(self, along: Gradients, statistics: Statistics, rate: float, phase: int) -> None:
        self.set_steps(to=lambda count: count - 1)


class _NoCorrection(OtherUpdate):
    """Makes the correction of the moments 1, as after a million steps."""

    def before(self, phase: int) -> None:
        self.set_steps(to=lambda count: count + 10**6)

    def after(self, along: Gradients, statistics: Statistics, rate: float, phase: int) -> None:
        self.set_steps(to=lambda count: count - 10**6)


class _Dampened(OtherUpdate):
    def direction(self, along: Gradients, phase: int) -> Gradients:
        return along if self.inner.state.steps[phase] == 0 else along.scaled(by=0.9)


class _DecayCoupled(OtherUpdate):
    """Adds the decay to the gradient; the program within has none."""

    def direction(self, along: Gradients, phase: int) -> Gradients:
        optimizer, held = self.graph.phases[phase].optimizer, self.inner.parameters
        decay = optimizer.weight_decay if isinstance(optimizer, optimizers.AdamW) else 0.0
        return Tensors({path: dense(gradient) + decay * held[path] for path, gradient in along.items()})


class _KernelsAloneDecay(OtherUpdate):
    """Undoes the decay of biases, as many recipes want it."""

    def before(self, phase: int) -> None:
        optimizer, held = self.graph.phases[phase].optimizer, self.inner.parameters
        decay = optimizer.weight_decay if isinstance(optimizer, optimizers.AdamW) else 0.0
        self.owed = {path: decay * held[path] for path in self.graph.trainable if path.endswith(".bias")}

    def after(self, along: Gradients, statistics: Statistics, rate: float, phase: int) -> None:
        held = self.inner.parameters
        self.inner.parameters = Tensors({path: held[path] + rate * owed for path, owed in self.owed.items()})


class _ZeroGradientSkipped(OtherUpdate):
    """Leaves parameters alone whose gradient is zero, as if they had none."""

    def before(self, phase: int) -> None:
        self.held, self.state_before = self.inner.parameters, self.inner.state

    def after(self, along: Gradients, statistics: Statistics, rate: float, phase: int) -> None:
        still = {path for path, gradient in along.items() if not np.any(dense(gradient))}
        state = self.inner.state
        slots = {s: self.state_before.slots[s] if s.path in still else array for s, array in state.slots.items()}
        self.inner.state = ProgramState(slots, state.steps)
        self.inner.parameters = Tensors({path: self.held[path] for path in still})


class _SlotsOfItsOwn(Wrapper):
    """Keeps slots that the program within does not have, so that only its arithmetic tells."""

    held: ProgramState | None = None

    def write_state(self, state: ProgramState) -> None:
        self.held = state
        own = self.inner.state.slots
        slots: dict[Slot, Array] = {slot: state.slots.get(slot, np.zeros_like(array)) for slot, array in own.items()}
        self.inner.state = ProgramState(slots, state.steps)

    def read_state(self) -> ProgramState:
        state = self.inner.state
        if self.held is None:
            return state
        slots = {slot: state.slots.get(slot, array) for slot, array in self.held.slots.items()}
        return ProgramState(slots, state.steps)


MOMENTUM = ("law/sgd-momentum-at-update",)
MOMENTS = (optimizers.Adam, optimizers.AdamW)

LAW_MUTANTS = (
    Mutant("rate-late", "Takes the rate of the step before.", "law", ("law/sgd",), program=_RateLate),
    Mutant("rate-of-the-spec", "Ignores the rate given.", "law", ("law/sgd",), program=_RateOfTheSpec),
    Mutant(
        "rate-in-float32",
        "Rounds the rate to float32.",
        "law",
        ("law/sgd",),
        program=_RateInFloat32,
        earlier=A_STEP_UPDATES_TOO,
    ),
    Mutant("state-forgotten", "Begins each step anew.", "law", MOMENTUM, program=_StateForgotten),
    Mutant("count-stuck", "Corrects every step as the first.", "law", ("law/adam",), program=_CountStuck),
    Mutant(
        "count-ahead",
        "Counts from 1 instead of 0.",
        "law",
        ("law/adam",),
        program=_CountAhead,
        earlier=A_STEP_UPDATES_TOO,
    ),
    Mutant(
        "no-correction",
        "Does not correct the moments.",
        "law",
        ("law/adam",),
        program=_NoCorrection,
        earlier=A_STEP_UPDATES_TOO,
    ),
    Mutant("dampened", "Dampens the gradient after the first step.", "law", MOMENTUM, program=_Dampened),
    Mutant(
        "zero-gradient-skipped",
        "Leaves a parameter alone whose gradient is zero.",
        "law",
        (*MOMENTUM, "law/adam"),
        program=_ZeroGradientSkipped,
    ),
    Mutant(
        "decay-coupled",
        "Adds the decay to the gradient.",
        "law",
        ("law/adamw-decay-by-learning-rate",),
        every(Numbers, decay=0.0),
        _DecayCoupled,
        earlier=A_STEP_UPDATES_TOO,
    ),
    Mutant(
        "kernels-alone-decay",
        "Leaves biases out of the decay.",
        "law",
        ("law/adamw-decay-by-learning-rate",),
        program=_KernelsAloneDecay,
        earlier=A_STEP_UPDATES_TOO,
    ),
    Mutant(
        "amsgrad-as-adam",
        "Forgets the maximum.",
        "law",
        ("law/amsgrad",),
        every(MOMENTS, amsgrad=negated),
        _SlotsOfItsOwn,
        earlier=A_STEP_UPDATES_TOO,
    ),
    Mutant(
        "adam-as-amsgrad",
        "Keeps a maximum unasked.",
        "law",
        ("law/adam-small-betas",),
        every(MOMENTS, amsgrad=negated),
        _SlotsOfItsOwn,
    ),
)
