"""Links: outputs that mean the same prediction in two forms: logits and probabilities, (B, 1) and (B,)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from mtlspec.tensors import Array
from mtlspec_conformance.witness.noise import scaled

SUM_IS_ONE = 1e-5


def softmax(logits: Array) -> Array:
    """exp(z) / Σ exp(z) over the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def sigmoid(logits: Array) -> Array:
    """1 / (1 + exp(-z)), without overflow."""
    return np.asarray(np.where(logits >= 0, 1.0, np.exp(-np.abs(logits))) / (1.0 + np.exp(-np.abs(logits))))


def alike(found: Array, expected: Array) -> Array:
    """Return `found` in the shape of `expected` where they differ by axes of size 1 or by where the channels are."""
    if found.shape == expected.shape:
        return found
    if _squeezed(found.shape) == _squeezed(expected.shape):
        return found.reshape(expected.shape)
    if found.ndim > 2 and np.moveaxis(found, 1, -1).shape == expected.shape:
        return np.moveaxis(found, 1, -1)
    return found


def linked(found: Array, expected: Array, peak: float) -> tuple[float, Array, Array]:
    """Return the error of two outputs of a task, and both in the form in which they are closest."""
    found = alike(found, expected)
    options = [(scaled(found, expected, peak), found, expected)]
    if found.shape == expected.shape and np.all(np.isfinite(found)) and np.all(np.isfinite(expected)):
        for link in _links(probabilities=expected, logits=found):
            options.append((scaled(link(found), expected, 1.0), link(found), expected))
        for link in _links(probabilities=found, logits=expected):
            options.append((scaled(found, link(expected), 1.0), found, link(expected)))
    return min(options, key=lambda option: option[0])


def _links(*, probabilities: Array, logits: Array) -> Iterator[Callable[[Array], Array]]:
    if np.all(probabilities >= 0) and np.all(probabilities <= 1) and not np.array_equal(probabilities, logits):
        yield sigmoid
        if probabilities.ndim > 1 and np.allclose(probabilities.sum(axis=-1), 1.0, atol=SUM_IS_ONE):
            yield softmax


def _squeezed(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(size for size in shape if size != 1)
