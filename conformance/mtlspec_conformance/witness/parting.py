"""The parting: the first place where two programs differ, in one sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mtlspec_conformance.measure import Disagreement
from mtlspec_conformance.witness.judging import Compared, same
from mtlspec_conformance.witness.location import located
from mtlspec_conformance.witness.record import Record
from mtlspec_conformance.witness.where import (
    GRADIENT,
    LOSS,
    OUTPUT,
    SET_RATE,
    STATISTIC,
    TOTAL,
    UPDATE,
    WEIGHT,
    Where,
)

SMALL, WHOLE = 1e-4, 1.0
"""Shares below the first are written as powers of ten, those above the second as multiples."""
CONSTANT = 1e-6
"""In float64, a difference this small is that of a number rounded to float32 somewhere."""
A_CONSTANT = "a constant that one side holds in float32"
WORDS = {
    OUTPUT: "the output",
    LOSS: "the loss",
    GRADIENT: "the gradient of the task's loss",
    TOTAL: "the gradient of the weighted sum",
    WEIGHT: "the weight of the task",
    UPDATE: "the update",
    STATISTIC: "what the statistic gains",
    SET_RATE: "at a rate that is changed from outside (at its own, the optimizer agrees) the update",
}


@dataclass(frozen=True)
class Parting:
    """The first measurement that differs, and in it the tensor that differs most."""

    level: str
    kind: str
    task: str
    tensor: str
    step: int
    """Counted from 1; what is measured before the first step belongs to it."""
    batch: int | None
    error: float
    text: str


def parting(compared: Sequence[Compared], first: Record, second: Record, names: Mapping[str, str]) -> Parting | None:
    """Return the first place where the records part, None if they do not.

    What is as small as a constant in float32, or shows only at rates that the programs never set, comes last.
    """
    differing = [each for each in compared if each.differs]
    if not differing:
        return None
    plain = "float32" not in (first.dtype, second.dtype)
    own = [each for each in differing if each.where.kind != SET_RATE] or differing
    large = [each for each in own if _outgrows_a_constant(each) or not plain] or own
    found = max(
        (each for each in large if each.where.moment == large[0].where.moment), key=lambda each: each.finding.error
    )
    where = found.where
    tasks = {each.where.task: None for each in differing if each.where.level == where.level and each.where.task}
    text = "\n".join(
        line
        for line in (
            f"first parting: {_place(where, first, second, names)}: {_size(found)}",
            _values(found, first, second),
            f"the same level differs for {', '.join(f'`{task}`' for task in tasks)}" if len(tasks) > 1 else "",
            located(first, second, names, same) if where.level == "forward" else "",
            _constant(large[0] is not own[0], found.finding.error <= CONSTANT and plain, own[0].where.level),
        )
        if line
    )
    return Parting(
        where.level, where.kind, where.task, where.tensor, where.step or 1, where.batch, found.finding.error, text
    )


def _outgrows_a_constant(each: Compared) -> bool:
    """Return whether a difference is larger than a constant in float32 makes it; a trajectory lets any grow."""
    return each.finding.error > CONSTANT and each.where.level != "trajectory"


def sides(first: Record, second: Record) -> tuple[str, str]:
    """Return what to call the two."""
    apart = first.framework != second.framework
    return (first.framework, second.framework) if apart else ("the first", "the second")


def _place(where: Where, first: Record, second: Record, names: Mapping[str, str]) -> str:
    parts = [f"level {where.level}"]
    if where.task:
        parts.append(f"task `{where.task}`")
    if where.tensor:
        mine, theirs = sides(first, second)
        native = first.native_names.get(where.tensor), second.native_names.get(names.get(where.tensor, where.tensor))
        parts.append(f"tensor {where.tensor} ({mine}: {native[0]}, {theirs}: {native[1]})")
    if where.batch and where.step:
        parts.append(f"step {where.step} on batch {where.batch} (from 0)")
    else:
        parts.append(f"batch {where.batch} (from 0), before any step" if where.batch else f"step {where.step or 1}")
    return ", ".join(parts)


def _size(found: Compared) -> str:
    """Return how large a difference is, in what, and how large rounding could have made it."""
    what, error = WORDS.get(found.where.kind, f"the {found.where.kind}"), found.finding.error
    if found.finding.exact:
        return f"{what} is not the same" if any(found.values) else f"{what} is there on one side alone"
    size = f"{error:.1e}" if error < SMALL else f"{100 * error:.2g} %" if error < WHOLE else f"{error:.2g} times"
    return f"{what} differs by {size} (rounding explains {found.finding.limit:.0e})"


def _values(found: Compared, first: Record, second: Record) -> str:
    if not any(found.values) and isinstance(found.finding, Disagreement):
        return found.finding.reason
    mine, theirs = sides(first, second)
    at = f" {found.at}" if found.at else ""
    return f"{mine} has {found.values[0]}, {theirs} {found.values[1]}{at}"


def _constant(earlier: bool, small: bool, level: str) -> str:
    """Return what to make of differences that are above rounding in float64 and vanish in float32."""
    if earlier:
        return f"differences below {CONSTANT:.0e}, from level {level} on, are passed over: {A_CONSTANT}"
    return f"so small a difference is usually {A_CONSTANT}: try --precision float32" if small else ""
