"""`train` is whole steps made of single parts, and what only looks changes nothing."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch_cases import batch, dataset, program, step_batch, steps
from torch_documents import LAYERS, Document
from torch_trainings import PHASED, TRAININGS

from mtlspec.backend import Program
from mtlspec.step import one_step


def snapshot(subject: Program) -> dict[str, torch.Tensor]:
    made = {name: tensor.clone() for name, tensor in subject.model.state_dict().items()}
    for index, optimizer in enumerate(subject.optimizers):  # type: ignore[attr-defined]
        for number, slots in optimizer.state_dict()["state"].items():
            made |= {f"{index}.{number}.{name}": value.clone() for name, value in slots.items()}
    return made


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("document", {**PHASED, **TRAININGS}.values(), ids={**PHASED, **TRAININGS}.keys())
def test_train_equals_its_single_parts_bit_by_bit(document: Document, precision: str) -> None:
    whole, parts = (program(document, "torch", precision=precision) for _ in range(2))
    data = dataset(whole.graph)
    chosen = steps(whole.graph, data, count=8)
    found = whole.train(whole.place(data), chosen)
    for index in range(len(chosen)):
        on, weights = step_batch(data, chosen, index, whole.graph)
        value = one_step(parts, on=on, weights=weights, learning_rates=chosen.learning_rates[index])
        assert found.losses[index].tolist() == list(value.losses.values())
        assert found.penalties[index] == value.penalty
    for path, array in parts.parameters.items():
        np.testing.assert_array_equal(whole.parameters[path], array, err_msg=path)
    for slot, array in parts.state.slots.items():
        np.testing.assert_array_equal(whole.state.slots[slot], array, err_msg=str(slot))
    assert whole.state.steps == parts.state.steps == (8,) * len(whole.graph.phases)


@pytest.mark.parametrize("name", ["dropout", "batch_norm_biased", "batch_norm_images", "residual_shortcut"])
def test_looking_changes_nothing(name: str) -> None:
    subject = program(LAYERS[name], "torch")
    data = dataset(subject.graph)
    subject.train(subject.place(data), steps(subject.graph, data, count=3))
    before = snapshot(subject)
    subject.model.trunk[0].eval()
    on = batch(subject.graph)
    first = subject.value_with_gradient(on=on, weights={"species": 1.0, "mass": 1.0})
    assert subject.losses(on=on) == first.value.losses
    subject.losses(on=on, training=False)
    subject.outputs(on.inputs)
    again = subject.value_with_gradient(on=on, weights={"species": 1.0, "mass": 1.0})
    assert again.value.losses == first.value.losses
    after = snapshot(subject)
    assert before.keys() == after.keys()
    assert all(torch.equal(before[key], after[key]) for key in before)
    assert all(parameter.grad is None for parameter in subject.model.parameters())
    assert not subject.model.trunk[0].training
    assert subject.model.trunk[1].training


@pytest.mark.parametrize("name", ["adam", "amsgrad", "sgd_into_velocity", "rows_separate_skip_adamw", "sgd"])
def test_a_training_goes_on_from_parameters_and_state(name: str) -> None:
    one, other = program(TRAININGS[name], "torch"), program(TRAININGS[name], "torch")
    data = dataset(one.graph)
    chosen = steps(one.graph, data, count=6)
    one.train(one.place(data), chosen)
    other.parameters, other.state = one.parameters, one.state
    for each in (one, other):
        each.train(each.place(data), chosen)
    for path, array in one.parameters.items():
        np.testing.assert_array_equal(other.parameters[path], array)
    assert other.state.steps == (12,)


def test_a_state_of_another_program_is_refused() -> None:
    adam, sgd = program(TRAININGS["adam"], "torch"), program(TRAININGS["sgd"], "torch")
    with pytest.raises(ValueError, match=r"expected 1 phases with no slots, found .*first_moment"):
        sgd.state = adam.state


def test_parameters_are_refused_whole() -> None:
    subject = program(TRAININGS["sgd"], "torch")
    before = subject.parameters
    with pytest.raises(ValueError, match=r"expected shape \(5, 6\) for trunk\[0\].kernel, found \(6, 5\)"):
        subject.parameters = {"trunk[0].bias": np.ones(6), "trunk[0].kernel": np.ones((6, 5))}
    with pytest.raises(ValueError, match=r"no parameter 'trunk\[0\].wieght'"):
        subject.parameters = {"trunk[0].wieght": np.ones(6)}
    np.testing.assert_array_equal(subject.parameters["trunk[0].bias"], before["trunk[0].bias"])


def test_data_of_another_program_is_refused() -> None:
    subject, reference = (program(TRAININGS["sgd"], name) for name in ("torch", "numpy"))
    data = dataset(subject.graph)
    with pytest.raises(TypeError, match="call `place` first"):
        subject.train(reference.place(data), steps(subject.graph, data))


def test_no_step_is_a_training() -> None:
    subject = program(PHASED["joint"], "torch")
    data = dataset(subject.graph)
    found = subject.train(subject.place(data), steps(subject.graph, data, count=0))
    assert found.losses.shape == (0, 2)
    assert found.penalties.shape == (0,)
