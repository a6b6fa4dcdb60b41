"""Averages: the moving averages of a program's parameters, and a program that predicts with them for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mtlspec.backend import Parameters, Program
from mtlspec.tensors import Array, Tensors


def averaged_parameters(program: Program) -> Parameters:
    """Return the parameters with the moving average in place of each that has one and has been updated.

    Of a parameter that several phases move, the average of the last counts, whose update ends the step.
    """
    state, found = program.state, dict[str, Array](program.parameters)
    for slot, array in state.slots.items():
        if slot.name == "average" and state.steps[slot.phase] >= program.graph.phases[slot.phase].batches:
            found[slot.path] = array
    return Tensors(found)


@contextmanager
def evaluated_parameters(program: Program) -> Iterator[None]:
    """Put the averages in place of the parameters within the block, where the spec says that they are evaluated."""
    if not any(phase.average is not None and phase.average.evaluated for phase in program.graph.phases):
        yield
        return
    kept, averages = program.parameters, averaged_parameters(program)
    paths = [path for phase in program.graph.phases for path in phase.parameters]
    program.parameters = Tensors({path: averages[path] for path in paths})
    try:
        yield
    finally:
        program.parameters = Tensors({path: kept[path] for path in paths})
