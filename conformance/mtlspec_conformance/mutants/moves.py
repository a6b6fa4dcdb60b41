"""Mutants of what moves between backends."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mtlspec.backend import ProgramState
from mtlspec.tensors import Array, Tensors
from mtlspec_conformance.mutants.layouts import OtherLayout
from mtlspec_conformance.mutants.mutant import Mutant
from mtlspec_conformance.wrapper import Wrapper


class _OtherState(Wrapper):
    """Loads another state than it is given; one that has not moved it loads as it is."""

    def slot(self, array: Array) -> Array:
        return array

    def count(self, count: int) -> int:
        return count

    def write_state(self, state: ProgramState) -> None:
        slots = {slot: self.slot(np.asarray(array)) for slot, array in state.slots.items()}
        self.inner.state = ProgramState(slots, tuple(map(self.count, state.steps)))


class _SlotsNotTaken(_OtherState):
    def slot(self, array: Array) -> Array:
        return np.zeros_like(array)


class _SlotsRounded(_OtherState):
    def slot(self, array: Array) -> Array:
        return array.astype(np.float32).astype(array.dtype)


class _CountNotTaken(_OtherState):
    def count(self, count: int) -> int:
        return 0


class _CountLate(_OtherState):
    def count(self, count: int) -> int:
        return max(count - 1, 0)


class _SlotsNotGiven(Wrapper):
    def read_state(self) -> ProgramState:
        state = self.inner.state
        return ProgramState({slot: np.zeros_like(array) for slot, array in state.slots.items()}, state.steps)


class _CountNotGiven(Wrapper):
    def read_state(self) -> ProgramState:
        return ProgramState(self.inner.state.slots, tuple(0 for _ in self.inner.state.steps))


class _VelocityUphill(Wrapper):
    """Counts the velocity the other way, in and out."""

    def read_state(self) -> ProgramState:
        return self._turned(self.inner.state)

    def write_state(self, state: ProgramState) -> None:
        self.inner.state = self._turned(state)

    def _turned(self, state: ProgramState) -> ProgramState:
        slots = {slot: -array if slot.name == "velocity" else array for slot, array in state.slots.items()}
        return ProgramState(slots, state.steps)


class _PhasesSwapped(Wrapper):
    """Gives the slots that two phases have of one parameter to each other, in and out."""

    def read_state(self) -> ProgramState:
        return self._swapped(self.inner.state)

    def write_state(self, state: ProgramState) -> None:
        self.inner.state = self._swapped(state)

    def _swapped(self, state: ProgramState) -> ProgramState:
        slots = {slot: state.slots.get(slot._replace(phase=1 - slot.phase), a) for slot, a in state.slots.items()}
        return ProgramState(slots, state.steps)


class _StatisticsNotTaken(Wrapper):
    def write_parameters(self, values: Mapping[str, Array]) -> None:
        by_path = self.graph.by_path
        self.inner.parameters = Tensors({p: a for p, a in values.items() if by_path[p].role != "statistic"})


class _NamesSwapped(OtherLayout):
    """Loads two parameters of the same shape under each other's names."""

    def write_parameters(self, values: Mapping[str, Array]) -> None:
        turned = dict(values)
        paths = [path for path in values if path.endswith(".kernel")][-2:]
        if len(paths) == 2 and values[paths[0]].shape == values[paths[1]].shape:
            turned |= {paths[0]: values[paths[1]], paths[1]: values[paths[0]]}
        self.inner.parameters = Tensors(turned)

    def outward(self, path: str, array: Array) -> Array:
        return array


class _RoundedOnTheWay(OtherLayout):
    def inward(self, path: str, array: Array) -> Array:
        return array.astype(np.float32).astype(array.dtype)

    def outward(self, path: str, array: Array) -> Array:
        return array


SLOTS_ARE_READ = "Slots and counts are read after every update; the interchange tells that they cannot move."
VALUES_ARE_LOADED = "Every level begins with values that are loaded; the interchange tells that they cannot move."
TRAIN = ("layer/dense",)
MOMENTUM = ("law/sgd-momentum-at-update",)

INTERCHANGE_MUTANTS = (
    Mutant("slots-not-taken", "Does not load slots.", "interchange", MOMENTUM, program=_SlotsNotTaken),
    Mutant("slots-rounded", "Loads slots in float32.", "interchange", MOMENTUM, program=_SlotsRounded),
    Mutant("count-late", "Loads the step count less one.", "interchange", ("law/adam",), program=_CountLate),
    Mutant("count-not-taken", "Does not load the step count.", "interchange", ("law/adam",), program=_CountNotTaken),
    Mutant(
        "slots-not-given", "Gives empty slots.", "interchange", MOMENTUM, program=_SlotsNotGiven, earlier=SLOTS_ARE_READ
    ),
    Mutant(
        "count-not-given",
        "Gives no step count.",
        "interchange",
        ("law/adam",),
        program=_CountNotGiven,
        earlier=SLOTS_ARE_READ,
    ),
    Mutant(
        "velocity-uphill",
        "Counts velocity the other way.",
        "interchange",
        MOMENTUM,
        program=_VelocityUphill,
        earlier=SLOTS_ARE_READ,
    ),
    Mutant(
        "phases-swapped",
        "Swaps the slots of two phases.",
        "interchange",
        ("phases/own-once",),
        program=_PhasesSwapped,
        earlier=SLOTS_ARE_READ,
    ),
    Mutant(
        "statistics-not-taken",
        "Does not load running statistics.",
        "interchange",
        ("layer/batch-normalization",),
        program=_StatisticsNotTaken,
        earlier=VALUES_ARE_LOADED,
    ),
    Mutant(
        "names-swapped",
        "Loads two heads crosswise.",
        "interchange",
        ("tasks/equal-heads",),
        program=_NamesSwapped,
        earlier=VALUES_ARE_LOADED,
    ),
    Mutant(
        "rounded-on-the-way",
        "Loads in float32.",
        "interchange",
        TRAIN,
        program=_RoundedOnTheWay,
        earlier=VALUES_ARE_LOADED,
    ),
)
