"""Witnesses: PyTorch programs that somebody else wrote, opened so that each part can be asked on its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import nn

from mtlspec.errors import MtlspecError
from mtlspec.spec.training import Precision
from mtlspec_torch.witness_program import Loss, NativeBatch, TorchWitness


def prepare(precision: Precision | None) -> None:
    """Let what is built from now on have `precision`; None leaves it to the program."""
    torch.set_num_threads(1)
    if precision is not None:
        torch.set_default_dtype(getattr(torch, precision))


def witness(
    model: nn.Module,
    *,
    losses: Mapping[str, Loss],
    weights: Mapping[str, float] | None = None,
    optimizer: torch.optim.Optimizer | None = None,
    scheduler: Any = None,
    inputs: Sequence[str] | type[dict[str, Any]] | None = None,
    outputs: Sequence[str] | None = None,
    step: Callable[[NativeBatch], object] | None = None,
) -> TorchWitness:
    """Return a program as a witness, for `mtlspec record` and `mtlspec verify --witness torch=FILE:FUNCTION`.

    Args:
        model: What is trained.
        losses: By task: `loss(output, target)`, or `loss(output, target, weight)` where the batches have weights for
            the task; each returns one number.
        weights: What each task's loss is multiplied by in the sum that is minimized; 1 where a task is not named.
        optimizer: What follows the gradient of that sum.
        scheduler: What `step()` is called on after every step of the optimizer.
        inputs: The names of the model's arguments in order. By default a single input is the argument itself, and
            several are passed as one dict; `dict` passes a dict always.
        outputs: The tasks in the order of the model's outputs, if it returns several and not by name.
        step: One whole training step on a batch, for programs that do not minimize one sum with one optimizer.

    Raises:
        MtlspecError: a weight is of a task that has no loss.
    """
    if unknown := sorted(set(weights or {}) - set(losses)):
        raise MtlspecError(f"weights of {', '.join(unknown)}: expected tasks with a loss: {', '.join(losses)}")
    weighted = {task: float((weights or {}).get(task, 1.0)) for task in losses}
    return TorchWitness(model, losses, weighted, optimizer, scheduler, inputs, outputs, step)
