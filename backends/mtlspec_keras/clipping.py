"""Clipping: gradients times min(1, limit / (norm + epsilon)), or element by element."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mtlspec.spec import optimizers as kinds
from mtlspec_keras.engine import tf
from mtlspec_keras.rows import RowLaws, bounded, scaled, square_of


def clipped(
    clipping: Mapping[str, Any] | None, gradients: list[Any], variables: Sequence[Any], laws: Sequence[RowLaws]
) -> list[Any]:
    """Return each gradient as the fields of a clipping have it; an absent one stays absent."""
    if clipping is None:
        return gradients
    if clipping["kind"] == "value":
        limits = [tf.constant(clipping["limit"], v.dtype) for v in variables]
        told = zip(gradients, variables, laws, limits, strict=True)
        return [None if g is None else bounded(g, v, law, by=limit) for g, v, law, limit in told]
    present = [(g, v, law) for g, v, law in zip(gradients, variables, laws, strict=True) if g is not None]
    squares = [square_of(g, v, law) for g, v, law in present]
    if clipping["kind"] == "global_norm":
        squares = [tf.add_n(squares)] * len(squares)
    factors = iter([_factor(clipping, tf.sqrt(square)) for square in squares])
    return [None if g is None else scaled(g, by=next(factors)) for g in gradients]


def _factor(clipping: Mapping[str, Any], norm: Any) -> Any:
    limit, epsilon = (tf.constant(clipping[name], norm.dtype) for name in ("limit", "epsilon"))
    return tf.minimum(limit / (norm + epsilon), tf.ones((), norm.dtype))


CLIPPINGS: tuple[type[kinds.Clipping], ...] = (kinds.GlobalNorm, kinds.PerTensorNorm, kinds.ValueClipping)
