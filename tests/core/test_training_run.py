from __future__ import annotations

import math
import re
import signal
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from small_specs import TASKS, two_tasks

from mtlspec.backend import Program, StepLosses, Steps
from mtlspec.batch import Dataset
from mtlspec.errors import DataError, MtlspecError
from mtlspec.randomness import normal
from mtlspec.registry import compile
from mtlspec.spec import Spec
from mtlspec.step import one_step
from mtlspec.training import adapt, dataset, evaluate, plan, predict, train

NAN = float("nan")
DROPOUT = ({**TASKS[0], "head": [{"kind": "dropout", "rate": 0.3}, {"kind": "dense", "units": 3}]}, TASKS[1])


def examples(spec: Spec, size: int = 10) -> Dataset:
    x = 3 + 2 * normal(0, "x", 2 * size).reshape(size, 2)
    kind = [NAN if i % 5 == 4 else i % 3 for i in range(size)]
    return dataset(spec, inputs={"x": x}, targets={"kind": kind, "size": x.sum(axis=1)})


def program_of(spec: Spec) -> Program:
    return compile(spec, backend="numpy")


def assert_equal_states(first: Program, second: Program) -> None:
    assert first.state.steps == second.state.steps
    for path, array in first.parameters.items():
        np.testing.assert_array_equal(array, second.parameters[path], err_msg=path)
    for slot, array in first.state.slots.items():
        np.testing.assert_array_equal(array, second.state.slots[slot], err_msg=str(slot))


def test_normalization_is_adapted_before_the_first_step() -> None:
    spec = two_tasks()
    data, program = examples(spec), program_of(two_tasks())
    train(program, data, steps=1)
    x = data.inputs["x"]
    np.testing.assert_array_equal(program.parameters["trunk[0].mean"], x.mean(axis=0))
    np.testing.assert_array_equal(program.parameters["trunk[0].variance"], ((x - x.mean(axis=0)) ** 2).mean(axis=0))
    program.parameters = {"trunk[0].mean": np.zeros(2)}
    train(program, data, steps=2)
    assert program.parameters["trunk[0].mean"].tolist() == [0, 0]


@pytest.mark.parametrize("merge", ["concatenate", "add", "multiply", "average"])
def test_normalization_of_a_merge_of_inputs_is_adapted(merge: str) -> None:
    spec = Spec.model_validate(
        {
            "inputs": [{"name": "a", "shape": [2, 2]}, {"name": "b", "shape": [2, 2]}],
            "blocks": [
                {"name": "both", "inputs": ["a", "b"], "merge": merge},
                {"name": "n", "inputs": ["both"], "layers": ["normalization", "flatten"]},
            ],
            "tasks": [{"name": "t", "head": [{"kind": "dense", "units": 1}], "loss": "squared_error"}],
            "training": {"precision": "float64"},
        }
    )
    a, b = normal(0, "a", 20).reshape(5, 2, 2), normal(0, "b", 20).reshape(5, 2, 2)
    program = program_of(spec)
    adapt(program, dataset(spec, inputs={"a": a, "b": b}, targets={"t": np.zeros(5)}))
    both = {"concatenate": np.concatenate([a, b], axis=2), "add": a + b, "multiply": a * b, "average": (a + b) / 2}
    flat = both[merge].reshape(10, -1)
    np.testing.assert_allclose(program.parameters["n[0].mean"], flat.mean(axis=0), rtol=1e-14)
    np.testing.assert_allclose(program.parameters["n[0].variance"], flat.var(axis=0), rtol=1e-14)


def test_training_is_one_step_after_another() -> None:
    spec = two_tasks(schedule={"kind": "exponential", "rate": 0.9})
    data = examples(spec)
    trained, stepped = program_of(spec), program_of(spec)
    history = train(trained, data)
    adapt(stepped, data)
    losses = []
    for chunk in plan(data, stepped.graph, training=spec.training, start=0, stop=9):
        for k, rows in enumerate(chunk.steps.rows):
            batch = data.batch(rows, {"kind": "present", "size": "present"})
            value = one_step(stepped, on=batch, weights=spec.weights, learning_rates=chunk.steps.learning_rates[k])
            losses.append([value.losses["kind"], value.losses["size"]])
    assert_equal_states(trained, stepped)
    assert history.losses.tolist() == losses


@pytest.mark.parametrize("cut", [1, 2, 3, 4, 8])
def test_a_run_that_resumes_is_the_run_that_never_stopped(cut: int) -> None:
    schedule = {"kind": "cosine", "length": 9}
    spec = two_tasks(tasks=DROPOUT, schedule=schedule, optimizer={"kind": "adam", "learning_rate": 0.1})
    data = examples(spec)
    whole, parts = program_of(spec), program_of(spec)
    expected = train(whole, data, validation=data)
    first = train(parts, data, validation=data, steps=cut)
    assert (len(first), parts.state.steps) == (cut, (cut,))
    joined = train(parts, data, validation=data, history=first)
    assert_equal_states(whole, parts)
    assert joined.to_json() == expected.to_json()
    assert len(expected.epochs) == 3


def test_a_run_that_resumes_without_its_history_begins_one_there() -> None:
    spec = two_tasks()
    data, program = examples(spec), program_of(spec)
    train(program, data, steps=4)
    history = train(program, data)
    assert (history.first_step, history.last_step) == (4, 9)
    assert [epoch.epoch for epoch in history.epochs] == [2, 3]


def test_epochs_count_what_was_made_before() -> None:
    spec = two_tasks()
    data, program = examples(spec), program_of(spec)
    first = train(program, data, epochs=2)
    assert len(train(program, data, epochs=2)) == 0
    history = train(program, data, epochs=3, history=first)
    assert history.last_step == 9
    assert train(program, data, history=history).to_json() == history.to_json()
    with pytest.raises(MtlspecError, match="expected `epochs` or `steps`, found both: 4 and 12; leave one out"):
        train(program, data, epochs=4, steps=12)


def test_other_settings_than_the_graph_s_can_be_given() -> None:
    spec = two_tasks()
    data, program = examples(spec), program_of(spec)
    other = spec.training.replacing(lambda t: t.batch_size, by=10)
    assert len(train(program, data, training=other, epochs=2)) == 2
    assert program.graph.training == spec.training


def test_the_loss_of_an_epoch_weighs_every_label_alike() -> None:
    spec = two_tasks(optimizer={"kind": "sgd", "learning_rate": 1e-30})
    data, program = examples(spec), program_of(spec)
    history = train(program, data, epochs=1)
    assert np.abs(history.denominators - 4).max() > 0
    now = evaluate(program, data)
    assert history.epochs[0].training["kind/loss"] == pytest.approx(now["kind/loss"], rel=1e-14)
    assert history.epochs[0].training["size/loss"] == pytest.approx(now["size/loss"], rel=1e-14)


def test_validation_is_what_evaluate_returns() -> None:
    spec = two_tasks(epochs=1)
    data, program = examples(spec), program_of(spec)
    history = train(program, data, validation=data)
    assert history.epochs[0].validation == evaluate(program, data)


def test_evaluation_is_that_of_one_batch_by_the_law() -> None:
    loss = {"kind": "softmax_cross_entropy", "reduction": "batch", "class_weights": [1.0, 2.0, 3.0]}
    spec = two_tasks(tasks=({**TASKS[0], "loss": loss}, TASKS[1]))
    data, program = examples(spec, size=2500), program_of(spec)
    batch = data.batch(np.arange(2500), {"kind": "batch", "size": "present"})
    expected = program.losses(on=batch, training=False)
    found = evaluate(program, data)
    assert found["kind/loss"] == pytest.approx(expected["kind"], rel=1e-13)
    assert found["size/loss"] == pytest.approx(expected["size"], rel=1e-13)
    labels, present = data.targets["kind"], data.present["kind"]
    predicted = predict(program, data.inputs)["kind"].argmax(axis=1)
    assert found["kind/accuracy"] == (predicted == labels)[present].mean()


def test_a_task_without_labels_has_no_loss_to_report() -> None:
    spec = two_tasks()
    data = dataset(spec, inputs={"x": np.eye(2)}, targets={"kind": [NAN, NAN], "size": [1.0, 2.0]})
    program = program_of(spec)
    found = evaluate(program, data)
    assert math.isnan(found["kind/loss"])
    assert math.isnan(found["kind/accuracy"])
    assert math.isfinite(found["size/loss"])
    history = train(program, data, epochs=1)
    assert history.losses[0, 0] == 0
    assert math.isnan(history.epochs[0].training["kind/loss"])


def test_predictions_are_probabilities_and_numbers() -> None:
    spec = two_tasks()
    data, program = examples(spec), program_of(spec)
    predictions = predict(program, {"x": data.inputs["x"].tolist()})
    np.testing.assert_allclose(predictions["kind"].sum(axis=1), 1, rtol=1e-14)
    logits = program.outputs(data.inputs, linked=False)
    np.testing.assert_array_equal(predictions["size"], logits["size"])
    with pytest.raises(DataError, match=re.escape("input 'x': expected the shape (N, 2), found (1, 3)")):
        predict(program, {"x": [[1.0, 2.0, 3.0]]})


def test_data_of_another_spec_is_refused() -> None:
    spec = two_tasks()
    other = two_tasks(tasks=(TASKS[0], {**TASKS[1], "name": "sizes"}))
    data = dataset(other, inputs={"x": np.eye(2)}, targets={"kind": [0, 1], "sizes": [0, 1]})
    program = program_of(spec)
    for call in (train, evaluate):
        with pytest.raises(DataError, match=r"unknown task 'sizes'; did you mean 'size'\?"):
            call(program, data)
    with pytest.raises(DataError, match="unknown task 'sizes'"):
        train(program, examples(spec), validation=data)


def test_a_loss_that_is_not_finite_stops_training() -> None:
    spec = two_tasks(optimizer={"kind": "sgd", "learning_rate": 1e200})
    program = program_of(spec)
    expected = r"the loss of task '(kind|size)' is (nan|inf) at step [23] \(epoch 1\); lower the learning rate"
    with np.errstate(all="ignore"), pytest.raises(MtlspecError, match=expected):
        train(program, examples(spec))


def test_after_each_epoch_the_history_so_far_is_given() -> None:
    seen: list[tuple[int, int]] = []
    spec = two_tasks()
    train(program_of(spec), examples(spec), callback=lambda h: seen.append((h.last_step, len(h.epochs))))
    assert seen == [(3, 1), (6, 2), (9, 3)]


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Python's own handler of Ctrl-C, which a shell takes away from what it runs in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interruption_stops_after_the_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = two_tasks()
    data, program = examples(spec), program_of(spec)
    make, chunks = program.train, iter(range(9))

    def interrupted(source: Any, steps: Steps) -> StepLosses:
        if next(chunks) == 1:
            signal.raise_signal(signal.SIGINT)
        return make(source, steps)

    monkeypatch.setattr(program, "train", interrupted)
    history = train(program, data, steps_per_chunk=1)
    assert history.interrupted
    assert (history.last_step, program.state.steps) == (2, (2,))
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    whole = program_of(spec)
    expected = train(whole, data)
    assert train(program, data, history=history).to_json() == expected.to_json()
    assert_equal_states(whole, program)


@pytest.mark.usefixtures("interruptible")
def test_a_second_interruption_stops_at_once() -> None:
    from mtlspec.training.interruption import Interruption

    with pytest.raises(KeyboardInterrupt), Interruption() as interruption:
        signal.raise_signal(signal.SIGINT)
        assert interruption.asked
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.usefixtures("interruptible")
def test_a_program_that_handles_interruptions_itself_is_left_alone() -> None:
    from mtlspec.training.interruption import Interruption

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with Interruption():
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_progress_is_shown_on_a_terminal_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = two_tasks()
    train(program_of(spec), examples(spec))
    assert capsys.readouterr() == ("", "")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    train(program_of(spec), examples(spec))
    output, error = capsys.readouterr()
    assert output == ""
    assert "epoch 3  kind" in error
    assert "9/9" in error


@pytest.mark.parametrize("asked", [{"epochs": -1}, {"steps": -3}])
def test_fewer_than_no_steps_are_refused(asked: dict[str, int]) -> None:
    spec = two_tasks()
    with pytest.raises(MtlspecError, match=r"from 0, found -[13]"):
        train(program_of(spec), examples(spec), **asked)
