"""Randomness is named, not streamed: every number follows from a seed and a name, in every backend alike."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

MASK = 0xFFFFFFFF
STEP, ROW, ELEMENT = 0x9E3779B1, 0x85EBCA6B, 0x27D4EB2F
"""Odd constants that spread step, row and element over 32 bits."""
FIRST, SECOND = 0x21F0AAAD, 0x735A2D97
"""Multipliers of the two-round multiply-xorshift finalizer (shifts 16, 15, 15) found by hash-prospector."""


def philox(seed: int, name: str) -> np.random.Philox:
    """Return the raw bit stream of (seed, name); raw words never change with a NumPy version."""
    key = hashlib.sha256(f"{seed}:{name}".encode()).digest()[:16]
    return np.random.Philox(key=np.frombuffer(key, dtype="<u8").astype(np.uint64))


def uniform(seed: int, name: str, size: int) -> NDArray[np.float64]:
    """Return `size` numbers of U[0, 1) with 53 bits each."""
    words = np.asarray(philox(seed, name).random_raw(size), dtype=np.uint64)
    return np.asarray((words >> np.uint64(11)) * 2.0**-53, dtype=np.float64)


def normal(seed: int, name: str, size: int) -> NDArray[np.float64]:
    """Return `size` standard normal numbers, by the inverse of the distribution function."""
    from scipy.special import ndtri

    return np.asarray(ndtri(uniform(seed, name, size) + 2.0**-54), dtype=np.float64)


def permutation(seed: int, name: str, size: int) -> NDArray[np.int64]:
    """Return a permutation of 0..size-1: the stable order of the raw words of (seed, name)."""
    words = np.asarray(philox(seed, name).random_raw(size), dtype=np.uint64)
    return np.argsort(words, kind="stable").astype(np.int64)


def dropout_key(seed: int, path: str) -> int:
    """Return the 32-bit key of the dropout node at `path`."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{path}".encode()).digest()[:4], "little")


def dropout_threshold(rate: float) -> int:
    """Return the hash value from which on an element is kept."""
    return int(rate * 2**32)


def mixed(value: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the finalizer of 32-bit values held in int64; no product leaves 63 bits."""
    value = ((value ^ (value >> 16)) * FIRST) & MASK
    value = ((value ^ (value >> 15)) * SECOND) & MASK
    return value ^ (value >> 15)


def dropout_kept(
    key: int, step: int, rows: int, elements: int, rate: float, *, first_row: int = 0
) -> NDArray[np.bool_]:
    """Return which elements (rows, elements) of a batch are kept at training call `step`.

    kept = mix(mix(mix(key + step·STEP) + row·ROW) + element·ELEMENT) >= rate·2³², all modulo 2³².
    """
    at_step = mixed(np.asarray([(key + step * STEP) & MASK], dtype=np.int64))
    at_row = mixed((at_step + np.arange(first_row, first_row + rows, dtype=np.int64) * ROW) & MASK)
    at_element = mixed((at_row[:, None] + np.arange(elements, dtype=np.int64) * ELEMENT) & MASK)
    return at_element >= dropout_threshold(rate)
