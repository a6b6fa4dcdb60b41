"""Comparators: each returns findings that a level has to yield; nothing is printed, skipped or forgiven here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mtlspec.tensors import Array, Rows

LIMIT = 1e-10
"""The largest scaled error of a conforming backend in float64: five orders above the noise, far below any law.

Every finding is first judged by it, and may then be judged again by a wider one: that of a long course, or of float32.
"""
FLOOR = 1e-6
"""A tensor is scaled by no less than this share of the largest tensor of its kind in the case."""


@dataclass(frozen=True)
class Agreement:
    """Two sides that are the same, to within `error`."""

    where: str
    error: float = 0.0
    exact: bool = False
    """Whether nothing but the same would do; otherwise `error` is scaled, and may be judged by another limit."""
    limit: float = LIMIT
    """What `error` may be."""
    noise: float | None = None
    """How far the reference itself is off in the precision of the subject; unknown in float64."""
    resolution: float = 1.0
    """How much larger than the tensor the numbers are whose difference it is: what their last place weighs in it."""


@dataclass(frozen=True)
class Disagreement:
    """Two sides that differ: where, by how much (infinite if they cannot be compared), and in what."""

    where: str
    error: float
    reason: str
    exact: bool = True
    limit: float = LIMIT
    noise: float | None = None
    resolution: float = 1.0
    """All as in `Agreement`."""

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}"


Finding = Agreement | Disagreement
Findings = tuple[Finding, ...]


def largest(*sets: Mapping[str, Any]) -> float:
    """Return the largest magnitude in all tensors of a kind, 0 if there is none."""
    arrays = (_numbers(entry) for entries in sets for entry in entries.values())
    return max((float(np.max(np.abs(array))) for array in arrays if array.size), default=0.0)


def tensors(
    kind: str,
    actual: Mapping[str, Array | Rows],
    reference: Mapping[str, Array | Rows],
    *,
    when: str = "",
    scale: float | None = None,
    differences_of: Mapping[str, Array] | None = None,
) -> Findings:
    """Return max|a - r| / max|r| for each key path, `max|r|` no less than FLOOR times `scale`.

    `scale` is the largest tensor of this kind in the case, by default in `reference`; `differences_of` holds the
    numbers whose differences are compared. Refused at once: other key paths, other shapes, anything not finite; where
    the reference is exactly zero, anything else.
    """
    peak = largest(reference) if scale is None else scale
    wholes = {} if differences_of is None else differences_of
    found = [
        _tensor(f"{kind} of {path}{when}", actual[path], entry, peak, wholes.get(path))
        for path, entry in reference.items()
        if path in actual
    ]
    return (*_keys(kind, actual, reference, when), *found)


def losses(
    kind: str, actual: Mapping[str, float], reference: Mapping[str, float], *, when: str = "", scale: float = 0.0
) -> Findings:
    """Return |a - r| / max(|a|, |r|, FLOOR·scale) for each task; `scale` is the largest such loss of the case."""
    found = [
        _number(f"{kind} of {task}{when}", float(actual[task]), float(value), scale)
        for task, value in reference.items()
        if task in actual
    ]
    return (*_keys(kind, actual, reference, when), *found)


def exactly(kind: str, actual: Mapping[str, Array], expected: Mapping[str, Array], *, when: str = "") -> Findings:
    """Return whether each array has the same shape, dtype and bits as the expected one."""
    found = [
        _exact(f"{kind} of {path}{when}", actual[path], entry) for path, entry in expected.items() if path in actual
    ]
    return (*_keys(kind, actual, expected, when), *found)


def apart(what: str, first: Mapping[str, Array], second: Mapping[str, Array]) -> Findings:
    """Return a disagreement if both sides are the same: the guard of a check that makes them equal."""
    if any(not np.array_equal(entry, second[path]) for path, entry in first.items()):
        return (Agreement(what, exact=True),)
    return (Disagreement(what, np.inf, "expected both sides to differ, found them equal: nothing would be proven"),)


def same(what: str, actual: object, expected: object) -> Findings:
    """Return whether two plain values are equal."""
    if actual == expected:
        return (Agreement(what, exact=True),)
    return (Disagreement(what, np.inf, f"expected {_short(expected)}, found {_short(actual)}"),)


def worst(findings: Iterable[Finding]) -> Finding | None:
    """Return the disagreement with the largest error for its limit (the first of equals), else the closest call."""
    return max(findings, key=lambda f: (isinstance(f, Disagreement), f.error / f.limit), default=None)


def judged_again(finding: Finding, *, limit: float, noise: float | None = None) -> Finding:
    """Return what `finding` is under a limit that is no narrower than LIMIT; what is exact stays as it is."""
    if finding.exact:
        return finding
    if isinstance(finding, Disagreement) and finding.error <= limit:
        return Agreement(finding.where, finding.error, limit=limit, noise=noise, resolution=finding.resolution)
    return replace(finding, limit=limit, noise=noise)


def _keys(kind: str, actual: Mapping[str, Any], reference: Mapping[str, Any], when: str) -> Findings:
    absent = (Disagreement(f"{kind} of {p}{when}", np.inf, "missing") for p in reference if p not in actual)
    extra = (Disagreement(f"{kind} of {p}{when}", np.inf, "not expected") for p in actual if p not in reference)
    return (*absent, *extra)


def _tensor(where: str, actual: Any, reference: Any, peak: float, whole: Array | None = None) -> Finding:
    if isinstance(reference, Rows) != isinstance(actual, Rows):
        return _refused(where, f"expected {type(reference).__name__}, found {type(actual).__name__}")
    if isinstance(reference, Rows):
        ids = _exact(f"{where}, ids", np.asarray(actual.ids, dtype=np.int64), np.asarray(reference.ids, np.int64))
        if isinstance(ids, Disagreement):
            return ids
        if actual.count != reference.count:
            return _refused(where, f"expected {reference.count} rows, found {actual.count}")
    a, r = _numbers(actual), _numbers(reference)
    if a.shape != r.shape:
        return _refused(where, f"expected the shape {r.shape}, found {a.shape}")
    if not (np.all(np.isfinite(a)) and np.all(np.isfinite(r))):
        return _refused(where, "not finite" if np.all(np.isfinite(r)) else "the reference is not finite")
    if not np.any(r):
        return (
            _refused(where, f"expected exactly 0, found up to {largest({'': a}):.3g}")
            if a.any()
            else Agreement(where, exact=True)
        )
    scale = max(float(np.max(np.abs(r))), FLOOR * peak)
    at = np.unravel_index(int(np.argmax(np.abs(a - r))), r.shape)
    error = float(np.abs(a[at] - r[at])) / scale
    resolution = 1.0 if whole is None else max(1.0, largest({"": whole}) / scale)
    return _judged(where, error, f"at {[int(i) for i in at]} expected {r[at]:.17g}, found {a[at]:.17g}", resolution)


def _number(where: str, actual: float, reference: float, peak: float) -> Finding:
    if not (np.isfinite(actual) and np.isfinite(reference)):
        return _refused(where, "not finite" if np.isfinite(reference) else "the reference is not finite")
    if actual == reference:
        return Agreement(where)
    if reference == 0:
        return _refused(where, f"expected exactly 0, found {actual:.3g}")
    error = abs(actual - reference) / max(abs(actual), abs(reference), FLOOR * peak)
    return _judged(where, error, f"expected {reference:.17g}, found {actual:.17g}")


def _exact(where: str, actual: Any, expected: Any) -> Finding:
    a, e = np.asarray(actual), np.asarray(expected)
    if a.shape != e.shape or a.dtype != e.dtype:
        return _refused(where, f"expected {e.dtype} {e.shape}, found {a.dtype} {a.shape}")
    if np.array_equal(a, e):
        return Agreement(where, exact=True)
    if not (np.all(np.isfinite(a)) and np.all(np.isfinite(e))):
        return _refused(where, "not finite")
    return Disagreement(where, float(np.max(np.abs(a - e))), "expected the same bits, found others")


def _judged(where: str, error: float, reason: str, resolution: float = 1.0) -> Finding:
    if error <= LIMIT:
        return Agreement(where, error, resolution=resolution)
    return Disagreement(where, error, reason, exact=False, resolution=resolution)


def _refused(where: str, reason: str) -> Disagreement:
    return Disagreement(where, np.inf, reason)


def _numbers(entry: Any) -> Array:
    return np.asarray(entry.values if isinstance(entry, Rows) else entry)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:200]}…"
