"""The mask of dropout is the hash, bit by bit, and every training call advances its step."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from mtlspec_torch import HashDropout
from torch_cases import batch, program
from torch_documents import LAYERS

from mtlspec.randomness import dropout_kept, dropout_key


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 0.999])
@pytest.mark.parametrize("shape", [(1, 1), (32, 64), (3, 4, 5, 2), (70000, 1)])
def test_the_mask_is_that_of_the_host(rate: float, shape: tuple[int, ...]) -> None:
    key = dropout_key(7, "trunk[2]")
    module = HashDropout(rate, key=key)
    for step in (0, 1, 2, 1_000_003, 2**40 + 5):
        module.step.fill_(step)
        found = module(torch.ones(shape, dtype=torch.float64)).numpy()
        kept = dropout_kept(key, step, shape[0], int(np.prod(shape[1:])), rate).reshape(shape)
        np.testing.assert_array_equal(found, np.where(kept, 1 / (1 - rate), 0.0))
        assert int(module.step) == step + 1


def test_inference_drops_nothing_and_counts_nothing() -> None:
    module = HashDropout(0.5, key=1).eval()
    x = torch.arange(6.0).reshape(2, 3)
    assert module(x) is x
    assert int(module.step) == 0


def test_a_training_call_advances_the_step_and_a_look_returns_it_advanced() -> None:
    subject = program(LAYERS["dropout"], "torch")
    on = batch(subject.graph)
    statistics = subject.value_with_gradient(on=on, weights={"species": 1.0, "mass": 1.0}).statistics
    assert {path: int(step) for path, step in statistics.items()} == {"trunk[1].step": 4, "trunk[3].step": 4}
    assert int(subject.parameters["trunk[1].step"]) == 3
    subject.model.train()({"x": torch.zeros(2, 5, dtype=torch.float64)})
    assert int(subject.parameters["trunk[1].step"]) == 4
