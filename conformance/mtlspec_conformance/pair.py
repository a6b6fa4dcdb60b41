"""Pairs: a program and the reference of the same case, set to the same values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

import numpy as np
from mtlspec_numpy import NumpyBackend

import mtlspec
from mtlspec.backend import Backend, Program, ProgramState
from mtlspec.graph import Graph
from mtlspec.spec.training import Precision
from mtlspec.tensors import Array, Tensors
from mtlspec_conformance.case import Case
from mtlspec_conformance.measure import Finding, exactly, same


class Pair:
    """The subject and the reference, compiled once for all levels of a case.

    The reference computes in float64; both begin with values that the precision of the subject holds.
    """

    def __init__(self, case: Case, backend: Backend, precision: Precision = "float64", *, device: str = "cpu") -> None:
        self.case, self.precision = case.rounded(precision), precision
        self._backend, self._device = backend, device
        self.reference = mtlspec.compile(case.graph, backend=NumpyBackend(), precision="float64")
        self.fresh = frozen(self.reference.state)
        self.subject = mtlspec.compile(case.graph, backend=backend, precision=precision, device=device)
        self.first_parameters = copied(self.subject.parameters)
        """What the subject held when it was compiled."""
        self.first_state = frozen(self.subject.state)
        self.known: dict[str, Any] = {}
        """What was found of the reference alone; twins share it."""

    @property
    def graph(self) -> Graph:
        """The graph of the case."""
        return self.case.graph

    @cached_property
    def reseeded(self) -> Program:
        """The subject compiled for the same graph with another seed."""
        graph = self.graph.model_copy(update={"seed": self.graph.seed + 1})
        return mtlspec.compile(graph, backend=self._backend, precision=self.precision, device=self._device)

    def twin(self, backend: Backend, precision: Precision) -> Pair:
        """Return another subject beside a reference of the same case, with the same values."""
        twin = Pair(self.case, backend, precision)
        twin.known = self.known
        return twin

    @property
    def both(self) -> tuple[Program, Program]:
        """The reference, then the subject."""
        return self.reference, self.subject

    def reset(self) -> None:
        """Give both sides the stored parameters and optimizers that have not moved."""
        for program in self.both:
            program.parameters = self.case.parameters
            program.state = self.fresh

    def unchanged(self, what: str, before: tuple[Tensors, ProgramState]) -> Iterator[Finding]:
        """Yield whether parameters and state of the subject are what they were `before`."""
        parameters, state = before
        yield from exactly(
            "parameter", self.subject.parameters, parameters, when=f" after {what}, which changes nothing"
        )
        yield from same_state(f"after {what}, which changes nothing", self.subject.state, state, self.precision)

    def snapshot(self) -> tuple[Tensors, ProgramState]:
        """Return a copy of the subject's parameters and state."""
        return copied(self.subject.parameters), frozen(self.subject.state)


def copied(arrays: Mapping[str, Array]) -> Tensors:
    """Return a copy that later updates cannot reach."""
    return Tensors({path: np.array(array) for path, array in arrays.items()})


def frozen(state: ProgramState) -> ProgramState:
    """Return a copy of `state`."""
    return ProgramState({slot: np.array(array) for slot, array in state.slots.items()}, tuple(state.steps))


def moved(program: Program, before: Mapping[str, Array], role: str) -> dict[str, Any]:
    """Return after - before for every parameter of `role`; what is missing, or has another shape, did not."""
    after = program.parameters
    paths = [p.path for p in program.graph.parameters if p.role == role and p.path in after and p.path in before]
    return {p: after[p] - before[p] for p in paths if np.shape(after[p]) == np.shape(before[p])}


def held(arrays: Mapping[str, Array], precision: Precision) -> Tensors:
    """Return `arrays` as a program of `precision` holds them."""
    return Tensors({path: _held(array, precision) for path, array in arrays.items()})


def _held(array: Array, precision: Precision) -> Array:
    return np.asarray(array).astype(precision) if np.issubdtype(array.dtype, np.floating) else np.asarray(array)


def named(state: ProgramState) -> dict[str, Array]:
    """Return the slots by a readable key path."""
    return {f"{slot.path} ({slot.name}, phase {slot.phase})": array for slot, array in state.slots.items()}


def same_state(when: str, actual: ProgramState, expected: ProgramState, precision: Precision) -> Iterator[Finding]:
    """Yield whether slots and step counts are the same bits in `precision`."""
    yield from exactly("slot", named(actual), held(named(expected), precision), when=f" {when}")
    yield from same(f"step counts {when}", tuple(map(int, actual.steps)), tuple(expected.steps))
