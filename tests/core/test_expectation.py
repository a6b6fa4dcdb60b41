"""What programs expect: everything that does not fit is named, with what was expected, and nothing has changed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from documents import document
from mtlspec_numpy import NumpyProgram
from programs import batch_of, program_of

from mtlspec.backend import Gradients, ProgramState, Slot, Statistics
from mtlspec.batch import Batch, Dataset
from mtlspec.errors import DataError
from mtlspec.expectation import (
    expect_batch,
    expect_examples,
    expect_inputs,
    expect_state,
    expect_task_weights,
    slot_shapes,
)
from mtlspec.graph import lower
from mtlspec.spec import Spec
from mtlspec.tensors import Array, Rows, Tensors

PROBABILITIES = {"kind": "softmax_cross_entropy", "targets": "probabilities"}
DOCUMENT: dict[str, Any] = {
    "inputs": [{"name": "x", "shape": [3]}, {"name": "ids", "shape": [2], "dtype": "integer"}],
    "blocks": [
        {
            "name": "words",
            "inputs": ["ids"],
            "layers": [{"kind": "embedding", "rows": 5, "units": 2, "untouched_rows": "skip"}, "flatten"],
        },
        {"name": "narrow", "inputs": ["ids"], "layers": [{"kind": "embedding", "rows": 4, "units": 1}, "flatten"]},
        {
            "name": "trunk",
            "inputs": ["x", "words", "narrow"],
            "layers": [{"kind": "dense", "units": 3}, "batch_normalization", {"kind": "dropout", "rate": 0.5}],
        },
    ],
    "tasks": [
        {"name": "kind", "head": [{"kind": "dense", "units": 3}], "loss": "softmax_cross_entropy"},
        {"name": "share", "head": [{"kind": "dense", "units": 2}], "loss": PROBABILITIES},
        {"name": "flags", "head": [{"kind": "dense", "units": 2}], "loss": "sigmoid_cross_entropy"},
        {"name": "size", "head": [{"kind": "dense", "units": 1}], "loss": "squared_error"},
    ],
    "training": {"optimizer": {"kind": "adam", "amsgrad": True}, "phases": "per_task"},
}
TABLE, KERNEL, MEAN = "words[0].table", "trunk[0].kernel", "trunk[1].running_mean"


def program() -> NumpyProgram:
    return program_of(DOCUMENT)


def fitting(size: int = 5) -> Batch:
    batch = batch_of(program().graph, size)
    return replace(batch, targets={**batch.targets, "share": np.full((size, 2), 0.5)})


WRONG: dict[str, tuple[str, str, Any, str]] = {
    "absent input": ("inputs", "ids", None, r"inputs: expected input 'ids', found 'x'"),
    "shape": ("inputs", "x", np.zeros((5, 4)), r"input 'x': expected the shape \(B, 3\), found \(5, 4\)"),
    "no batch": ("inputs", "x", np.zeros(()), r"input 'x': expected the shape \(B, 3\), found \(\)"),
    "length": ("inputs", "ids", np.zeros((4, 2), np.int64), r"input 'ids': expected 5 examples, .*, found 4"),
    "text": ("inputs", "x", np.full((5, 3), "a"), r"input 'x': expected numbers, found <U1"),
    "float ids": ("inputs", "ids", np.zeros((5, 2)), r"input 'ids': expected integers, found float64"),
    "id below 0": ("inputs", "ids", np.full((5, 2), -1), r"input 'ids': expected an id from 0 to 3, .*, found -1"),
    "id of the larger table": ("inputs", "ids", np.full((5, 2), 4), r"'ids': expected an id from 0 to 3, .*, found 4"),
    "absent task": ("targets", "size", None, r"targets: expected task 'size', found 'kind', 'share', 'flags'"),
    "classes in a column": (
        "targets",
        "kind",
        np.zeros((5, 1), np.int64),
        r"'kind', targets: .* \(B,\), found \(5, 1\)",
    ),
    "float classes": ("targets", "kind", np.zeros(5), r"task 'kind', targets: expected integers, found float64"),
    "class": ("targets", "kind", np.full(5, 3), r"task 'kind', targets: expected a class from 0 to 2, found 3"),
    "class below 0": ("targets", "kind", np.full(5, -1), r"task 'kind', targets: expected a class .*, found -1"),
    "one class each": ("targets", "share", np.zeros(5), r"task 'share', targets: .* shape \(B, 2\), found \(5,\)"),
    "labels": ("targets", "flags", np.zeros((5, 3)), r"task 'flags', targets: .* shape \(B, 2\), found \(5, 3\)"),
    "flat numbers": ("targets", "size", np.zeros(5), r"task 'size', targets: .* shape \(B, 1\), found \(5,\)"),
    "few targets": ("targets", "size", np.zeros((4, 1)), r"task 'size', targets: expected 5 examples, .*, found 4"),
    "absent weights": ("weights", "kind", None, r"weights: expected task 'kind', found 'share', 'flags', 'size'"),
    "weights": ("weights", "kind", np.ones((5, 1)), r"task 'kind', weights: .* shape \(B,\), found \(5, 1\)"),
    "absent denominator": ("denominators", "size", None, r"denominators: expected task 'size', found"),
    "zero": ("denominators", "size", 0.0, r"task 'size', denominator: .* above 0, found 0"),
    "negative": ("denominators", "size", -1.0, r"task 'size', denominator: .* above 0, found -1"),
    "not a number": ("denominators", "size", float("nan"), r"task 'size', denominator: .* above 0, found nan"),
    "infinite": ("denominators", "size", float("inf"), r"task 'size', denominator: .* above 0, found inf"),
}


def spoiled(batch: Batch, field: str, name: str, value: Any) -> Batch:
    kept = {key: entry for key, entry in getattr(batch, field).items() if key != name}
    order = {key: value if key == name else kept[key] for key in getattr(batch, field) if key == name or key in kept}
    return replace(batch, **{field: kept if value is None else order})


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_batch_that_does_not_fit_is_refused(wrong: tuple[str, str, Any, str]) -> None:
    field, name, value, message = wrong
    found = program()
    batch = spoiled(fitting(), field, name, value)
    weights = dict.fromkeys(found.graph.tasks, 1.0)
    with pytest.raises(DataError, match=message):
        found.losses(on=batch)
    with pytest.raises(DataError, match=message):
        found.value_with_gradient(on=batch, weights=weights)
    if field == "inputs":
        with pytest.raises(DataError, match=message):
            found.outputs(batch.inputs)
    if field != "denominators":
        with pytest.raises(DataError, match=message):
            found.place(Dataset(batch.inputs, batch.targets, batch.weights, {}))


def test_what_fits_is_accepted() -> None:
    graph, batch = program().graph, fitting()
    expect_batch(graph, batch)
    expect_examples(graph, Dataset(batch.inputs, batch.targets, batch.weights, {}))
    assert expect_inputs(graph, {**batch.inputs, "more": np.zeros(1)}) == 5
    integers: dict[str, Array] = {"x": np.zeros((5, 3), np.int32), "ids": np.zeros((5, 2), np.uint8)}
    whole: dict[str, Array] = {"share": np.tile([0, 1], (5, 1)), "flags": np.ones((5, 2), np.bool_)}
    expect_batch(graph, replace(batch, inputs=integers, targets={**batch.targets, **whole}))


def test_whole_numbers_count_as_numbers_where_targets_are_numbers() -> None:
    found, batch = program(), fitting()
    whole: dict[str, Array] = {"share": np.tile([0, 1], (5, 1)), "flags": np.ones((5, 2), np.int64)}
    numbers = {task: array.astype(np.float64) for task, array in whole.items()}
    one, other = (found.losses(on=replace(batch, targets={**batch.targets, **t})) for t in (whole, numbers))
    assert one == other


def test_a_task_without_a_weight_is_named() -> None:
    found = program()
    with pytest.raises(ValueError, match="a weight for each of the tasks kind, share, flags, size; absent: size"):
        found.value_with_gradient(on=fitting(), weights={"kind": 1.0, "share": 1.0, "flags": 1.0})


def rows(ids: list[int], values: Array | None = None, count: int = 5) -> Rows:
    return Rows(np.asarray(ids, np.int64), np.ones((len(ids), 2)) if values is None else values, count)


UPDATES: dict[str, tuple[dict[str, Any], dict[str, Any], int, str]] = {
    "phase above": ({}, {}, 4, "expected a phase from 0 to 3, found 4"),
    "phase below": ({}, {}, -1, "expected a phase from 0 to 3, found -1"),
    "no gradient": ({KERNEL: None}, {}, 0, r"expected a gradient for trunk\[0\].kernel; give zeros"),
    "gradient": ({KERNEL: np.zeros((3, 9))}, {}, 0, r"of shape \(9, 3\) for trunk\[0\].kernel, found \(3, 9\)"),
    "values": ({TABLE: rows([0, 1], np.zeros((2, 3)))}, {}, 0, r"5 rows with ids \(n,\) and values \(n, 2\) for words"),
    "ids": ({TABLE: rows([0], np.zeros((2, 2)))}, {}, 0, r"found 5 rows with ids \(1,\) and values \(2, 2\)"),
    "count": ({TABLE: rows([0], count=4)}, {}, 0, r"for words\[0\].table, found 4 rows"),
    "id above": ({TABLE: rows([1, 5])}, {}, 0, r"expected ids from 0 to 4 for words\[0\].table, found 1 to 5"),
    "id below": ({TABLE: rows([-1])}, {}, 0, r"expected ids from 0 to 4 for words\[0\].table, found -1 to -1"),
    "unknown": ({}, {"trunk[9].step": np.zeros(())}, 0, r"no parameter 'trunk\[9\].step'; the model has words"),
    "statistic": ({}, {MEAN: np.zeros(2)}, 0, r"expected shape \(3,\) for trunk\[1\].running_mean, found \(2,\)"),
    "trained": ({}, {KERNEL: np.zeros((9, 3))}, 0, r"trunk\[0\].kernel is no statistic, but trainable"),
}


@pytest.mark.parametrize("wrong", UPDATES.values(), ids=UPDATES)
def test_an_update_that_does_not_fit_changes_nothing(wrong: tuple[dict[str, Any], dict[str, Any], int, str]) -> None:
    entries, statistics, phase, message = wrong
    found = program()
    weights = dict.fromkeys(found.graph.tasks, 1.0)
    _, gradients, new = found.value_with_gradient(on=fitting(), weights=weights)
    along = Gradients({path: entry for path, entry in {**gradients, **entries}.items() if entry is not None})
    before, state = found.parameters, found.state
    with pytest.raises(ValueError, match=message):
        found.update(along=along, statistics=Statistics({**new, **statistics}), learning_rate=0.1, phase=phase)
    assert all((found.parameters[path] == array).all() for path, array in before.items())
    assert found.state.steps == state.steps
    assert all((found.state.slots[slot] == array).all() for slot, array in state.slots.items())


def test_slots_follow_from_the_optimizer() -> None:
    assert {slot.name for slot in slot_shapes(program().graph)} == {
        "first_moment",
        "second_moment",
        "largest_second_moment",
    }
    for optimizer, expected in (("sgd", set()), ({"kind": "sgd", "momentum": 0.9}, {"velocity"})):
        found = program_of({**DOCUMENT, "training": {"optimizer": optimizer}})
        assert {slot.name for slot in slot_shapes(found.graph)} == expected
        assert found.state.slots.keys() == slot_shapes(found.graph).keys()


def test_a_state_that_does_not_fit_is_refused() -> None:
    found = program()
    graph, held = found.graph, found.state
    expect_state(graph, held)
    slot = Slot(0, "first_moment", TABLE)
    with pytest.raises(ValueError, match=r"expected 4 phases with first_moment of phase 0, .*, found 1 phases with no"):
        found.state = ProgramState({}, (0,))
    moved = {slot._replace(path=KERNEL.upper()) if one == slot else one: array for one, array in held.slots.items()}
    with pytest.raises(ValueError, match=r"found others in .*TRUNK\[0\].KERNEL.*words\[0\].table"):
        found.state = ProgramState(moved, held.steps)
    with pytest.raises(ValueError, match=r"shape \(5, 2\) for first_moment of words\[0\].table, found \(2,\)"):
        found.state = ProgramState({**held.slots, slot: np.zeros(2)}, held.steps)
    for steps in ((0, 0, 0, -1), (0, 0, 0, 0.5)):
        with pytest.raises(ValueError, match="expected numbers of updates from 0, found 0, 0, 0, "):
            found.state = ProgramState(held.slots, steps)  # type: ignore[arg-type]
    assert found.state.steps == (0, 0, 0, 0)


def test_a_state_cannot_be_written_to() -> None:
    array = np.zeros(2)
    slot = Slot(0, "velocity", "a")
    state = ProgramState({slot: array}, (0,))
    with pytest.raises(ValueError, match="read-only"):
        state.slots[slot][0] = 1.0
    with pytest.raises(TypeError, match="does not support item assignment"):
        state.slots[slot] = array  # type: ignore[index]
    array[0] = 1.0


def test_rows_of_a_gradient_cannot_be_written_to() -> None:
    along = Tensors({TABLE: rows([0, 1])})
    for array in (along[TABLE].ids, along[TABLE].values):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_what_a_program_gives_is_not_the_memory_of_what_it_was_given() -> None:
    bare = program_of(
        {
            "inputs": [{"name": "x", "shape": [3]}],
            "tasks": [{"name": "a", "loss": "squared_error"}, {"name": "b", "loss": "squared_error"}],
        }
    )
    x = np.ones((2, 3))
    for linked in (False, True):
        outputs = bare.outputs({"x": x}, linked=linked)
        assert not any(np.shares_memory(x, output) for output in outputs.values())
        assert not np.shares_memory(outputs["a"], outputs["b"])
    found, batch = program(), fitting()
    gradients = found.value_with_gradient(on=batch, weights=dict.fromkeys(found.graph.tasks, 1.0)).gradients
    assert not np.shares_memory(gradients[TABLE].ids, batch.inputs["ids"])


def test_a_weight_of_no_task_is_refused() -> None:
    graph = lower(Spec.model_validate(document()))
    expect_task_weights(graph, {"kind": 1.0, "size": 0.0})
    with pytest.raises(ValueError, match="unknown: sise"):
        expect_task_weights(graph, {"kind": 1.0, "size": 1.0, "sise": 1.0})
    with pytest.raises(ValueError, match="absent: size"):
        expect_task_weights(graph, {"kind": 1.0})
