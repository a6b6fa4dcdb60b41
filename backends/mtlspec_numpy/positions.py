"""Positions: learned or of sines, and the token before a sequence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from mtlspec.errors import DataError
from mtlspec.spec.layer import Layer
from mtlspec.spec.positions import ClassToken, ClassTokenMask, LearnedPositions, Scale, SinusoidalPositions
from mtlspec.tensors import Array
from mtlspec_numpy.pullback import Applied, Cotangents, Mode, without_parameters

Leaves = Mapping[str, Array]


def learned_positions(layer: LearnedPositions, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """x + table[:T]."""
    count, table = x.shape[1], parameters["table"]
    if count > layer.length:
        raise DataError(f"expected at most {layer.length} positions, the length of the table, found {count}")

    def pullback(cotangent: Array) -> Cotangents:
        gradient = np.zeros_like(table)
        gradient[:count] = cotangent.sum(axis=0)
        return Cotangents((cotangent,), {"table": gradient})

    return Applied(x + table[:count], pullback)


def sinusoidal_positions(layer: SinusoidalPositions, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """x + p, p of sin(t·rate) and cos(t·rate)."""
    table = sines(layer, x.shape[1], x.shape[2]).astype(x.dtype)
    return without_parameters(x + table, lambda cotangent: cotangent)


def sines(layer: SinusoidalPositions, positions: int, units: int) -> Array:
    """Return p (T, units) in float64, whatever the precision of x."""
    angles = np.arange(positions)[:, None] * np.array(layer.rates(units))
    pairs = np.stack([np.sin(angles), np.cos(angles)], axis=-1 if layer.arrangement == "interleaved" else 1)
    return pairs.reshape(positions, units)


def scale(layer: Scale, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """x·by."""
    factor = x.dtype.type(layer.factor(x.shape[1:]))
    return without_parameters(x * factor, lambda cotangent: cotangent * factor)


def class_token(layer: ClassToken, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """token, then x."""
    token = np.broadcast_to(parameters["token"], (len(x), 1, x.shape[2]))

    def pullback(cotangent: Array) -> Cotangents:
        return Cotangents((cotangent[:, 1:],), {"token": cotangent[:, 0].sum(axis=0)})

    return Applied(np.concatenate([token, x], axis=1), pullback)


def class_token_mask(layer: ClassTokenMask, mask: Array, parameters: Leaves, mode: Mode) -> Applied:
    """1, then the mask."""
    ones = np.ones((len(mask), 1), mask.dtype)
    return without_parameters(np.concatenate([ones, mask], axis=1), lambda cotangent: cotangent[:, 1:])


LAYERS: Mapping[type[Layer], Callable[[Any, Array, Leaves, Mode], Applied]] = {
    LearnedPositions: learned_positions,
    SinusoidalPositions: sinusoidal_positions,
    Scale: scale,
    ClassToken: class_token,
    ClassTokenMask: class_token_mask,
}
