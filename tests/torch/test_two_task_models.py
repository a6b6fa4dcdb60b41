"""A program written by hand, two task models around one shared module, and the document that means the same.

As in many tutorials each task model ends in softmax and goes into `CrossEntropyLoss`, which takes a softmax again; both
losses go backward first, so that the shared layer holds the sum of both gradients when both optimizers step it.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from mtlspec.backend import Program, Steps, compile
from mtlspec.batch import Dataset
from mtlspec.randomness import normal, permutation, uniform
from mtlspec.spec import Spec

FEATURES, EXAMPLES, BATCH, EPOCHS = 12, 320, 32, 20
CLASSES = {"color": 5, "shape": 3}
DOCUMENT = {
    "like": "torch",
    "inputs": [{"name": "x", "shape": [FEATURES]}],
    "blocks": [{"name": "shared", "layers": [{"kind": "dense", "units": 16, "activation": "relu"}]}],
    "tasks": [
        {
            "name": task,
            "head": [{"kind": "dense", "units": units, "activation": "softmax"}],
            "loss": {"kind": "softmax_cross_entropy", "from": "logits"},
        }
        for task, units in CLASSES.items()
    ],
    "training": {
        "optimizer": {"kind": "adam", "learning_rate": 0.01},
        "batch_size": BATCH,
        "precision": "float64",
        "phases": {"kind": "per_task", "gradient": "summed"},
    },
}


class TaskModel(nn.Module):
    """A shared module with a head of its own."""

    def __init__(self, shared: nn.Module, classes: int) -> None:
        super().__init__()
        self.shared = shared
        self.head = nn.Linear(16, classes, dtype=torch.float64)

    def forward(self, x: Tensor) -> Tensor:
        return torch.softmax(self.head(self.shared(x)), dim=1)


def by_hand(initial: Program, data: Dataset, rows: np.ndarray) -> np.ndarray:
    """Return the losses of each step of the tutorial's loop, from the initial values of a program."""
    shared = nn.Sequential(nn.Linear(FEATURES, 16, dtype=torch.float64), nn.ReLU())
    models = {task: TaskModel(shared, classes) for task, classes in CLASSES.items()}
    values = initial.parameters
    with torch.no_grad():
        for layer, path in ((shared[0], "shared[0]"), *((m.head, f"tasks.{t}.head[0]") for t, m in models.items())):
            layer.weight.copy_(torch.tensor(values[f"{path}.kernel"]).T)
            layer.bias.copy_(torch.tensor(values[f"{path}.bias"]))
    optimizers = {task: torch.optim.Adam(model.parameters(), lr=0.01) for task, model in models.items()}
    criterion = nn.CrossEntropyLoss()
    x = torch.tensor(data.inputs["x"])
    y = {task: torch.tensor(targets) for task, targets in data.targets.items()}
    found = []
    for batch in torch.tensor(rows):
        losses = {task: criterion(model(x[batch]), y[task][batch]) for task, model in models.items()}
        for optimizer in optimizers.values():
            optimizer.zero_grad()
        for loss in losses.values():
            loss.backward()
        for optimizer in optimizers.values():
            optimizer.step()
        found.append([loss.item() for loss in losses.values()])
    return np.array(found)


def examples() -> Dataset:
    x = normal(11, "x", EXAMPLES * FEATURES).reshape(EXAMPLES, FEATURES)
    everywhere = np.ones(EXAMPLES)
    targets = {
        task: (np.abs(x[:, index] + uniform(11, task, EXAMPLES)) * 2).astype(np.int64) % classes
        for index, (task, classes) in enumerate(CLASSES.items())
    }
    return Dataset(
        inputs={"x": x},
        targets=targets,
        weights=dict.fromkeys(CLASSES, everywhere),
        present=dict.fromkeys(CLASSES, everywhere > 0),
    )


@pytest.mark.parametrize("backend", ["torch", "numpy"])
def test_the_document_trains_as_the_program_written_by_hand(backend: str) -> None:
    program = compile(Spec.model_validate(DOCUMENT), backend=backend)
    data = examples()
    rows = np.concatenate([permutation(epoch, "order", EXAMPLES).reshape(-1, BATCH) for epoch in range(EPOCHS)])
    expected = by_hand(program, data, rows)
    count = len(rows)
    assert count == 200
    steps = Steps(rows, np.full((count, 2), 0.01), np.ones((count, 2)), np.full((count, 2), float(BATCH)))
    found = program.train(program.place(data), steps).losses
    np.testing.assert_allclose(found, expected, rtol=1e-10)
    assert (expected[-10:].mean(axis=0) < 0.9 * expected[0]).all()
