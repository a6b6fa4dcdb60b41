"""The tape: arrays that remember what they were made of, and the way back."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from mtlspec.tensors import Array

Pull = Callable[[Array], Array]


class Recorded:
    """An array, and for each array that it was made of how a gradient passes on to it."""

    def __init__(self, array: Array, *sources: tuple[Recorded, Pull]) -> None:
        self.array, self.sources = array, sources

    def __add__(self, other: Recorded) -> Recorded:
        a, b = self.array, other.array
        return Recorded(a + b, (self, lambda g: _fitted(g, a)), (other, lambda g: _fitted(g, b)))

    def __sub__(self, other: Recorded) -> Recorded:
        return self + other.scaled(-1)

    def __mul__(self, other: Recorded) -> Recorded:
        a, b = self.array, other.array
        return Recorded(a * b, (self, lambda g: _fitted(g * b, a)), (other, lambda g: _fitted(g * a, b)))

    def __matmul__(self, kernel: Recorded) -> Recorded:
        x, k = self.array, kernel.array

        def to_kernel(g: Array) -> Array:
            return x.reshape(-1, x.shape[-1]).T @ g.reshape(-1, g.shape[-1])

        return Recorded(x @ k, (self, lambda g: g @ k.T), (kernel, to_kernel))

    def scaled(self, factor: float) -> Recorded:
        return Recorded(self.array * factor, (self, lambda g: g * factor))

    def mapped(self, values: Array, slopes: Array) -> Recorded:
        """Return a function of each element, given its values and slopes."""
        return Recorded(values, (self, lambda g: g * slopes))

    def summed(self, axis: int | None = None) -> Recorded:
        """Return the sum over an axis, which stays with length 1, or over everything."""
        total = self.array.sum(axis=axis, keepdims=axis is not None)
        return Recorded(total, (self, lambda g: np.broadcast_to(g, self.array.shape)))


def gradients(of: Recorded, to: Sequence[Recorded]) -> list[Array]:
    """Return the gradient of the number `of` to each of `to`; zeros where nothing leads there."""
    arrived = {id(of): np.ones_like(of.array)}
    for recorded in reversed(_in_order(of)):
        for source, pull in recorded.sources:
            gradient = pull(arrived[id(recorded)])
            arrived[id(source)] = arrived[id(source)] + gradient if id(source) in arrived else gradient
    return [np.array(arrived.get(id(each), np.zeros_like(each.array))) for each in to]


def _in_order(last: Recorded) -> list[Recorded]:
    """Return everything that `last` was made of, sources first."""
    done: dict[int, Recorded] = {}

    def visit(recorded: Recorded) -> None:
        if id(recorded) not in done:
            for source, _ in recorded.sources:
                visit(source)
            done[id(recorded)] = recorded

    visit(last)
    return list(done.values())


def _fitted(gradient: Array, array: Array) -> Array:
    """Return the gradient of an array that was broadcast: the sum over what it was repeated for."""
    gradient = gradient.sum(axis=tuple(range(gradient.ndim - array.ndim)))
    repeated = tuple(axis for axis, size in enumerate(array.shape) if size == 1)
    return gradient.sum(axis=repeated, keepdims=True)
