"""What does not fit is refused, and changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from torch_cases import batch, dataset, program, spec_of
from torch_documents import LOSSES
from torch_trainings import tables

from mtlspec.backend import Gradients, Program, ProgramState, Slot, Statistics
from mtlspec.errors import DataError
from mtlspec.spec.losses import SoftmaxCrossEntropy
from mtlspec.tensors import Array, Rows, Tensors

DOCUMENT = tables("adam", untouched_rows="skip")
TABLE = "first[0].table"


def everything(subject: Program) -> tuple[Tensors, Mapping[Slot, Array], tuple[int, ...]]:
    state = subject.state
    return subject.parameters, state.slots, state.steps


def assert_unchanged(subject: Program, before: tuple[Tensors, Mapping[Slot, Array], tuple[int, ...]]) -> None:
    parameters, slots, steps = before
    now = everything(subject)
    assert all((now[0][path] == array).all() for path, array in parameters.items())
    assert all((now[1][slot] == array).all() for slot, array in slots.items())
    assert now[2] == steps


@pytest.mark.parametrize(
    ("field", "name", "value"),
    [
        ("inputs", "one", np.full(10, 10)),
        ("inputs", "one", np.zeros(10)),
        ("inputs", "x", np.zeros((10, 4))),
        ("targets", "mass", np.zeros(10)),
        ("targets", "species", np.full(10, 9)),
        ("weights", "mass", np.ones((10, 1))),
        ("denominators", "mass", 0.0),
    ],
)
def test_a_batch_that_does_not_fit_is_refused(field: str, name: str, value: Any) -> None:
    subject = program(DOCUMENT, "torch")
    on = replace(good := batch(subject.graph), **{field: {**getattr(good, field), name: value}})
    weights = dict.fromkeys(subject.graph.tasks, 1.0)
    with pytest.raises(DataError, match=f"'{name}'.*: expected .*, found"):
        subject.losses(on=on)
    with pytest.raises(DataError, match=f"'{name}'.*: expected .*, found"):
        subject.value_with_gradient(on=on, weights=weights)
    if field == "inputs":
        with pytest.raises(DataError, match=f"'{name}'.*: expected .*, found"):
            subject.outputs(on.inputs)
    if field != "denominators":
        data = dataset(subject.graph, 10)
        wrong = replace(data, **{field: {**getattr(data, field), name: value}})
        with pytest.raises(DataError, match=f"'{name}'.*: expected .*, found"):
            subject.place(wrong)


def test_a_task_without_a_weight_is_named() -> None:
    subject = program(DOCUMENT, "torch")
    with pytest.raises(ValueError, match="absent: mass"):
        subject.value_with_gradient(on=batch(subject.graph), weights={"species": 1.0})


@pytest.mark.parametrize(
    ("entries", "statistics", "phase", "message"),
    [
        ({}, {}, 1, "expected a phase from 0 to 0, found 1"),
        ({TABLE: np.zeros(3)}, {}, 0, r"expected a gradient of shape \(10, 3\)"),
        ({TABLE: Rows(np.array([10]), np.zeros((1, 3)), 10)}, {}, 0, "expected ids from 0 to 9"),
        ({}, {"trunk[9].step": np.zeros(())}, 0, "no parameter"),
        ({}, {TABLE: np.zeros((10, 3))}, 0, "is no statistic"),
    ],
)
def test_an_update_that_does_not_fit_changes_nothing(entries: Any, statistics: Any, phase: int, message: str) -> None:
    subject = program(DOCUMENT, "torch")
    found = subject.value_with_gradient(on=batch(subject.graph), weights=dict.fromkeys(subject.graph.tasks, 1.0))
    before = everything(subject)
    with pytest.raises(ValueError, match=message):
        subject.update(
            along=Gradients({**found.gradients, **entries}),
            statistics=Statistics({**found.statistics, **statistics}),
            learning_rate=0.1,
            phase=phase,
        )
    assert_unchanged(subject, before)


def test_a_state_that_does_not_fit_changes_nothing() -> None:
    subject = program(DOCUMENT, "torch")
    before, state = everything(subject), subject.state
    slot = Slot(0, "first_moment", TABLE)
    for wrong in (ProgramState({}, (1,)), ProgramState({**state.slots, slot: np.ones(2)}, (1,))):
        with pytest.raises(ValueError, match=r"expected .*, found"):
            subject.state = wrong
    assert_unchanged(subject, before)


def test_targets_that_are_numbers_may_be_whole() -> None:
    checked = 0
    for document in LOSSES.values():
        losses = [task.loss for task in spec_of(document).tasks]
        if any(isinstance(loss, SoftmaxCrossEntropy) and loss.targets == "integer" for loss in losses):
            continue
        subject = program(document, "torch")
        on = batch(subject.graph)
        whole = {task: np.ones_like(array, dtype=np.int64) for task, array in on.targets.items()}
        numbers = {task: array.astype(np.float64) for task, array in whole.items()}
        expected = subject.losses(on=replace(on, targets=numbers))
        assert subject.losses(on=replace(on, targets=whole)) == expected
        checked += 1
    assert checked >= 4
