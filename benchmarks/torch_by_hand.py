"""The benchmark models as a PyTorch user writes them: eager, with indexed tensors and with a DataLoader."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812
from torch.utils.data import DataLoader, TensorDataset

torch.set_num_threads(1)

LOSSES = {
    "digit": F.cross_entropy,
    "loop": F.binary_cross_entropy_with_logits,
    "slant": F.mse_loss,
}


class Small(nn.Module):
    """One shared dense layer and two heads."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = nn.Linear(50, 64)
        self.digit, self.slant = nn.Linear(64, 10), nn.Linear(64, 1)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        shared = F.relu(self.trunk(x))
        return {"digit": self.digit(shared), "slant": self.slant(shared)}


class Digits(nn.Module):
    """The convolutional body of the digits example and its three heads."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1, bias=False),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(512, 64),
            nn.ReLU(),
        )
        self.heads = nn.ModuleDict({"digit": nn.Linear(64, 10), "loop": nn.Linear(64, 1), "slant": nn.Linear(64, 1)})

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        shared = self.body(x)
        return {name: head(shared) for name, head in self.heads.items()}


def programs(model: str, x: np.ndarray, targets: dict[str, np.ndarray], batch: int) -> dict[str, Callable[[], int]]:
    """Return the hand-written programs by name."""
    inputs = torch.from_numpy(x if model == "small" else x.transpose(0, 3, 1, 2).copy())
    labels = [torch.from_numpy(target) for target in targets.values()]

    def indexed() -> Iterator[list[Tensor]]:
        for rows in torch.randperm(len(inputs)).view(-1, batch):
            yield [inputs[rows], *(label[rows] for label in labels)]

    loader = DataLoader(TensorDataset(inputs, *labels), batch_size=batch, shuffle=True)
    new = Small if model == "small" else Digits
    return {
        "hand-written, indexed tensors": _program(new(), list(targets), indexed, fused=False),
        "hand-written, indexed tensors, fused Adam": _program(new(), list(targets), indexed, fused=True),
        "hand-written, DataLoader": _program(new(), list(targets), lambda: loader, fused=False),
    }


def _program(
    model: nn.Module, tasks: list[str], batches: Callable[[], Iterable[list[Tensor]]], *, fused: bool
) -> Callable[[], int]:
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=fused)

    def run() -> int:
        count = 0
        history = []
        for x, *labels in batches():
            outputs = model(x)
            losses = [LOSSES[task](outputs[task], label) for task, label in zip(tasks, labels, strict=True)]
            optimizer.zero_grad()
            torch.stack(losses).sum().backward()
            optimizer.step()
            history.append([loss.detach() for loss in losses])
            count += 1
        return count

    return run
