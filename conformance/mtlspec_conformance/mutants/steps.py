"""Mutants of one update that no changed law describes: who moves, how often, and by whose count."""

from __future__ import annotations

from typing import Any

import numpy as np

from mtlspec.backend import Gradients, ProgramState, Statistics
from mtlspec.graph import Graph
from mtlspec.spec.optimizers import GlobalNorm
from mtlspec.tensors import Array, Tensors, dense
from mtlspec_conformance.mutants.mutant import Mutant
from mtlspec_conformance.mutants.rewriting import having
from mtlspec_conformance.wrapper import Wrapper


class _TrunkTwice(Wrapper):
    """Updates what several tasks share a second time."""

    def update(self, *, along: Gradients, statistics: Statistics, learning_rate: float, phase: int = 0) -> None:
        self.inner.update(along=along, statistics=statistics, learning_rate=learning_rate, phase=phase)
        once, state = self.inner.parameters, self.inner.state
        self.inner.update(along=along, statistics=statistics, learning_rate=learning_rate, phase=phase)
        alone = [path for path in self.graph.trainable if len(self.graph.by_path[path].tasks) < 2]
        self.inner.parameters, self.inner.state = Tensors({path: once[path] for path in alone}), state


class _HalfPrecisionOnce(Wrapper):
    """Rounds its parameters to float16 after its first update, and never again."""

    done = False

    def update(self, *, along: Gradients, statistics: Statistics, learning_rate: float, phase: int = 0) -> None:
        self.inner.update(along=along, statistics=statistics, learning_rate=learning_rate, phase=phase)
        if not self.done:
            held = self.inner.parameters
            self.inner.parameters = Tensors({p: held[p].astype(np.float16) for p in self.graph.trainable})
        self.done = True


def _is_zero(gradient: Any) -> bool:
    return not np.any(dense(gradient))


class _CountOfItsOwn(Wrapper):
    """Corrects each parameter's moments by the number of its own gradients that were not zero."""

    def __init__(self, inner: Any, graph: Graph) -> None:
        super().__init__(inner, graph)
        self.missed: dict[tuple[int, str], int] = {}

    def write_state(self, state: ProgramState) -> None:
        self.missed = {}
        self.inner.state = state

    def update(self, *, along: Gradients, statistics: Statistics, learning_rate: float, phase: int = 0) -> None:
        before, state = self.inner.parameters, self.inner.state
        own = self.graph.phases[phase].parameters
        for path in own:
            self.missed[phase, path] = self.missed.get((phase, path), 0) + _is_zero(along[path])
        values: dict[str, Array] = {}
        slots = dict(state.slots)
        for missed in sorted({self.missed[phase, path] for path in own}):
            self.inner.parameters = Tensors(before)
            counts = tuple(max(n - missed * (k == phase), 0) for k, n in enumerate(state.steps))
            self.inner.state = ProgramState(state.slots, counts)
            self.inner.update(along=along, statistics=statistics, learning_rate=learning_rate, phase=phase)
            after, moved = self.inner.parameters, self.inner.state
            mine = {path for path in own if self.missed[phase, path] == missed}
            values |= {path: after[path] for path in mine}
            slots |= {slot: array for slot, array in moved.slots.items() if slot.path in mine and slot.phase == phase}
        self.inner.parameters = Tensors(values)
        self.inner.state = ProgramState(slots, tuple(n + (k == phase) for k, n in enumerate(state.steps)))


class _IdleStay(Wrapper):
    """Leaves alone, decay included, what has no gradient."""

    def update(self, *, along: Gradients, statistics: Statistics, learning_rate: float, phase: int = 0) -> None:
        before = self.inner.parameters
        self.inner.update(along=along, statistics=statistics, learning_rate=learning_rate, phase=phase)
        idle = [path for path in self.graph.phases[phase].parameters if _is_zero(along[path])]
        self.inner.parameters = Tensors({path: before[path] for path in idle})


class _PenaltyUnclipped(Wrapper):
    """Clips the gradient of the losses alone, and adds that of the penalty afterwards, as an optimizer's own decay."""

    def update(self, *, along: Gradients, statistics: Statistics, learning_rate: float, phase: int = 0) -> None:
        held, clipping = self.inner.parameters, self.graph.phases[phase].clipping
        slopes = {p.path: self._slope(held[p.path], p.penalty) for p in self.graph.penalized}
        bare = {path: dense(g) - slopes.get(path, 0.0) for path, g in along.items()}
        factor = 1.0
        if isinstance(clipping, GlobalNorm):
            norm = float(np.sqrt(sum((bare[path] ** 2).sum() for path in self.graph.phases[phase].parameters)))
            factor = min(1.0, clipping.limit / (norm + clipping.epsilon)) if norm else 1.0
        gradients = Tensors({path: g * factor + slopes.get(path, 0.0) for path, g in bare.items()})
        self.inner.update(along=gradients, statistics=statistics, learning_rate=learning_rate, phase=phase)

    def _slope(self, array: Array, penalty: Any) -> Array:
        return np.asarray(penalty.l1 * np.sign(array) + 2 * penalty.l2 * array)


def _without_clipping(graph: Graph) -> Graph:
    return having(graph, phases=tuple(having(phase, clipping=None) for phase in graph.phases))


MORE_STEP_MUTANTS = (
    Mutant(
        "trunk-twice",
        "Updates the trunk once for each head.",
        "step",
        ("tasks/three-share-one-trunk",),
        program=_TrunkTwice,
    ),
    Mutant(
        "half-precision-once",
        "Rounds its parameters to float16, once.",
        "step",
        ("layer/dense",),
        program=_HalfPrecisionOnce,
    ),
    Mutant(
        "idle-parameters-stay",
        "Does not decay a parameter without gradient.",
        "step",
        ("tasks/unused-parts-decay",),
        program=_IdleStay,
    ),
    Mutant(
        "penalty-unclipped",
        "Adds the penalty after the clip.",
        "step",
        ("penalty/clipped",),
        _without_clipping,
        _PenaltyUnclipped,
    ),
    Mutant(
        "count-of-its-own",
        "Counts the steps of each parameter apart.",
        "law",
        ("law/adam",),
        program=_CountOfItsOwn,
    ),
)
