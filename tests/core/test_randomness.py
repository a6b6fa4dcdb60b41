"""Named randomness: test vectors that hold for ever, and the statistics of the dropout hash."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from mtlspec.randomness import dropout_kept, dropout_key, normal, permutation, uniform

UNIFORM = [0.7546464938977104, 0.477285166521889]
PERMUTATION = [4, 3, 0, 2, 7, 6, 5, 1]
KEY = 259362746
BITS = ["0100111000000001", "1101011000000010"]
"""Written down once: a change here would change every published run."""


def test_uniform_numbers_are_the_high_bits_of_philox() -> None:
    key = np.frombuffer(hashlib.sha256(b"7:trunk[0].kernel").digest()[:16], dtype="<u8")
    expected = np.random.Generator(np.random.Philox(key=key)).random(5)
    assert np.array_equal(uniform(7, "trunk[0].kernel", 5), expected)


def test_vectors_of_the_named_streams() -> None:
    assert uniform(0, "a", 2).tolist() == UNIFORM
    assert permutation(0, "order of epoch 0", 8).tolist() == PERMUTATION
    assert sorted(permutation(3, "b", 100).tolist()) == list(range(100))
    assert abs(normal(0, "c", 100_000).std() - 1) < 0.01


def mixed(value: int) -> int:
    """The finalizer in Python's own integers."""
    mask = 0xFFFFFFFF
    value = ((value ^ value >> 16) * 0x21F0AAAD) & mask
    value = ((value ^ value >> 15) * 0x735A2D97) & mask
    return value ^ value >> 15


@pytest.mark.parametrize(("step", "first_row"), [(0, 0), (1, 0), (2**31 - 1, 0), (5, 1000)])
def test_the_dropout_mask_in_plain_integers(step: int, first_row: int) -> None:
    mask, key = 0xFFFFFFFF, dropout_key(3, "trunk[1]")
    kept = dropout_kept(key, step, 4, 6, 0.3, first_row=first_row)
    for row in range(4):
        for element in range(6):
            value = mixed((key + step * 0x9E3779B1) & mask)
            value = mixed((value + (first_row + row) * 0x85EBCA6B) & mask)
            value = mixed((value + element * 0x27D4EB2F) & mask)
            assert kept[row, element] == (value >= int(0.3 * 2**32))


def test_vectors_of_the_dropout_mask() -> None:
    assert dropout_key(0, "trunk[1]") == KEY
    bits = dropout_kept(dropout_key(0, "trunk[1]"), 2, 2, 16, 0.5).astype(int)
    assert ["".join(map(str, row)) for row in bits] == BITS


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_masks_of_steps_nodes_rows_and_elements_are_uncorrelated(rate: float) -> None:
    steps, rows, elements = 200, 32, 64
    nodes = [dropout_key(0, f"trunk[{index}]") for index in range(2)]
    kept = np.stack([[dropout_kept(k, s, rows, elements, rate) for s in range(steps)] for k in nodes]).astype(float)
    centred = (kept - (1 - rate)) / (rate * (1 - rate)) ** 0.5
    error = (centred[0].size) ** -0.5
    assert abs(centred.mean()) < 4 * error
    pairs = {
        "nodes": (centred[0], centred[1]),
        "steps": (centred[0, 1:], centred[0, :-1]),
        "rows": (centred[0, :, 1:], centred[0, :, :-1]),
        "elements": (centred[0, :, :, 1:], centred[0, :, :, :-1]),
        "diagonal": (centred[0, 1:, 1:, 1:], centred[0, :-1, :-1, :-1]),
    }
    for name, (one, other) in pairs.items():
        assert abs((one * other).mean()) < 4.5 * error, name
    for axis in range(3):
        means = centred[0].mean(axis=tuple(other for other in range(3) if other != axis))
        count = centred[0].size / means.size
        assert np.abs(means).max() < 5 * count**-0.5


def test_rate_zero_keeps_everything() -> None:
    assert dropout_kept(1, 0, 8, 8, 0.0).all()
