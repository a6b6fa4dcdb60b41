"""Two task models around one shared module, written by hand, train as the example that means the same.

As in many tutorials each task model ends in softmax and goes into `CrossEntropyLoss`, which takes a softmax again; both
losses go backward first, so that the shared layer holds the sum of both gradients when both optimizers step it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

import mtlspec as mtl

EXAMPLE = Path(__file__).parents[2] / "examples" / "two_task_models.yaml"
CLASSES = {"first": 5, "second": 3}


class TaskModel(nn.Module):
    """A shared module with a head of its own."""

    def __init__(self, shared: nn.Module, classes: int) -> None:
        super().__init__()
        self.shared = shared
        self.head = nn.Linear(16, classes, dtype=torch.float64)

    def forward(self, x: Tensor) -> Tensor:
        return torch.softmax(self.head(self.shared(x)), dim=1)


def by_hand(spec: mtl.Spec, data: mtl.Dataset, start: mtl.Tensors) -> np.ndarray:
    """Return the losses of each step of the tutorial's loop over all epochs, from the initial values `start`."""
    shared = nn.Sequential(nn.Linear(20, 16, dtype=torch.float64), nn.ReLU())
    models = {task: TaskModel(shared, classes) for task, classes in CLASSES.items()}
    with torch.no_grad():
        for layer, path in ((shared[0], "shared[0]"), *((m.head, f"tasks.{t}.head[0]") for t, m in models.items())):
            layer.weight.copy_(torch.tensor(start[f"{path}.kernel"]).T)
            layer.bias.copy_(torch.tensor(start[f"{path}.bias"]))
    optimizers = {task: torch.optim.Adam(model.parameters(), lr=0.01) for task, model in models.items()}
    criterion = nn.CrossEntropyLoss()
    found = []
    for epoch in range(spec.training.epochs):
        for batch in mtl.batches(spec, data, epoch=epoch):
            x = torch.tensor(batch.inputs["features"])
            losses = {task: criterion(model(x), torch.tensor(batch.targets[task])) for task, model in models.items()}
            for optimizer in optimizers.values():
                optimizer.zero_grad()
            for loss in losses.values():
                loss.backward()
            for optimizer in optimizers.values():
                optimizer.step()
            found.append([loss.item() for loss in losses.values()])
    return np.array(found)


def test_the_example_trains_as_the_program_written_by_hand() -> None:
    spec = mtl.load(EXAMPLE)
    data = mtl.read(spec).training
    program = mtl.compile(spec, backend="torch", precision="float64")
    expected = by_hand(spec, data, program.parameters)
    history = mtl.train(program, data, progress=False)
    assert history.losses.shape == expected.shape == (300, 2)
    np.testing.assert_allclose(history.losses, expected, rtol=1e-10)
    assert (expected[-10:].mean(axis=0) < 0.9 * expected[0]).all()
