"""Levels: each looks at one more thing, and is named by what it proves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from mtlspec_conformance.case import Case
from mtlspec_conformance.levels.chance import chance
from mtlspec_conformance.levels.forward import forward
from mtlspec_conformance.levels.gradient import gradient
from mtlspec_conformance.levels.interchange import LEG, interchange
from mtlspec_conformance.levels.law import law
from mtlspec_conformance.levels.loss import loss
from mtlspec_conformance.levels.shape import shape
from mtlspec_conformance.levels.step import step
from mtlspec_conformance.levels.trajectory import trajectory
from mtlspec_conformance.measure import Finding
from mtlspec_conformance.pair import Pair


@dataclass(frozen=True)
class Level:
    """One question to a pair of programs."""

    name: str
    question: str
    findings: Callable[[Pair], Iterator[Finding]]
    applies: Callable[[Case], bool]
    """Whether a case stores what the level needs."""


def _always(case: Case) -> bool:
    return True


def _scripted(case: Case) -> bool:
    return case.script is not None


def _stepped(case: Case) -> bool:
    return case.trajectory is not None


def _long(case: Case) -> bool:
    return len(case.steps) > 2 * LEG and len(case.graph.parameters) > 0  # of nothing, nothing can move


def _drawn(case: Case) -> bool:
    return case.chance


LEVELS = {
    level.name: level
    for level in (
        Level("shape", "Are parameters, slots and gradients those of the graph?", shape, _always),
        Level("forward", "Are the predictions and logits of every task the same?", forward, _always),
        Level("loss", "Are the losses of every task and the penalty the same?", loss, _always),
        Level("gradient", "Are the gradients, in total and of every task alone, the same?", gradient, _always),
        Level("step", "Does one step move every parameter by the same?", step, _always),
        Level("law", "Does the optimizer alone follow scripted gradients in the same way?", law, _scripted),
        Level("trajectory", "Are K steps the same, whole and in parts?", trajectory, _stepped),
        Level("interchange", "Can training move to the other backend and back, in mid-course?", interchange, _long),
        Level(
            "chance", "Are initial values, masks and the order of the examples drawn as they should?", chance, _drawn
        ),
    )
}
"""All levels, in the order in which they see a mistake."""
