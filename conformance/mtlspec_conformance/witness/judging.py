"""Judging: each number of two records, how far apart it is and how far apart it may be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from mtlspec.tensors import Array
from mtlspec_conformance.measure import FLOOR, Agreement, Disagreement, Finding
from mtlspec_conformance.witness.links import linked
from mtlspec_conformance.witness.noise import peaks, scaled
from mtlspec_conformance.witness.record import Record
from mtlspec_conformance.witness.where import (
    LAYER_INPUT,
    LAYER_OUTPUT,
    OUTPUT,
    PROBE_OUTPUT,
    RATE,
    ROLE,
    SET_RATE,
    SHAPE,
    Where,
)

TIMES_NOISE = 10.0
"""Two sides differ where they are this many times further apart than rounding moves each of them alone."""
OPERATIONS = 32.0
"""Roundings by which a formula may be computed in another order where nothing at all moves the number."""
MOST_NOISE = 1.0
"""A number that rounding moves by all of itself says nothing; more says no less."""
SHOWS_PLACE = (LAYER_INPUT, LAYER_OUTPUT, PROBE_OUTPUT)
"""What tells where a difference arises, and is none itself."""
OPTIONAL = (*SHOWS_PLACE, RATE, SET_RATE)
"""What not every program has: a learning rate that can be read, or set."""


@dataclass(frozen=True)
class Compared:
    """One number of both records, and what was found."""

    where: Where
    finding: Finding
    values: tuple[str, str] = ("", "")
    """What stands in both where they are furthest apart."""
    at: str = ""

    @property
    def differs(self) -> bool:
        """Whether the two part here."""
        return isinstance(self.finding, Disagreement)


def shapes(first: Record, second: Record, names: Mapping[str, str]) -> Iterator[Compared]:
    """Yield whether every tensor has its counterpart of the same shape, and whether both train it."""
    for mine, theirs in names.items():
        for kind, a, b in (
            (SHAPE, str(first.start[mine].shape), str(second.start[theirs].shape)),
            (ROLE, first.roles[mine], second.roles[theirs]),
        ):
            where = Where("shape", kind, mine)
            if a == b:
                yield Compared(where, Agreement(str(where), exact=True))
            else:
                yield Compared(where, Disagreement(str(where), np.inf, f"{a} and {b}"), (a, b))


def numbers(first: Record, second: Record, names: Mapping[str, str], *, passing: float) -> Iterator[Compared]:
    """Yield every number that both have, in the order in which the first was measured; an error `passing` passes."""
    largest = peaks(first.values)
    eps = max(float(np.finfo(record.dtype).eps) for record in (first, second))
    for where, expected in first.values.items():
        other = where.named(names.get(where.tensor, where.tensor))
        if where.kind in SHOWS_PLACE or other not in second.values:  # `absences` tells what is missing
            continue
        noise = min(max(first.noise[where], second.noise[other], OPERATIONS * eps), MOST_NOISE)
        limit = max(TIMES_NOISE * noise, passing)
        yield _compared(where, second.values[other], expected, largest[where.family], limit, noise)


def absences(first: Record, second: Record, names: Mapping[str, str]) -> Iterator[Compared]:
    """Yield every number that only one of both has, of a level that both have: missing is never the same."""
    back = {theirs: mine for mine, theirs in names.items()}
    ours = {where for where in first.values if where.kind not in OPTIONAL}
    others = {
        where.named(back.get(where.tensor, where.tensor)) for where in second.values if where.kind not in OPTIONAL
    }
    levels = {where.level for where in ours} & {where.level for where in others}
    for record, own, rest in ((second, ours, others), (first, others, ours)):
        for where in sorted(own - rest, key=str):
            if where.level in levels:
                yield Compared(where, Disagreement(str(where), np.inf, f"missing in {record.source}"))


def _compared(where: Where, found: Array, expected: Array, peak: float, limit: float, noise: float) -> Compared:
    text = str(where)
    error = scaled(found, expected, peak)
    if where.kind == OUTPUT:
        error, found, expected = linked(found, expected, peak)
    elif not where.tensor and 0 < error < np.inf:
        a, b = float(found), float(expected)
        error = abs(a - b) / max(abs(a), abs(b), FLOOR * peak)
    if error <= limit:
        return Compared(where, Agreement(text, error, limit=limit, noise=noise))
    if found.shape != expected.shape:
        values, at = (str(expected.shape), str(found.shape)), "shape"
    else:
        values, at = _furthest(found, expected)
    reason = f"{at} {values[0]} and {values[1]}".strip()
    exact = not np.isfinite(error)
    return Compared(where, Disagreement(text, error, reason, exact, limit=limit, noise=noise), values, at)


def _furthest(found: Array, expected: Array) -> tuple[tuple[str, str], str]:
    """Return both numbers where they are furthest apart, or where one is none, and the place."""
    with np.errstate(invalid="ignore"):
        apart = np.abs(found - expected)
    place = np.unravel_index(int(np.argmax(np.where(np.isfinite(apart), apart, np.inf))), expected.shape)
    at = f"at {[int(i) for i in place]}" if place else ""
    return (f"{expected[place]:.6g}", f"{found[place]:.6g}"), at


def same(found: Array, expected: Array, noise: float) -> bool:
    """Return whether two arrays are the same but for noise."""
    return scaled(found, expected, 0.0) <= TIMES_NOISE * noise
