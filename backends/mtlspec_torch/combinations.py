"""Combinations: several losses of one task."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mtlspec_torch.loss import ExampleLoss, TaskLoss


class WeightedSum(TaskLoss):
    """Σ_t weight_t·loss_t, for losses of positions."""

    def __init__(self, weights: Sequence[float], terms: Sequence[TaskLoss]) -> None:
        super().__init__()
        self.weights, self.terms = tuple(weights), nn.ModuleList(terms)

    def per_position(self, logits: Tensor, targets: Tensor) -> Tensor:
        each = [w * _at(term).per_position(logits, targets) for w, term in zip(self.weights, self.terms, strict=True)]
        return torch.stack(each).sum(0)


class WeightedSumOfExamples(ExampleLoss):
    """Σ_t weight_t·loss_t; terms of positions are means over those that are present."""

    def __init__(self, weights: Sequence[float], terms: Sequence[TaskLoss]) -> None:
        super().__init__()
        self.weights, self.terms = tuple(weights), nn.ModuleList(terms)

    def of_examples(self, logits: Tensor, targets: Tensor, present: Tensor) -> Tensor:
        each = [_of_examples(_at(term), logits, targets, present) for term in self.terms]
        return torch.stack([w * losses for w, losses in zip(self.weights, each, strict=True)]).sum(0)


def _at(term: nn.Module) -> TaskLoss:
    """Return a member of a ModuleList as what it is."""
    assert isinstance(term, TaskLoss)
    return term


def _of_examples(term: TaskLoss, logits: Tensor, targets: Tensor, present: Tensor) -> Tensor:
    if isinstance(term, ExampleLoss):
        return term.of_examples(logits, targets, present)
    shares = present / present.sum(-1, keepdim=True).clamp(min=1)
    each = term.per_example(logits, targets)
    return (shares.to(each.dtype) * each).sum(-1)
