"""Arrays from whatever a user hands over: numbers, of one length, of the declared shape."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mtlspec.errors import DataError
from mtlspec.spec.signature import Shape, fits
from mtlspec.tensors import Array

Where = Callable[[int], str]
"""Names the place of an example, by its position."""


def example(position: int) -> str:
    """Return the place of an example that came in an array."""
    return f"example {position}"


def at_position(index: Array) -> str:
    """Return which position of its example an index (example, *position) means; nothing where there is only one."""
    return f", position {', '.join(map(str, index[1:]))}" if len(index) > 1 else ""


def numbers(value: object, what: str) -> Array:
    """Return `value` as an array of float64 or int64; None becomes NaN.

    Raises:
        DataError: it holds text or other objects, or its rows differ in length.
    """
    try:
        array = np.asarray(value)
    except ValueError:
        raise DataError(f"{what}: expected an array, found rows of different lengths") from None
    if array.dtype.kind == "O":
        array = _from_objects(array, what)
    if array.dtype.kind in "biu":
        return array.astype(np.int64)
    if array.dtype.kind != "f":
        found = f", such as {array.flat[0].item()!r}" if array.size else ""
        raise DataError(f"{what}: expected numbers, found {array.dtype}{found}; encode it first")
    return array.astype(np.float64)


def _from_objects(array: Array, what: str) -> NDArray[np.float64]:
    result = np.empty(array.size)
    for index, item in enumerate(array.flat):
        if item is None:
            result[index] = np.nan
        elif isinstance(item, int | float | np.number | np.bool_):
            result[index] = item
        else:
            raise DataError(f"{what}: expected numbers, found {item!r}; encode it first")
    return result.reshape(array.shape)


def whole(array: Array, what: str, where: Where) -> NDArray[np.int64]:
    """Return numbers as int64.

    Raises:
        DataError: one is not a whole number.
    """
    if array.dtype.kind == "i":
        return array
    broken = ~np.isfinite(array) | (array != np.rint(array))
    if broken.any():
        place = np.argwhere(broken)[0]
        found = array[tuple(place)]
        raise DataError(f"{what}, {where(int(place[0]))}: expected a whole number, found {found:g}")
    return array.astype(np.int64)


def shaped(array: Array, shape: Shape, what: str, hint: str = "") -> Array:
    """Return `array` as (N, *shape); a last axis of 1 may be there or not, as in (N,) and (N, 1).

    Raises:
        DataError: it has another shape.
    """
    if (array.ndim and array.shape[1:] != shape and (*array.shape[1:], 1) == shape) or array.shape[1:] == (*shape, 1):
        array = array.reshape(len(array), *shape)
    if array.ndim == 0 or not fits(array.shape[1:], shape):
        expected = ", ".join(["N", *("any" if n is None else str(n) for n in shape)]) + ("," if not shape else "")
        raise DataError(f"{what}: expected the shape ({expected}), found {array.shape}{hint}")
    return array


def finite(array: Array, what: str, where: Where) -> Array:
    """Return `array`.

    Raises:
        DataError: a number in it is NaN or infinite.
    """
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        place = np.argwhere(~np.isfinite(array))[0]
        element = f", element {list(map(int, place[1:]))}" if len(place) > 1 else ""
        raise DataError(
            f"{what}, {where(int(place[0]))}{element}: expected a finite number, found {array[tuple(place)]}; "
            "leave the example out or fill the number in"
        )
    return array
