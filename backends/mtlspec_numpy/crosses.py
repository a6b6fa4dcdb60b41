"""Feature crosses: products of features."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from mtlspec.spec.crosses import Cross, DotInteraction, DotProduct, FactorizationMachine
from mtlspec.spec.layer import Layer
from mtlspec.tensors import Array
from mtlspec_numpy.pullback import Applied, Cotangents, Mode, Pullback, without_parameters

Leaves = Mapping[str, Array]


def dot_product(layer: DotProduct, sources: tuple[Array, ...], parameters: Leaves, mode: Mode) -> Applied:
    """Σ_u x_u·y_u, of both scaled to length 1 where asked for."""
    scaled = partial(_normalized, epsilon=layer.epsilon) if layer.normalize else _as_it_is
    (x, back), (y, other) = map(scaled, sources)

    def pullback(cotangent: Array) -> Cotangents:
        return Cotangents((back(cotangent * y), other(cotangent * x)), {})

    return Applied((x * y).sum(axis=-1, keepdims=True), pullback)


def _as_it_is(x: Array) -> tuple[Array, Pullback]:
    return x, lambda cotangent: cotangent


def _normalized(x: Array, epsilon: float) -> tuple[Array, Pullback]:
    """x / sqrt(max(Σ x², epsilon))."""
    square = (x * x).sum(axis=-1, keepdims=True)
    scale = 1 / np.sqrt(np.maximum(square, x.dtype.type(epsilon)))
    unit, long = x * scale, square >= epsilon

    def pullback(cotangent: Array) -> Array:
        along = (cotangent * unit).sum(axis=-1, keepdims=True) * unit
        return np.asarray(scale * (cotangent - np.where(long, along, x.dtype.type(0))))

    return unit, pullback


def dot_interaction(layer: DotInteraction, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """Σ_u x_i,u·x_j,u for each pair i > j, and i = j where asked for."""
    rows, columns = np.tril_indices(x.shape[1], 0 if layer.itself else -1)

    def pullback(cotangent: Array) -> Array:
        products = np.zeros((len(x), x.shape[1], x.shape[1]), dtype=x.dtype)
        products[:, rows, columns] = cotangent
        return (products + products.transpose(0, 2, 1)) @ x

    return without_parameters((x @ x.transpose(0, 2, 1))[:, rows, columns], pullback)


def factorization_machine(layer: FactorizationMachine, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """½·((Σ_i x_i)² - Σ_i x_i²)."""
    total = x.sum(axis=1, keepdims=True)
    pairs = 0.5 * ((total * total)[:, 0] - (x * x).sum(axis=1))
    output = pairs.sum(axis=-1, keepdims=True) if layer.pooled else pairs
    return without_parameters(output, lambda cotangent: cotangent[:, None] * (total - x))


def cross(layer: Cross, sources: tuple[Array, ...], parameters: Leaves, mode: Mode) -> Applied:
    """x_0 ⊙ (x·kernel + bias) + x."""
    x, start = sources
    names = ("kernel",) if layer.rank is None else ("down", "up")
    reached = [x]
    for name in names:
        reached.append(reached[-1] @ parameters[name])
    inner = reached[-1] + parameters["bias"] if layer.bias else reached[-1]

    def pullback(cotangent: Array) -> Cotangents:
        above = cotangent * start
        gradients = {"bias": _rows(above).sum(axis=0)} if layer.bias else {}
        for name, before in zip(reversed(names), reversed(reached[:-1]), strict=True):
            gradients[name] = _rows(before).T @ _rows(above)
            above = above @ parameters[name].T
        return Cotangents((above + cotangent, cotangent * inner), gradients)

    return Applied(start * inner + x, pullback)


def _rows(x: Array) -> Array:
    return x.reshape(-1, x.shape[-1])


LAYERS: Mapping[type[Layer], Callable[[Any, Array, Leaves, Mode], Applied]] = {
    DotInteraction: dot_interaction,
    FactorizationMachine: factorization_machine,
}
LAYERS_OF_SEVERAL: Mapping[type[Layer], Callable[[Any, tuple[Array, ...], Leaves, Mode], Applied]] = {
    DotProduct: dot_product,
    Cross: cross,
}
