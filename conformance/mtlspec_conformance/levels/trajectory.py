"""Level trajectory: K steps together (in one call, or as few as their batch sizes allow), in several, one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from mtlspec.backend import Program, ProgramState, StepLosses, Steps
from mtlspec.batch import Dataset
from mtlspec.step import one_step
from mtlspec.tensors import Tensors
from mtlspec_conformance.case import Case, joined
from mtlspec_conformance.levels.step import position, updates
from mtlspec_conformance.measure import Finding, largest, losses
from mtlspec_conformance.pair import Pair, copied, frozen, moved

MARKS = (1, 2, 5, 10)
"""The steps whose updates are compared, beside the last: a first difference at 2 is state, at the last drift."""
SINGLE = 20
"""How many single steps are made, of a trajectory of hundreds: the fast path makes all."""

Advance = Callable[[Program, Case, tuple[Steps, ...]], StepLosses]
"""Makes the given steps with a program, and returns their losses."""


class Course(NamedTuple):
    """What the reference does from the first step to the last: where it is before each step and after, and losses."""

    parameters: tuple[Tensors, ...]
    states: tuple[ProgramState, ...]
    losses: StepLosses
    scale: float
    """The largest update of a step."""


def trajectory(pair: Pair) -> Iterator[Finding]:
    """Yield whether `train` in few calls, `train` in several, and single steps all follow the reference."""
    course, count = course_of(pair), len(pair.case.steps)
    pair.reset()
    yield from _along(pair, course, (0, count), trained, f" of {count} steps together")
    yield from _marked(pair, course, count, trained, "`train` in several calls")
    yield from _marked(pair, course, min(count, SINGLE), stepped, "single steps")


def course_of(pair: Pair) -> Course:
    """Return the course of the reference along the steps of the case, which it goes once."""
    if "course" not in pair.known:
        pair.known["course"] = _course(pair)
    found: Course = pair.known["course"]
    return found


def _course(pair: Pair) -> Course:
    pair.reset()
    program = pair.reference
    parameters, states = [copied(program.parameters)], [frozen(program.state)]
    losses, scale = [], 0.0
    for step in pair.case.steps:
        losses.append(stepped(program, pair.case, (step,)))
        scale = max(scale, largest(moved(program, parameters[-1], "trainable")))
        parameters.append(copied(program.parameters))
        states.append(frozen(program.state))
    return Course(tuple(parameters), tuple(states), _joined(losses), scale)


def _along(pair: Pair, course: Course, between: tuple[int, int], advance: Advance, when: str) -> Iterator[Finding]:
    """Yield whether the subject, by `advance`, goes along with the course from one step to another."""
    start, stop = between
    before = copied(pair.subject.parameters), course.parameters[start]
    found = advance(pair.subject, pair.case, pair.case.steps[start:stop])
    pair.reference.parameters, pair.reference.state = course.parameters[stop], course.states[stop]
    expected = StepLosses(course.losses.losses[start:stop], course.losses.penalties[start:stop])
    yield from _same_losses(pair, found, expected, when, first=start + 1)
    yield from updates(pair, *before, f"{when}, step {stop}", scale=course.scale)


def followed(
    pair: Pair, steps: tuple[Steps, ...], advance: Advance, when: str, scale: float, *, first: int = 1
) -> Iterator[Finding]:
    """Yield whether the subject, by `advance`, has the losses and the total update of the reference's single steps."""
    before = position(pair)
    expected, found = stepped(pair.reference, pair.case, steps), advance(pair.subject, pair.case, steps)
    yield from _same_losses(pair, found, expected, when, first=first)
    yield from updates(pair, *before, f"{when}, step {first + len(steps) - 1}", scale=scale)


def _same_losses(pair: Pair, found: StepLosses, expected: StepLosses, when: str, *, first: int) -> Iterator[Finding]:
    peak = float(np.max(expected.losses))
    for k in range(len(expected.losses)):
        at = f"{when}, step {first + k}"
        own = dict(zip(pair.graph.tasks, expected.losses[k].tolist(), strict=True))
        theirs = dict(zip(pair.graph.tasks, np.asarray(found.losses)[k].tolist(), strict=True))
        yield from losses("training loss", theirs, own, when=at, scale=peak)
        penalties = {"the model": float(found.penalties[k])}, {"the model": float(expected.penalties[k])}
        yield from losses("penalty", *penalties, when=at)


def _marked(pair: Pair, course: Course, count: int, advance: Advance, how: str) -> Iterator[Finding]:
    """Yield whether the single updates at the marks are the same, when the steps between are made by `advance`."""
    pair.reset()
    done = 0
    for mark in (*(mark for mark in MARKS if mark < count), count):
        if mark - 1 > done:
            yield from _along(pair, course, (done, mark - 1), advance, f", {how}")
        yield from _along(pair, course, (mark - 1, mark), advance, f", {how}")
        done = mark


def trained(program: Program, case: Case, steps: tuple[Steps, ...]) -> StepLosses:
    """Make `steps` by the fast path, in as few calls as the batch sizes allow."""
    program.place(_turned(case.dataset))
    source = program.place(case.dataset)
    return _joined([program.train(source, part) for part in joined(steps)])


def _turned(data: Dataset) -> Dataset:
    """Return other data of the same form: the examples from last to first."""
    fields = ("inputs", "targets", "weights", "present", "dividing_weights")
    return replace(data, **{name: {key: a[::-1].copy() for key, a in getattr(data, name).items()} for name in fields})


def _joined(parts: list[StepLosses]) -> StepLosses:
    return StepLosses(np.concatenate([p.losses for p in parts]), np.concatenate([p.penalties for p in parts]))


def stepped(program: Program, case: Case, steps: tuple[Steps, ...]) -> StepLosses:
    """Make `steps` out of single parts."""
    losses, penalties = [], []
    for step in steps:
        weights = dict(zip(case.graph.tasks, step.weights[0].tolist(), strict=True))
        batch = case.batch(step.rows[0])
        value = one_step(program, on=batch, weights=weights, learning_rates=step.learning_rates[0])
        losses.append([value.losses[task] for task in case.graph.tasks])
        penalties.append(value.penalty)
    return StepLosses(np.asarray(losses), np.asarray(penalties))
