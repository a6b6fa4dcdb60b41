"""Level interchange: parameters, slots and step counts move to the subject in mid-course, and back."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mtlspec.backend import Program, ProgramState
from mtlspec.spec.training import Precision
from mtlspec.tensors import Arrays, Tensors
from mtlspec_conformance.case import rounded
from mtlspec_conformance.levels.trajectory import course_of, followed, stepped, trained
from mtlspec_conformance.measure import Disagreement, Finding, Findings, apart, exactly, same
from mtlspec_conformance.pair import Pair, copied, frozen, held, named, same_state

LEG = 5
"""Steps before each move."""


def interchange(pair: Pair) -> Iterator[Finding]:
    """Yield whether a course begun by the reference goes on in the subject, and from there in the reference."""
    scale = course_of(pair).scale
    pair.reset()
    steps = pair.case.steps
    stepped(pair.reference, pair.case, steps[:LEG])
    _last_phase_alone(pair)
    yield from _moved_over(pair, pair.reference, pair.subject, "from the reference to the subject")
    yield from followed(pair, steps[LEG : 2 * LEG], trained, " after the move", scale, first=LEG + 1)
    yield from _moved_over(pair, pair.subject, pair.reference, "from the subject to the reference")
    yield from followed(pair, steps[2 * LEG : 3 * LEG], trained, " after the move back", scale, first=2 * LEG + 1)


def _last_phase_alone(pair: Pair) -> None:
    """Update the reference in its last phase alone, so that it has made more updates than the first."""
    last = len(pair.graph.phases) - 1
    if last:
        program, batch = pair.reference, pair.case.batches[0]
        _, gradients, statistics = program.value_with_gradient(on=batch, weights=pair.case.spec.weights)
        rate = float(pair.case.first_rates[last])
        program.update(along=gradients, statistics=statistics, learning_rate=rate, phase=last)


def _moved_over(pair: Pair, giver: Program, taker: Program, way: str) -> Iterator[Finding]:
    """Yield whether both differ before, and hold the same bits after the move."""
    if giver is pair.reference:
        _give_up_digits(giver, pair.precision)
    parameters, state = copied(giver.parameters), frozen(giver.state)
    fitting = (*_same_forms(way, parameters, taker.parameters), *_same_forms(way, named(state), named(taker.state)))
    yield from fitting
    if any(isinstance(finding, Disagreement) for finding in fitting):
        return
    _put_other(taker, parameters, state)
    yield from apart(f"parameters before the move {way}", copied(taker.parameters), parameters)
    if state.slots:
        yield from apart(f"slots before the move {way}", named(taker.state), named(state))
    taker.parameters, taker.state = parameters, state
    yield from exactly("parameter", taker.parameters, held(parameters, taker.precision), when=f" after the move {way}")
    yield from same_state(f"after the move {way}", taker.state, state, taker.precision)


def _put_other(taker: Program, parameters: Tensors, state: ProgramState) -> None:
    """Put other numbers than these in their place, so that a move which does nothing is seen, whatever training did."""
    taker.parameters = Tensors({path: array + 1 for path, array in parameters.items()})
    slots = {slot: array + 1 for slot, array in state.slots.items()}
    taker.state = ProgramState(slots, tuple(count + 1 for count in state.steps))


def _same_forms(way: str, given: Arrays, held: Arrays) -> Findings:
    """Return whether both sides have the same arrays, by key path and shape; others cannot move."""
    forms = ({path: np.shape(array) for path, array in side.items()} for side in (given, held))
    return same(f"key paths and shapes {way}", *forms)


def _give_up_digits(reference: Program, precision: Precision) -> None:
    """Round what the reference holds to what a program of `precision` can take over."""
    state = reference.state
    reference.parameters = rounded(copied(reference.parameters), precision)
    slots = {slot: rounded({slot.path: array}, precision)[slot.path] for slot, array in state.slots.items()}
    reference.state = ProgramState(slots, state.steps)
