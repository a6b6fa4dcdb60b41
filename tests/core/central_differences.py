"""Slopes by central differences: what a pullback is held against."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from mtlspec.randomness import normal, uniform
from mtlspec.tensors import Array, Rows, dense

STEP = 2.0**-11
"""Five points leave an error of STEP⁴/30 times the fifth derivative (2e-15), and rounding of 1e-16 / STEP (2e-13)."""
TOLERANCE = 1e-9


def slopes(function: Callable[[Mapping[str, Array]], float], at: Mapping[str, Array], of: str) -> Array:
    """Return the derivative of `function` by each element of the argument `of`, from five points."""
    point, found = np.array(at[of], dtype=np.float64), np.zeros(np.shape(at[of]))

    def value(index: tuple[int, ...], shift: float) -> float:
        moved = point.copy()
        moved[index] += shift
        return function({**at, of: moved})

    for index in np.ndindex(*point.shape):
        near = value(index, STEP) - value(index, -STEP)
        far = value(index, 2 * STEP) - value(index, -2 * STEP)
        found[index] = (8 * near - far) / (12 * STEP)
    return found


def assert_gradients(
    gradients: Mapping[str, Array | Rows],
    *,
    of: Callable[[Mapping[str, Array]], float],
    at: Mapping[str, Array],
) -> None:
    """Assert that `gradients` are the slopes of the function `of`, each on the scale of the largest of them.

    Raises:
        AssertionError: one is not; the message names it.
    """
    found = {name: slopes(of, at, name) for name in gradients}
    scale = max([1e-3, *(float(np.abs(slope).max(initial=0)) for slope in found.values())])
    for name, gradient in gradients.items():
        array = dense(gradient)
        assert array.shape == found[name].shape, f"{name}: shape {array.shape}, expected {found[name].shape}"
        apart = float(np.abs(array - found[name]).max(initial=0)) / scale
        assert apart < TOLERANCE, f"{name}: {apart:.1e} from the slope"


def numbers(name: str, *shape: int) -> Array:
    """Return standard normal numbers that follow from `name` alone."""
    return normal(7, name, int(np.prod(shape))).reshape(shape)


def indices(name: str, below: int, *shape: int) -> Array:
    """Return integers from 0 to `below` - 1 that follow from `name` alone."""
    return (uniform(7, name, int(np.prod(shape))) * below).astype(np.int64).reshape(shape)
