"""Laws of updates that show only in particular places."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch_cases import batch, program
from torch_documents import LAYERS, Document
from torch_trainings import IDS, TRAININGS, trained

from mtlspec.backend import Program
from mtlspec.tensors import Rows, Tensors


def resting(subject: Program) -> Tensors:
    """Return a gradient of zeros."""
    return Tensors({path: np.zeros(subject.graph.by_path[path].shape) for path in subject.graph.trainable})


def test_decay_in_float32_keeps_its_rate() -> None:
    rate, decay, count = 1e-4, 0.1, 2000
    optimizer = {"kind": "adamw", "weight_decay": decay, "decay_scaled_by": "learning_rate"}
    subject = program(trained(optimizer), "torch", precision="float32")
    before, still = subject.parameters["trunk[0].kernel"], resting(subject)
    for _ in range(count):
        subject.update(along=still, statistics=Tensors(), learning_rate=rate)
    lost = 1 - subject.parameters["trunk[0].kernel"] / before
    np.testing.assert_allclose(lost.mean(), 1 - (1 - rate * decay) ** count, rtol=2e-3)


def test_velocity_survives_a_rate_of_zero() -> None:
    optimizer = {"kind": "sgd", "momentum": 0.5, "rate_applied": "into_velocity"}
    subject = program(trained(optimizer), "torch")
    path = "trunk[0].bias"
    one = Tensors({**resting(subject), path: np.ones(6)})
    start = subject.parameters[path]
    for rate, travelled in ((0.0, 0.0), (0.5, 0.5), (0.0, 0.75), (0.25, 1.125)):
        subject.update(along=one, statistics=Tensors(), learning_rate=rate)
        np.testing.assert_allclose(start - subject.parameters[path], np.full(6, travelled), rtol=1e-14)


@pytest.mark.parametrize("name", ["rows_separate_skip_adamw", "rows_skip_sgd_at_update", "rows_skip_amsgrad"])
def test_rows_that_are_skipped_keep_every_bit(name: str) -> None:
    subject = program(TRAININGS[name], "torch")
    weights = dict.fromkeys(subject.graph.tasks, 1.0)
    path = "first[0].table"
    before = subject.parameters[path]
    for start in (0, 10):
        on = batch(subject.graph, np.arange(start, start + 3))
        _, gradients, statistics = subject.value_with_gradient(on=on, weights=weights)
        subject.update(along=gradients, statistics=statistics, learning_rate=0.1)
    touched = np.zeros(IDS + 4, dtype=np.bool_)
    touched[batch(subject.graph, np.array([0, 1, 2, 10, 11, 12])).inputs["one"]] = True
    after = subject.parameters[path]
    np.testing.assert_array_equal(after[~touched], before[~touched])
    assert (after[touched] != before[touched]).any(axis=1).all()
    for slot, array in subject.state.slots.items():
        if slot.path == path:
            assert not array[~touched].any()
            assert array[touched].any(axis=1).all()


def test_occurrences_of_one_id_are_squared_apart_where_the_law_says_so() -> None:
    path = "first[0].table"
    second = {}
    for law in ("separate", "dense"):
        subject = program(TRAININGS[f"rows_{law}_adam"], "torch")
        values = np.array([[1.0, 2.0, -1.0], [3.0, 0.0, 1.0]])
        rows = Rows(np.array([4, 4]), values, IDS + 4)
        still = Tensors({**resting(subject), path: rows})
        subject.update(along=still, statistics=Tensors(), learning_rate=0.1)
        second[law] = {slot.path: a for slot, a in subject.state.slots.items() if slot.name == "second_moment"}[path]
    np.testing.assert_allclose(second["separate"][4], (1 - 0.95) * np.array([10.0, 4.0, 2.0]), rtol=1e-14)
    np.testing.assert_allclose(second["dense"][4], (1 - 0.95) * np.array([16.0, 4.0, 0.0]), rtol=1e-14)


@pytest.mark.parametrize(
    "document", [TRAININGS["adam_before_correction"], TRAININGS["adamw"], LAYERS["conv_same"]], ids=["a", "w", "c"]
)
def test_float32_is_as_exact_as_float32_can_be(document: Document) -> None:
    subject, reference = program(document, "torch", precision="float32"), program(document, "numpy")
    reference.parameters = subject.parameters
    weights = {head.task: head.weight for head in reference.graph.heads}
    _, gradients, statistics = reference.value_with_gradient(on=batch(reference.graph), weights=weights)
    for each in (subject, reference):
        each.update(along=gradients, statistics=statistics, learning_rate=0.01)
    for path, array in reference.parameters.items():
        np.testing.assert_allclose(subject.parameters[path], array, rtol=2e-7, atol=1e-7)
        assert subject.parameters[path].dtype == np.float32


def test_a_native_state_dict_carries_the_number_of_updates() -> None:
    one, other = (program(TRAININGS["adam_before_correction"], "torch") for _ in range(2))
    still = Tensors({**resting(one), "trunk[0].bias": np.ones(6)})
    for _ in range(3):
        one.update(along=still, statistics=Tensors(), learning_rate=0.1)
    other.model.load_state_dict(one.model.state_dict())
    other.optimizer.load_state_dict(copy.deepcopy(one.optimizer.state_dict()))  # it would share the slots
    for each in (one, other):
        each.update(along=still, statistics=Tensors(), learning_rate=0.1)
    np.testing.assert_array_equal(one.parameters["trunk[0].bias"], other.parameters["trunk[0].bias"])
    assert other.state.steps == (4,)
    assert all(torch.equal(p, q) for p, q in zip(one.model.parameters(), other.model.parameters(), strict=True))
