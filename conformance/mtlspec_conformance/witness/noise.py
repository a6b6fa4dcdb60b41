"""Noise: how far a program's own numbers spread where nothing but rounding changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from mtlspec.randomness import uniform
from mtlspec.tensors import Array, Tensors
from mtlspec_conformance.measure import FLOOR
from mtlspec_conformance.witness.where import DIFFERENCES, Where

Recorded = Mapping[Where, Array]


def peaks(*sides: Recorded) -> dict[tuple[object, ...], float]:
    """Return the largest finite magnitude of each family of numbers."""
    found: dict[tuple[object, ...], float] = {}
    for side in sides:
        for where, array in side.items():
            largest = float(np.max(np.abs(array), initial=0.0, where=np.isfinite(array)))
            found[where.family] = max(found.get(where.family, 0.0), largest)
    return found


def scaled(found: Array, expected: Array, peak: float) -> float:
    """Return max|a - b| / max|b|, the scale no less than FLOOR times `peak`; infinite where they cannot be compared."""
    a, b = np.asarray(found), np.asarray(expected)
    if a.shape != b.shape or not (np.all(np.isfinite(a)) and np.all(np.isfinite(b))):
        return np.inf
    apart = float(np.max(np.abs(a - b), initial=0.0))
    if apart == 0:
        return 0.0
    scale = max(float(np.max(np.abs(b), initial=0.0)), FLOOR * peak)
    return apart / scale if scale > 0 else np.inf


def spread(plain: Recorded, others: Iterable[Recorded], start: Mapping[str, Array]) -> dict[Where, float]:
    """Return how far each number moves at most in runs that mean the same, no less than it is resolved.

    What a parameter gained is no finer than its last place, and a parameter moved by one ulp is rounded as before.
    """
    largest = peaks(plain)
    others = tuple(others)
    found = {}
    for where, array in plain.items():
        moved = (scaled(other[where], array, largest[where.family]) for other in others)
        found[where] = max(*moved, _resolution(where, array, largest[where.family], start))
    return found


def _resolution(where: Where, gained: Array, peak: float, start: Mapping[str, Array]) -> float:
    """Return the last place of a parameter in units of what it gained; 0 for what is no difference."""
    if where.kind not in DIFFERENCES:
        return 0.0
    last_place = float(np.spacing(np.max(np.abs(start[where.tensor]), initial=0.0)))
    scale = max(float(np.max(np.abs(gained), initial=0.0)), FLOOR * peak)
    return last_place / scale if scale > 0 else 0.0


def moved_by_one_ulp(values: Mapping[str, Array], seed: int) -> Tensors:
    """Return every number as its next neighbour above or below, at random by its name."""
    return Tensors({name: _moved(array, seed, name) for name, array in values.items()})


def _moved(array: Array, seed: int, name: str) -> Array:
    up = uniform(seed, f"one ulp of {name}", array.size).reshape(array.shape) < 0.5
    return np.asarray(np.nextafter(array, np.where(up, np.inf, -np.inf).astype(array.dtype)))
