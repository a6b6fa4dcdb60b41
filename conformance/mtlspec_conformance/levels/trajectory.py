"""Level trajectory: K steps in one call, in several, and one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from mtlspec.backend import Program, StepLosses, Steps
from mtlspec.step import one_step
from mtlspec_conformance.case import Case, joined
from mtlspec_conformance.levels.step import position, updates
from mtlspec_conformance.measure import Finding, largest, losses
from mtlspec_conformance.pair import Pair, copied, moved

MARKS = (1, 2, 5, 10)
"""The steps whose updates are compared, beside the last: a first difference at 2 is state, at the last drift."""

Advance = Callable[[Program, Case, tuple[Steps, ...]], StepLosses]
"""Makes the given steps with a program, and returns their losses."""


def trajectory(pair: Pair) -> Iterator[Finding]:
    """Yield whether `train` in one call, `train` in several, and single steps all follow the reference."""
    scale = largest_update(pair)
    pair.reset()
    yield from followed(pair, pair.case.steps, trained, f" of {len(pair.case.steps)} steps in one call", scale)
    yield from _marked(pair, trained, "`train` in several calls", scale)
    yield from _marked(pair, stepped, "single steps", scale)


def followed(
    pair: Pair, steps: tuple[Steps, ...], advance: Advance, when: str, scale: float, *, first: int = 1
) -> Iterator[Finding]:
    """Yield whether the subject, by `advance`, has the losses and the total update of the reference's single steps."""
    before = position(pair)
    expected, found = stepped(pair.reference, pair.case, steps), advance(pair.subject, pair.case, steps)
    peaks = np.max(expected.losses)
    for k in range(len(steps)):
        at = f"{when}, step {first + k}"
        own = dict(zip(pair.graph.tasks, expected.losses[k].tolist(), strict=True))
        theirs = dict(zip(pair.graph.tasks, np.asarray(found.losses)[k].tolist(), strict=True))
        yield from losses("training loss", theirs, own, when=at, scale=float(peaks))
        penalties = {"the model": float(found.penalties[k])}, {"the model": float(expected.penalties[k])}
        yield from losses("penalty", *penalties, when=at)
    yield from updates(pair, *before, f"{when}, step {first + len(steps) - 1}", scale=scale)


def _marked(pair: Pair, advance: Advance, how: str, scale: float) -> Iterator[Finding]:
    """Yield whether the single updates at the marks are the same, when the steps between are made by `advance`."""
    pair.reset()
    steps, done = pair.case.steps, 0
    for mark in (*(mark for mark in MARKS if mark < len(steps)), len(steps)):
        if mark - 1 > done:
            yield from followed(pair, steps[done : mark - 1], advance, f", {how}", scale, first=done + 1)
        yield from followed(pair, steps[mark - 1 : mark], advance, f", {how}", scale, first=mark)
        done = mark


def trained(program: Program, case: Case, steps: tuple[Steps, ...]) -> StepLosses:
    """Make `steps` by the fast path, in as few calls as the batch sizes allow."""
    source = program.place(case.dataset)
    parts = [program.train(source, part) for part in joined(steps)]
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


def largest_update(pair: Pair) -> float:
    """Return the largest update that the reference makes in any step of the case."""
    pair.reset()
    peak = 0.0
    for step in pair.case.steps:
        before = copied(pair.reference.parameters)
        stepped(pair.reference, pair.case, (step,))
        peak = max(peak, largest(moved(pair.reference, before, "trainable")))
    return peak
