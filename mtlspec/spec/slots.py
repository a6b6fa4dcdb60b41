"""Slots: the arrays that an optimizer keeps for a parameter, by rule: name, shape and initial value."""

from __future__ import annotations

from typing import NamedTuple

from mtlspec.spec.signature import Sizes


class SlotRule(NamedTuple):
    """One array that an update keeps for a parameter of a given shape."""

    name: str
    shape: Sizes
    initial: float = 0.0
    """Every element before the first update."""
    averaged: int | None = None
    """The axis of the parameter that the slot lacks, since it holds averages over it; other slots have the shape of
    the parameter, or are one number."""


def like_parameter(shape: Sizes, *names: str, initial: float = 0.0) -> tuple[SlotRule, ...]:
    """Return slots of the parameter's own shape."""
    return tuple(SlotRule(name, shape, initial) for name in names)


def averaging(name: str, shape: Sizes, axis: int) -> SlotRule:
    """Return a slot of averages over one axis of the parameter."""
    return SlotRule(name, shape[:axis] + shape[axis + 1 :], averaged=axis)
