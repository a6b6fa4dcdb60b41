"""Tuning: which of the weights that were tried is taken."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from mtlspec.baselines.measures import Measure
from mtlspec.baselines.record import Record
from mtlspec.baselines.statistics import delta_over_tasks, mean_ranks
from mtlspec.baselines.sweep import Point
from mtlspec.errors import MtlspecError


@dataclass(frozen=True)
class Tried:
    """Weights, and what they came to with the first seed."""

    point: Point
    record: Record


def gains(tried: Sequence[Tried], measures: Sequence[Measure], alone: Record) -> list[float]:
    """Return the gain over tasks of each; NaN where it is undefined or training failed."""
    return [
        math.nan
        if each.record.failure or alone.failure
        else delta_over_tasks(measures, each.record.held_out, alone.held_out)
        for each in tried
    ]


def best(tried: Sequence[Tried], measures: Sequence[Measure], alone: Record) -> Tried:
    """Return the one with the largest gain over tasks on the held-out examples, the first of them.

    Where the gain of none is defined, the one with the least mean rank among them.

    Raises:
        MtlspecError: none of them was trained to the end.
    """
    ended = [each for each in tried if not each.record.failure]
    if not ended:
        raise MtlspecError(f"none of the {len(tried)} weights can be trained: {tried[0].record.failure}")
    found = gains(ended, measures, alone)
    if all(math.isnan(gain) for gain in found):
        found = [-rank for rank in mean_ranks(measures, [each.record.held_out for each in ended])]
    return max(zip(ended, found, strict=True), key=lambda pair: -math.inf if math.isnan(pair[1]) else pair[1])[0]
