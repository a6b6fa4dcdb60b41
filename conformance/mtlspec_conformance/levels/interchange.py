"""Level interchange: parameters, slots and step counts move to the subject in mid-course, and back."""

from __future__ import annotations

from collections.abc import Iterator

from mtlspec.backend import Program
from mtlspec_conformance.levels.trajectory import followed, largest_update, stepped, trained
from mtlspec_conformance.measure import Finding, apart, exactly
from mtlspec_conformance.pair import Pair, copied, frozen, named, same_state

LEG = 5
"""Steps before each move."""


def interchange(pair: Pair) -> Iterator[Finding]:
    """Yield whether a course begun by the reference goes on in the subject, and from there in the reference."""
    scale = largest_update(pair)
    pair.reset()
    steps = pair.case.steps
    stepped(pair.reference, pair.case, steps[:LEG])
    yield from _moved_over(pair.reference, pair.subject, "from the reference to the subject")
    yield from followed(pair, steps[LEG : 2 * LEG], trained, " after the move", scale, first=LEG + 1)
    pair.reference.parameters, pair.reference.state = pair.case.parameters, pair.fresh
    yield from _moved_over(pair.subject, pair.reference, "from the subject to the reference")
    yield from followed(pair, steps[2 * LEG : 3 * LEG], trained, " after the move back", scale, first=2 * LEG + 1)


def _moved_over(giver: Program, taker: Program, way: str) -> Iterator[Finding]:
    """Yield whether both differ before, and hold the same bits after the move."""
    parameters, state = copied(giver.parameters), frozen(giver.state)
    yield from apart(f"parameters before the move {way}", copied(taker.parameters), parameters)
    if state.slots:
        yield from apart(f"slots before the move {way}", named(taker.state), named(state))
    taker.parameters, taker.state = parameters, state
    yield from exactly("parameter", taker.parameters, parameters, when=f" after the move {way}")
    yield from same_state(f"after the move {way}", taker.state, state)
