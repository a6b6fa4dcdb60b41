"""Held values: what the members of a program give and take, looked at before any number is compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mtlspec.backend import Program, ProgramState, Statistics, StepLosses, TotalLoss, ValueWithGradient
from mtlspec.expectation import slot_shapes
from mtlspec.spec.training import Precision
from mtlspec.tensors import Tensors
from mtlspec_conformance.case import Case
from mtlspec_conformance.trouble import Inspection

TO_NUMPY = "convert what leaves the program to NumPy, such as `tensor.detach().cpu().numpy()`, and copy it"
"""What to do with a framework's own tensor."""


def inspect_values(program: Program, case: Case, precision: Precision, notes: Inspection) -> None:
    """Note what is no value of the right form: key sets, shapes, dtypes, arrays, and values that change afterwards."""
    graph = case.graph
    notes.expect(
        program.graph == graph,
        "program.graph",
        expected="the graph that was compiled",
        found=type(program.graph).__name__,
        advice="keep the argument of `compile`",
    )
    notes.expect(
        program.precision == precision,
        "program.precision",
        expected=precision,
        found=program.precision,
        advice="keep the argument of `compile`",
    )
    shapes: dict[str, tuple[int, ...]] = {path: parameter.shape for path, parameter in graph.by_path.items()}
    _arrays(program.parameters, shapes, precision, "program.parameters", notes)
    if not notes.troubles:
        _parameters(program, case, notes)
        _state(program, case, precision, notes)
    if not notes.troubles:
        _answers(program, case, precision, notes)
    if not notes.troubles:
        _moves(program, case, notes)


def _arrays(
    found: Any, shapes: Mapping[str, tuple[int, ...]], precision: Precision, where: str, notes: Inspection
) -> None:
    """Note unless `found` has an array of the right shape and dtype for each name, and nothing else."""
    if not notes.expect(
        isinstance(found, Mapping) and set(found) == set(shapes),
        where,
        expected=f"a mapping with {', '.join(shapes) or 'no entries'}",
        found=f"{type(found).__name__} with {', '.join(map(str, found)) if isinstance(found, Mapping) else '?'}",
        advice="name every entry as the graph does, and leave none out: zeros where nothing leads",
    ):
        return
    for name, shape in shapes.items():
        array = found[name]
        if notes.expect(
            isinstance(array, np.ndarray),
            f"{where}[{name!r}]",
            expected="a numpy.ndarray",
            found=f"{type(array).__module__}.{type(array).__name__}",
            advice=TO_NUMPY,
        ):
            notes.expect(
                array.shape == shape and array.dtype == precision,
                f"{where}[{name!r}]",
                expected=f"{precision} {shape}",
                found=f"{array.dtype} {array.shape}",
                advice="transpose to the canonical layout (..., in, out), and compute in the precision asked for",
            )


def _parameters(program: Program, case: Case, notes: Inspection) -> None:
    where, advice = "program.parameters", "copy what is given into your own parameters, by key path, whole or in part"
    with notes.trying(where, advice):
        earlier = program.parameters
        copies = {path: np.array(array) for path, array in earlier.items()}
        program.parameters = case.parameters
        _same(program.parameters, case.parameters, where, "the values that were set", advice, notes)
        _same(earlier, copies, where, "a value: what was read before stays", "hand out copies", notes)
        path = next(iter(case.parameters))
        one = np.asarray(case.parameters[path] + 1)
        program.parameters = Tensors({path: one})
        set_alone = {**case.parameters, path: one}
        _same(program.parameters, set_alone, where, f"{path} alone to change when it is set alone", advice, notes)


def _same(
    found: Mapping[str, Any], wanted: Mapping[str, Any], where: str, what: str, do: str, notes: Inspection
) -> None:
    apart = [path for path, array in wanted.items() if not np.array_equal(found[path], array)]
    notes.expect(not apart, where, expected=what, found=f"others in {', '.join(apart)}", advice=do)


def _state(program: Program, case: Case, precision: Precision, notes: Inspection) -> None:
    where = "program.state"
    advice = "return ProgramState(slots by Slot(phase, name, path), steps by phase), and copy one in when it is set"
    with notes.trying(where, advice):
        state = program.state
        if not notes.expect(
            isinstance(state, ProgramState), where, expected="a ProgramState", found=type(state).__name__, advice=advice
        ):
            return
        slots = {str(slot): array for slot, array in state.slots.items()}
        _arrays(slots, {str(slot): shape for slot, shape in slot_shapes(case.graph).items()}, precision, where, notes)
        ahead = ProgramState({slot: array + 1 for slot, array in state.slots.items()}, (3,) * len(case.graph.phases))
        program.state = ahead
        notes.expect(
            tuple(program.state.steps) == ahead.steps,
            f"{where}.steps",
            expected=f"the step counts that were set, {ahead.steps}",
            found=program.state.steps,
            advice=advice,
        )
        program.state = state


def _answers(program: Program, case: Case, precision: Precision, notes: Inspection) -> None:
    """Note what `outputs`, `losses` and `value_with_gradient` return, if it is not of the form."""
    batch, graph = case.batches[0], case.graph
    program.parameters = case.parameters
    for linked in (False, True):
        call = f"program.outputs(inputs, linked={linked})"
        with notes.trying(call, "return the logits or predictions of each task, for inputs by name"):
            numbers = {h.task: h.loss.predictions(h.units) if linked else h.units for h in graph.heads}
            units = {task: (*batch.weights[task].shape, number) for task, number in numbers.items()}
            _arrays(program.outputs(batch.inputs, linked=linked), units, precision, call, notes)
    with notes.trying("program.losses(on=batch)", "return Σ weight·loss / denominator of each task"):
        _floats(program.losses(on=batch), graph.tasks, "program.losses(on=batch)", notes)
    call = "program.value_with_gradient(on=batch, weights=...)"
    advice = "return ValueWithGradient(TotalLoss(losses, penalty), Gradients(...), Statistics(...))"
    with notes.trying(call, advice):
        answer = program.value_with_gradient(on=batch, weights=case.spec.weights)
        formed = isinstance(answer, ValueWithGradient) and isinstance(answer.value, TotalLoss)
        if notes.expect(formed, call, expected="a ValueWithGradient", found=type(answer).__name__, advice=advice):
            _floats(answer.value.losses, graph.tasks, f"{call}.value.losses", notes)
            trainable = {path: graph.by_path[path].shape for path in graph.trainable}
            _arrays(answer.gradients, trainable, precision, f"{call}.gradients", notes)
            _arrays(answer.statistics, {}, precision, f"{call}.statistics", notes)


def _floats(found: Any, tasks: tuple[str, ...], where: str, notes: Inspection) -> None:
    """Note unless `found` has a float for each task."""
    if notes.expect(
        isinstance(found, Mapping) and set(found) == set(tasks),
        where,
        expected=f"a mapping with {', '.join(tasks)}",
        found=f"{type(found).__name__} with {', '.join(map(str, found)) if isinstance(found, Mapping) else '?'}",
        advice="an entry for every task, and nothing else: the total is not asked for",
    ):
        for task in tasks:
            kind = type(found[task])
            at = f"{where}[{task!r}]"
            notes.expect(
                isinstance(found[task], float),
                at,
                expected="a float",
                found=f"{kind.__module__}.{kind.__name__}",
                advice=f"float(...) of it: {TO_NUMPY}",
            )


def _moves(program: Program, case: Case, notes: Inspection) -> None:
    """Note what `update`, `place` and `train` do to what was read before, and what `train` returns."""
    batch = case.batches[0]
    with notes.trying("program.update(...)", "clip and move the parameters of one phase; return nothing"):
        _, gradients, _ = program.value_with_gradient(on=batch, weights=case.spec.weights)
        parameters, state = program.parameters, program.state
        copies, steps = {path: np.array(array) for path, array in parameters.items()}, tuple(state.steps)
        program.update(along=gradients, statistics=Statistics(), learning_rate=0.1, phase=0)
        advice = "hand out copies: an update must not reach what was read before"
        _same(parameters, copies, "program.parameters", "a value that an update does not change", advice, notes)
        notes.expect(
            (tuple(state.steps), tuple(program.state.steps)) == (steps, (steps[0] + 1, *steps[1:])),
            "program.state.steps",
            expected=f"{steps} read before an update and {(steps[0] + 1, *steps[1:])} after it",
            found=f"{tuple(state.steps)} and {tuple(program.state.steps)}",
            advice="count the updates of each phase, and return a new ProgramState each time",
        )
    advice = (
        "`place` returns an object with `data`; `train` takes it and returns StepLosses(losses [K, T], penalties [K])"
    )
    with notes.trying("program.train(program.place(data), steps)", advice):
        steps_of = case.steps[0]
        found = program.train(program.place(case.dataset), steps_of)
        shape = (len(steps_of), len(case.graph.tasks))
        formed = (
            isinstance(found, StepLosses) and np.shape(found.losses) == shape and np.shape(found.penalties) == shape[:1]
        )
        notes.expect(
            formed,
            "program.train(...)",
            expected=f"StepLosses with losses {shape} and penalties {shape[:1]}",
            found=type(found).__name__,
            advice=advice,
        )
