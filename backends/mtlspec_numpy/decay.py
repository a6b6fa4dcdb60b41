"""Decay: coupled, as a part of the gradient, or decoupled, as a step of its own before the update."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mtlspec.graph import Phase
from mtlspec.spec.decay import CoupledDecay, DecoupledDecay
from mtlspec.tensors import Array
from mtlspec_numpy.directions import Direction


def coupled(phase: Phase, headings: Mapping[str, Direction], placed: str) -> dict[str, Direction]:
    """g += decay·w, where this is the law and its place."""
    if not isinstance(phase.decay, CoupledDecay) or phase.decay.placed != placed:
        return dict(headings)
    rates = {path: numbers.decay for path, numbers in phase.numbers_of.items()}
    return {path: replace(d, sum=d.sum + rates[path] * d.at) if rates[path] else d for path, d in headings.items()}


def decoupled(phase: Phase, path: str, w: Array, learning_rate: float) -> Array:
    """w -= r·decay·w, or the schedule's factor r / learning_rate in place of r."""
    own = phase.numbers_of[path]
    if not isinstance(phase.decay, DecoupledDecay) or not own.decay:
        return w
    by_rate = phase.decay.scaled_by == "learning_rate"
    factor = learning_rate * own.rate_factor if by_rate else learning_rate / phase.optimizer.learning_rate
    return w - factor * own.decay * w


DECAYS = (CoupledDecay, DecoupledDecay)
