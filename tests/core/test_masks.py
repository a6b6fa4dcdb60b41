"""Masks say which positions count."""

from __future__ import annotations

import numpy as np
import pytest
from mtlspec_numpy.layers import applied
from mtlspec_numpy.pullback import Mode

import mtlspec as mtl
from mtlspec.spec.masks import LengthMask, PaddingMask
from mtlspec.spec.signature import ShapeError

MODE = Mode(training=False)


def test_a_padding_mask_is_1_where_an_id_is_none_of_padding() -> None:
    found = applied(PaddingMask(padding=2), [np.array([[2, 0, 3], [2, 2, 2]])], {}, MODE)
    assert found.output.tolist() == [[0, 1, 1], [0, 0, 0]]


def test_a_length_mask_is_1_at_the_first_positions() -> None:
    lengths, sequence = np.array([0, 1, 3, 9]), np.zeros((4, 3, 2))
    found = applied(LengthMask(along="x"), [lengths, sequence], {}, MODE)
    assert found.output.tolist() == [[0, 0, 0], [1, 0, 0], [1, 1, 1], [1, 1, 1]]


def test_a_length_mask_needs_one_length_and_a_sequence() -> None:
    layer = LengthMask(along="x")
    assert layer.signature_with((), (None, 3)).shape == (None,)
    with pytest.raises(ShapeError, match=r"one length for each example, the shape \(\), found \(2,\)"):
        layer.signature_with((2,), (4, 3))
    with pytest.raises(ShapeError, match="a sequence in 'x'"):
        layer.signature_with((), ())


def test_a_layer_that_names_an_unknown_tensor_says_so() -> None:
    with pytest.raises(ValueError, match="length_mask reads an unknown input or block 'xs'; did you mean 'x'"):
        mtl.Spec.model_validate(
            {
                "mtlspec": 1,
                "inputs": [{"name": "x", "shape": [3, 2]}, {"name": "n", "dtype": "integer"}],
                "blocks": [{"name": "m", "inputs": ["n"], "layers": [{"kind": "length_mask", "along": "xs"}]}],
                "tasks": [{"name": "y", "inputs": ["m"], "loss": "squared_error"}],
            }
        )
