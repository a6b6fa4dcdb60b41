"""A name that PyTorch has taken gets an underscore in the module, and keeps its key path."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch_cases import batch, program
from torch_documents import Document, dense

TAKEN = ["type", "forward", "half", "train", "modules", "children", "state_dict", "module_names", "T_destination"]


def document(block: str, task: str) -> Document:
    return {
        "inputs": [{"name": "x", "shape": [4]}],
        "blocks": [{"name": block, "layers": [dense(activation="tanh")]}],
        "tasks": [
            {"name": task, "head": [dense(2)], "loss": "squared_error"},
            {"name": "other", "head": [dense(2)], "loss": "squared_error"},
        ],
    }


@pytest.mark.parametrize("name", TAKEN)
def test_a_block_may_be_called_as_an_attribute(name: str) -> None:
    subject, reference = (program(document(name, "mass"), backend) for backend in ("torch", "numpy"))
    on = batch(reference.graph)
    for task, output in reference.outputs(on.inputs).items():
        np.testing.assert_allclose(subject.outputs(on.inputs)[task], output, rtol=1e-12)
    assert f"{name}_.0.weight" in subject.model.state_dict()
    assert f"{name}[0].kernel" in subject.parameters
    again = copy.deepcopy(subject.model)
    assert again.load_state_dict(subject.model.state_dict()).missing_keys == []


@pytest.mark.parametrize("name", ["train", "keys", "items", "pop", "type", "update", "training"])
def test_a_task_may_be_called_as_an_attribute_of_a_dictionary(name: str) -> None:
    subject = program(document("trunk", name), "torch")
    assert f"tasks.{name}_.head.0.weight" in subject.model.state_dict()
    assert list(subject.model({"x": torch.zeros(1, 4, dtype=torch.float64)})) == [name, "other"]
    assert f"tasks.{name}.head[0].kernel" in subject.parameters


def test_names_that_differ_by_an_underscore_stay_apart() -> None:
    blocks = [{"name": name, "inputs": ["x"], "layers": [dense()]} for name in ("type", "type_", "type__")]
    tasks = [{"name": "y", "inputs": ["type", "type_", "type__"], "head": [dense(1)], "loss": "squared_error"}]
    subject = program({"inputs": [{"name": "x", "shape": [4]}], "blocks": blocks, "tasks": tasks}, "torch")
    weights = [name for name in subject.model.state_dict() if name.startswith("type") and name.endswith("weight")]
    assert len(weights) == len(set(weights)) == 3
    ones = {f"{name}[0].bias": np.full(6, float(index)) for index, name in enumerate(("type", "type_", "type__"))}
    subject.parameters = ones
    for path, array in ones.items():
        np.testing.assert_array_equal(subject.parameters[path], array)
