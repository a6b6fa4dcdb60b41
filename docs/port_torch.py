"""The picture's model as a careful engineer ports it to PyTorch: the same numbers, shapes and initial values."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812


def losses(start: dict[str, np.ndarray], batches: list[dict[str, np.ndarray]]) -> list[list[float]]:
    """Return the loss of each task at each step."""
    torch.set_num_threads(1)
    body = nn.Sequential(
        nn.Conv2d(1, 16, 3, stride=2, padding=1, bias=False),  # Keras pads 8 pixels at stride 2 after, not around
        nn.BatchNorm2d(16),  # its own epsilon, and its own share of the old statistics
        nn.ReLU(),
        nn.Conv2d(16, 32, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(128, 64),
        nn.ReLU(),
    )
    heads = nn.ModuleDict({"digit": nn.Linear(64, 10), "loop": nn.Linear(64, 1), "slant": nn.Linear(64, 1)})
    _load(body, heads, start)
    parameters = [*body.parameters(), *heads.parameters()]
    optimizer = torch.optim.SGD(parameters, lr=0.02, momentum=0.9)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.97)
    history = []
    for batch in batches:
        shared = body(torch.from_numpy(batch["image"]).permute(0, 3, 1, 2))
        found = [
            F.cross_entropy(heads["digit"](shared), torch.from_numpy(batch["digit"])),
            F.binary_cross_entropy_with_logits(heads["loop"](shared), torch.from_numpy(batch["loop"])),
            F.mse_loss(heads["slant"](shared), torch.from_numpy(batch["slant"])),
        ]
        optimizer.zero_grad()
        torch.stack(found).sum().backward()
        optimizer.step()
        schedule.step()
        history.append([loss.item() for loss in found])
    return history


def _load(body: nn.Sequential, heads: nn.ModuleDict, start: dict[str, np.ndarray]) -> None:
    """Copy the Keras values: kernels transposed, and the rows after the flatten from (h, w, c) to (c, h, w)."""

    def copied(target: nn.Parameter, values: np.ndarray) -> None:
        with torch.no_grad():
            target.copy_(torch.from_numpy(np.ascontiguousarray(values)))

    copied(body[0].weight, start["body[0].kernel"].transpose(3, 2, 0, 1))
    copied(body[3].weight, start["body[3].kernel"].transpose(3, 2, 0, 1))
    copied(body[3].bias, start["body[3].bias"])
    dense = start["body[5].kernel"].reshape(2, 2, 32, 64).transpose(2, 0, 1, 3).reshape(128, 64)
    copied(body[6].weight, dense.T)
    copied(body[6].bias, start["body[5].bias"])
    for name, head in heads.items():
        copied(head.weight, start[f"tasks.{name}.head[0].kernel"].T)
        copied(head.bias, start[f"tasks.{name}.head[0].bias"])
