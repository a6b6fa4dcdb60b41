"""The program as a value: training in one call, state that travels, claims that hold, errors that teach."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
import pytest
from central_differences import indices, numbers
from mtlspec_numpy import NumpyBackend, NumpyProgram
from programs import batch_of, program_of

from mtlspec.backend import ProgramState, Slot, Steps
from mtlspec.batch import Dataset
from mtlspec.errors import BackendError, DataError
from mtlspec.profiles import DISSOLVED, FEATURES
from mtlspec.registry import found_backend
from mtlspec.spec import Activation, Clipping, Layer, Loss, Optimizer, Spec
from mtlspec.spec.layer import Merge
from mtlspec.step import one_step

DOCUMENT: dict[str, Any] = {
    "inputs": [{"name": "x", "shape": [4, 4, 1]}, {"name": "ids", "dtype": "integer"}],
    "blocks": [
        {
            "name": "words",
            "inputs": ["ids"],
            "layers": [{"kind": "embedding", "rows": 4, "units": 2, "untouched_rows": "skip"}],
        },
        {
            "name": "trunk",
            "inputs": ["x"],
            "layers": [
                {"kind": "conv2d", "filters": 2, "kernel_size": 3, "activation": "relu"},
                "batch_normalization",
                "flatten",
                {"kind": "dropout", "rate": 0.2},
            ],
        },
    ],
    "tasks": [
        {
            "name": "a",
            "inputs": ["trunk", "words"],
            "head": [{"kind": "dense", "units": 3}],
            "loss": "softmax_cross_entropy",
        },
        {"name": "b", "inputs": ["trunk"], "head": [{"kind": "dense", "units": 2}], "loss": "sigmoid_cross_entropy"},
        {"name": "c", "inputs": ["words"], "head": [{"kind": "dense", "units": 1}], "loss": "squared_error"},
    ],
}
PHASES: list[Any] = [
    "joint",
    "per_task",
    {"kind": "per_task", "gradient": "own"},
    {"kind": "per_task", "gradient": "own", "forward": "after_each_update"},
]


def trainable(phases: Any) -> NumpyProgram:
    return program_of({**DOCUMENT, "training": {"phases": phases, "clipping": {"kind": "global_norm", "limit": 0.5}}})


def dataset(program: NumpyProgram, size: int = 9) -> Dataset:
    batch = batch_of(program.graph, size)
    present = {task: weights > 0 for task, weights in batch.weights.items()}
    return Dataset(batch.inputs, batch.targets, batch.weights, present)


def steps_of(program: NumpyProgram, count: int = 6) -> Steps:
    tasks, phases = len(program.graph.tasks), len(program.graph.phases)
    return Steps(
        rows=indices("rows", 9, count, 4),
        learning_rates=0.01 * (1 + np.abs(numbers("rates", count, phases))),
        weights=np.abs(numbers("weights", count, tasks)),
        denominators=1 + np.abs(numbers("denominators", count, tasks)),
    )


def assert_same(one: NumpyProgram, other: NumpyProgram) -> None:
    assert all((other.parameters[path] == array).all() for path, array in one.parameters.items())
    assert one.state.steps == other.state.steps and one.state.slots.keys() == other.state.slots.keys()
    assert all((other.state.slots[slot] == array).all() for slot, array in one.state.slots.items())


@pytest.mark.parametrize("phases", PHASES, ids=str)
def test_training_is_step_after_step(phases: Any) -> None:
    fast, slow = trainable(phases), trainable(phases)
    data, steps, tasks = dataset(fast), steps_of(fast), fast.graph.tasks
    found = fast.train(fast.place(data), steps)
    reductions = dict.fromkeys(tasks, "batch")
    for index in range(len(steps)):
        batch = data.batch(steps.rows[index], reductions)  # type: ignore[arg-type]
        denominators = dict(zip(tasks, steps.denominators[index].tolist(), strict=True))
        weights = dict(zip(tasks, steps.weights[index].tolist(), strict=True))
        on = type(batch)(batch.inputs, batch.targets, batch.weights, denominators)
        value = one_step(slow, on=on, weights=weights, learning_rates=steps.learning_rates[index])
        assert found.losses[index].tolist() == [value.losses[task] for task in tasks]
        assert found.penalties[index] == value.penalty
    assert_same(fast, slow)
    assert np.isfinite(found.losses).all() and len({*found.losses[:, 0]}) == len(steps)


@pytest.mark.parametrize("phases", PHASES, ids=str)
def test_state_and_parameters_resume_a_training(phases: Any) -> None:
    first, second = trainable(phases), trainable(phases)
    steps = steps_of(first)
    first.train(first.place(dataset(first)), steps)
    second.parameters, second.state = first.parameters, first.state
    assert_same(first, second)
    for program in (first, second):
        program.train(program.place(dataset(program)), steps)
    assert_same(first, second)


def test_a_state_that_was_taken_stays_as_it_was() -> None:
    program = trainable("joint")
    data = program.place(dataset(program))
    program.train(data, steps_of(program))
    held = program.state
    copy = {slot: array.copy() for slot, array in held.slots.items()}
    program.train(data, steps_of(program))
    assert all((held.slots[slot] == array).all() for slot, array in copy.items()) and held.steps == (6,)
    program.state = held
    assert program.state.steps == (6,)


def test_a_state_of_another_program_is_refused() -> None:
    program = trainable("joint")
    with pytest.raises(
        ValueError, match=r"expected 1 phases with first_moment of phase 0, .*found 1 phases with no slots"
    ):
        program.state = ProgramState({}, (0,))
    slots = dict(program.state.slots)
    slot = Slot(0, "first_moment", "words[0].table")
    with pytest.raises(ValueError, match=r"shape \(4, 2\) for first_moment of words\[0\]\.table, found \(2,\)"):
        program.state = ProgramState({**slots, slot: np.zeros(2)}, (0,))


def test_parameters_are_assigned_whole_or_in_part_or_not_at_all() -> None:
    program = trainable("joint")
    program.parameters = {"words[0].table": np.full((4, 2), 2.5)}
    assert (program.parameters["words[0].table"] == 2.5).all()
    with pytest.raises(ValueError, match=r"no parameter 'words\[9\]\.table'; the model has words\[0\]\.table, "):
        program.parameters = {"words[0].table": np.zeros((4, 2)), "words[9].table": np.zeros(2)}
    with pytest.raises(ValueError, match=r"expected shape \(4, 2\) for words\[0\]\.table, found \(2, 4\)"):
        program.parameters = {"words[0].table": np.zeros((2, 4))}
    assert (program.parameters["words[0].table"] == 2.5).all()


def test_an_array_that_was_assigned_is_copied() -> None:
    program, table = trainable("joint"), np.zeros((4, 2))
    program.parameters = {"words[0].table": table}
    table += 1
    assert not program.parameters["words[0].table"].any()


def test_predictions_are_linked_logits() -> None:
    program = trainable("joint")
    inputs = batch_of(program.graph).inputs
    logits, predictions = program.outputs(inputs, linked=False), program.outputs(inputs)
    assert list(predictions) == ["a", "b", "c"]
    raised = np.exp(logits["a"])
    assert np.abs(predictions["a"] - raised / raised.sum(axis=1, keepdims=True)).max() < 1e-15
    assert np.abs(predictions["b"] - 1 / (1 + np.exp(-logits["b"]))).max() < 1e-15
    assert (predictions["c"] == logits["c"]).all()
    assert all((program.model(inputs)[task] == array).all() for task, array in logits.items())


def test_the_native_losses_give_one_number_per_example() -> None:
    program = trainable("joint")
    batch = batch_of(program.graph)
    logits = program.model(batch.inputs, training=True)
    for task, loss in program.loss_functions.items():
        each, _ = loss(logits[task], batch.targets[task])
        found = float((batch.weights[task] * each).sum() / batch.denominators[task])
        assert found == program.losses(on=batch)[task]


def test_the_reference_claims_every_kind_of_the_spec() -> None:
    families: dict[str, Any] = {
        "layer": Layer,
        "activation": Activation,
        "loss": Loss,
        "optimizer": Optimizer,
        "clipping": Clipping,
    }
    spec = {f"{name}/{kind}" for name, family in families.items() for kind in family.kinds}
    merges = {f"merge/{merge}" for merge in get_args(Merge)}
    assert NumpyBackend.capabilities.kinds - FEATURES == (spec | merges) - DISSOLVED


def test_the_reference_is_found_by_its_name() -> None:
    assert isinstance(found_backend("numpy"), NumpyBackend)


def test_another_device_is_refused() -> None:
    graph = trainable("joint").graph
    with pytest.raises(BackendError, match="runs on 'cpu' alone, found device 'cuda'"):
        NumpyBackend().compile(graph, precision="float64", device="cuda")


def test_an_id_outside_the_table_is_refused() -> None:
    program = trainable("joint")
    inputs = dict(batch_of(program.graph).inputs)
    for outlier in (4, -1):
        inputs["ids"] = np.array([0, 1, outlier, 0, 0])
        with pytest.raises(DataError, match=f"an id from 0 to 3, a row of its embedding, found {outlier}"):
            program.outputs(inputs)


def test_an_absent_input_is_named() -> None:
    program = trainable("joint")
    with pytest.raises(DataError, match="expected input 'ids', found 'x'"):
        program.outputs({"x": np.zeros((1, 4, 4, 1))})


def test_data_of_another_backend_is_refused() -> None:
    program = trainable("joint")
    with pytest.raises(TypeError, match="expected data placed by this program, found Dataset"):
        program.train(dataset(program), steps_of(program))  # type: ignore[arg-type]


def test_a_like_that_fills_the_laws_differently_trains_differently() -> None:
    moved = []
    for like in ("published", "keras", "torch"):
        program = program_of({**DOCUMENT, "like": like})
        program.parameters = trainable("joint").parameters
        program.train(program.place(dataset(program)), steps_of(program))
        moved.append(program.parameters["trunk[0].kernel"])
    assert not (moved[0] == moved[1]).all() and not (moved[1] == moved[2]).all()
    assert Spec.model_validate(DOCUMENT).like == "published"
