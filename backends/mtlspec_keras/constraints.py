"""Constraints: what a variable is put back to after its update; Keras' own pass epsilon and limit through float32."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mtlspec.spec import constraints as spec
from mtlspec_keras.engine import tf


def constrained(constraint: Mapping[str, Any] | None, w: Any) -> Any:
    """Return `w`, a variable or those rows of it that moved, as the fields of a constraint have it."""
    return w if constraint is None else CONSTRAINTS[spec.Constraint.kinds[constraint["kind"]]](constraint, w)


def _non_negative(constraint: Mapping[str, Any], w: Any) -> Any:
    """w = max(w, 0)."""
    return tf.maximum(w, tf.zeros((), w.dtype))


def _max_norm(constraint: Mapping[str, Any], w: Any) -> Any:
    """w = w·(min(norm, limit) / (norm + epsilon))."""
    norm = _norm(constraint, w)
    limit = tf.constant(constraint["limit"], w.dtype)
    return w * tf.math.divide_no_nan(tf.minimum(norm, limit), norm + tf.constant(constraint["epsilon"], w.dtype))


def _unit_norm(constraint: Mapping[str, Any], w: Any) -> Any:
    """w = w / (norm + epsilon)."""
    norm = _norm(constraint, w) + tf.constant(constraint["epsilon"], w.dtype)
    return tf.where(norm == 0, w, tf.math.divide_no_nan(w, norm))


def _norm(constraint: Mapping[str, Any], w: Any) -> Any:
    return tf.sqrt(tf.reduce_sum(tf.square(w), axis=list(constraint["axes"]), keepdims=True))


CONSTRAINTS: dict[type[Any], Callable[[Mapping[str, Any], Any], Any]] = {
    spec.NonNegative: _non_negative,
    spec.MaxNorm: _max_norm,
    spec.UnitNorm: _unit_norm,
}
