"""Passes: from a batch on the device to losses, penalty and gradients of the native model."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from mtlspec.spec.signature import Penalty as PenaltyLaw
from mtlspec_torch.data import PlacedBatch
from mtlspec_torch.loss import TaskLoss


@contextmanager
def mode(model: nn.Module, *, training: bool) -> Iterator[None]:
    """Put every module in training or inference mode, and back in the mode of its own afterwards."""
    modes = [(module, module.training) for module in model.modules()]
    model.train(training)
    try:
        yield
    finally:
        for module, was in modes:
            module.training = was


def task_losses(functions: Mapping[str, TaskLoss], logits: Mapping[str, Tensor], batch: PlacedBatch) -> Tensor:
    """Return Σ share·loss of each task (T)."""
    losses = [
        function(logits[task], batch.targets[task], share)
        for (task, function), share in zip(functions.items(), batch.shares, strict=True)
    ]
    return torch.stack(losses)


class Penalty:
    """l1·Σ|w| + l2·Σw² over some parameters; 0 without any."""

    def __init__(self, terms: Sequence[tuple[PenaltyLaw, nn.Parameter]], *, zero: Tensor) -> None:
        self.terms = tuple(terms)
        self._zero = zero

    def __call__(self) -> Tensor:
        """Return the penalty of the parameters as they are."""
        total = self._zero
        for penalty, w in self.terms:
            if penalty.l1:
                total = total + penalty.l1 * w.abs().sum()
            if penalty.l2:
                total = total + penalty.l2 * w.square().sum()
        return total


class Differentiation:
    """Gradients of a total, zeros where nothing reaches a parameter."""

    def __init__(self, *, by_row: Collection[nn.Parameter]) -> None:
        self._by_row = frozenset(by_row)

    def gradients(self, total: Tensor, parameters: Sequence[nn.Parameter], *, again: bool = False) -> list[Tensor]:
        """Return the gradient for each of `parameters`; `again` keeps what a further one of the same pass needs."""
        found: Sequence[Tensor | None] = [None] * len(parameters)
        if parameters and total.requires_grad:
            found = torch.autograd.grad(total, parameters, retain_graph=again, allow_unused=True)
        pairs = zip(parameters, found, strict=True)
        return [
            self.zero(parameter) if gradient is None else laid_out(gradient, parameter) for parameter, gradient in pairs
        ]

    def backward(self, total: Tensor, parameters: Sequence[nn.Parameter]) -> None:
        """Add the gradient to what `parameters` hold."""
        if total.requires_grad:
            total.backward()  # type: ignore[no-untyped-call]
        for parameter in parameters:
            if parameter.grad is None:
                parameter.grad = self.zero(parameter)

    def zero(self, parameter: nn.Parameter) -> Tensor:
        """Return a gradient of zeros; for a table by row, one that touches no row."""
        if parameter not in self._by_row:
            return torch.zeros_like(parameter)
        ids = torch.zeros((1, 0), dtype=torch.int64, device=parameter.device)
        return occurrences(ids[0], parameter.new_zeros((0, *parameter.shape[1:])), like=parameter)


def laid_out(gradient: Tensor, parameter: nn.Parameter) -> Tensor:
    """Return `gradient` in the strides of its parameter.

    `backward` sees to that; `autograd.grad` gives those of a convolution as they come, often channels last, and the
    fused optimizers walk through both memories side by side, whatever their strides.
    """
    if gradient.is_sparse or gradient.stride() == parameter.stride():
        return gradient
    return torch.empty_like(parameter).copy_(gradient)


def occurrences(ids: Tensor, values: Tensor, *, like: Tensor) -> Tensor:
    """Return the gradient of a table whose rows `ids` got `values`; an id may occur several times."""
    return torch.sparse_coo_tensor(ids[None], values, like.shape, check_invariants=False)
