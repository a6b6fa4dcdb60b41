"""Readings: what a block or task reads of the inputs and blocks before it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, get_args

from hypothesis import strategies as st

from mtlspec.spec.model import Merge
from mtlspec.spec.signature import channels
from mtlspec_conformance.specs.chains import Wire
from mtlspec_conformance.specs.values import Kinds


class Place(NamedTuple):
    """A tensor by the name under which blocks and tasks read it."""

    name: str
    wire: Wire


class Reading(NamedTuple):
    """What a block or task reads, merged."""

    names: tuple[str, ...]
    merge: Merge
    wire: Wire


@st.composite
def readings(draw: st.DrawFn, places: Sequence[Place], kinds: Kinds) -> Reading:
    """Return a strategy for what can be read of `places`, the first one alone first."""
    first = draw(st.sampled_from([*places, places[-1], places[-1]]))  # the last one more often: a trunk that is shared
    merges = [merge for merge in get_args(Merge) if f"merge/{merge}" in kinds]
    alone = Reading((first.name,), "concatenate", first.wire)
    if first.wire.dtype == "integer" or not merges or not draw(st.booleans()):
        return alone
    merge = draw(st.sampled_from(merges))
    others = [place for place in places if _mergeable(merge, first.wire, place.wire)]
    if not others:
        return alone
    chosen = [first, *draw(st.lists(st.sampled_from(others), min_size=1, max_size=1 if merge == "subtract" else 2))]
    shape = first.wire.shape
    if merge == "concatenate":
        shape = (*shape[:-1], sum(channels(place.wire.shape) for place in chosen))
    from_data = all(place.wire.from_data for place in chosen)
    repeated = any(place.wire.repeated for place in chosen)
    return Reading(tuple(place.name for place in chosen), merge, Wire(shape, "float", from_data, repeated))


def _mergeable(merge: Merge, first: Wire, other: Wire) -> bool:
    """Return whether two wires can be merged."""
    if other.dtype == "integer":
        return False
    if merge == "concatenate":
        return len(first.shape) > 0 and len(other.shape) > 0 and first.shape[:-1] == other.shape[:-1]
    return first.shape == other.shape
