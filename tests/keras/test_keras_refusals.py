"""What does not fit is refused, and changes nothing."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from keras_cases import DENSE, dataset, document, first_batch, furthest, pair, with_words

from mtlspec.backend import Gradients, ProgramState, Slot, Statistics
from mtlspec.errors import DataError
from mtlspec.registry import compile
from mtlspec.spec import Spec
from mtlspec.tensors import Rows

SPEC = Spec.model_validate(with_words("adam", untouched_rows="skip"))
TABLE = "meaning[0].table"


@pytest.fixture(scope="module")
def subject() -> Any:
    """One program for all refusals: none of them changes it."""
    return pair(SPEC)[0]


@pytest.mark.parametrize(
    ("field", "name", "value"),
    [
        ("inputs", "words", np.full((8, 3), 9)),
        ("inputs", "words", np.zeros((8, 3))),
        ("inputs", "x", np.zeros((8, 3))),
        ("targets", "mass", np.zeros(8)),
        ("targets", "species", np.full(8, 3)),
        ("weights", "mass", np.ones((8, 1))),
        ("denominators", "mass", 0.0),
    ],
)
def test_a_batch_that_does_not_fit_is_refused(subject: Any, field: str, name: str, value: Any) -> None:
    data = dataset(SPEC, 8)
    good = first_batch(SPEC, data)
    on = replace(good, **{field: {**getattr(good, field), name: value}})
    with pytest.raises(DataError, match=f"'{name}'.*: expected .*, found"):
        subject.losses(on=on)
    with pytest.raises(DataError, match=f"'{name}'.*: expected .*, found"):
        subject.value_with_gradient(on=on, weights=SPEC.weights)
    if field == "inputs":
        with pytest.raises(DataError, match=f"'{name}'.*: expected .*, found"):
            subject.outputs(on.inputs)
    if field != "denominators":
        with pytest.raises(DataError, match=f"'{name}'.*: expected .*, found"):
            subject.place(replace(data, **{field: {**getattr(data, field), name: value}}))


def test_a_task_without_a_weight_is_named(subject: Any) -> None:
    with pytest.raises(ValueError, match="absent: mass"):
        subject.value_with_gradient(on=first_batch(SPEC, dataset(SPEC, 8)), weights={"species": 1.0})


@pytest.mark.parametrize(
    ("entries", "statistics", "phase", "message"),
    [
        ({}, {}, 1, "expected a phase from 0 to 0, found 1"),
        ({TABLE: np.zeros(3)}, {}, 0, r"expected a gradient of shape \(9, 4\)"),
        ({TABLE: Rows(np.array([9]), np.zeros((1, 4)), 9)}, {}, 0, "expected ids from 0 to 8"),
        ({}, {"trunk[9].step": np.zeros(())}, 0, "no parameter"),
        ({}, {TABLE: np.zeros((9, 4))}, 0, "is no statistic"),
    ],
)
def test_an_update_that_does_not_fit_changes_nothing(
    subject: Any, entries: Any, statistics: Any, phase: int, message: str
) -> None:
    found = subject.value_with_gradient(on=first_batch(SPEC, dataset(SPEC, 8)), weights=SPEC.weights)
    parameters, state = subject.parameters, subject.state
    along = Gradients({**found.gradients, **entries})
    with pytest.raises(ValueError, match=message):
        subject.update(along=along, statistics=Statistics(statistics), learning_rate=0.1, phase=phase)
    assert furthest(subject.parameters, parameters) == 0
    assert furthest(subject.state.slots, state.slots) == 0
    assert subject.state.steps == state.steps


def test_a_state_that_does_not_fit_changes_nothing(subject: Any) -> None:
    state = subject.state
    slot = Slot(0, "first_moment", TABLE)
    for wrong in (ProgramState({}, (1,)), ProgramState({**state.slots, slot: np.ones(2)}, (1,))):
        with pytest.raises(ValueError, match=r"expected .*, found"):
            subject.state = wrong
    assert furthest(subject.state.slots, state.slots) == 0
    assert subject.state.steps == state.steps == (0,)


def test_compiling_leaves_the_global_streams_of_random_numbers_alone() -> None:
    image = document({"kind": "conv2d", "filters": 2, "kernel_size": 3}, "flatten", DENSE, shape=(5, 5, 1))
    before = random.getstate(), np.random.get_state()[1].tolist()  # type: ignore[index, union-attr]
    for spec in (SPEC, Spec.model_validate(image)):
        compile(spec, backend="keras")
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before  # type: ignore[index, union-attr]
