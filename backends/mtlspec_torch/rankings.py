"""Rankings: losses of scores (B, n, 1) and relevances of the present items."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from mtlspec.spec import losses as spec
from mtlspec_torch.loss import ExampleLoss


class PairwiseRanking(ExampleLoss):
    """The mean or sum of f(z_i - z_j) over the pairs of present items with y_i > y_j."""

    def __init__(self, loss: spec.PairwiseRanking) -> None:
        super().__init__()
        self.logistic, self.margin, self.mean_of_pairs = loss.function == "logistic", loss.margin, loss.pairs == "mean"

    def of_examples(self, logits: Tensor, targets: Tensor, present: Tensor) -> Tensor:
        apart = logits - logits.mT
        each = -functional.logsigmoid(apart) if self.logistic else (self.margin - apart).clamp(min=0)
        ahead = (_pairs(present) & (targets > targets.mT)).to(each.dtype)
        total = (ahead * each).sum((1, 2))
        return total / ahead.sum((1, 2)).clamp(min=1) if self.mean_of_pairs else total


class ListNet(ExampleLoss):
    """-Σ_i P_i·log softmax(z)_i."""

    def __init__(self, loss: spec.ListNet) -> None:
        super().__init__()
        self.softmax = loss.relevances == "softmax"

    def of_examples(self, logits: Tensor, targets: Tensor, present: Tensor) -> Tensor:
        relevances = targets[..., 0]
        if self.softmax:
            wanted = _log_softmax(relevances, present).exp() * present
        else:
            kept = relevances * present
            total = kept.sum(-1, keepdim=True)
            wanted = kept / torch.where(total > 0, total, 1)
        return -(wanted * _log_softmax(logits[..., 0], present)).sum(-1)


class ListMle(ExampleLoss):
    """Σ_i (log Σ_{j from i on} exp(z_j) - z_i), items by falling y."""

    def of_examples(self, logits: Tensor, targets: Tensor, present: Tensor) -> Tensor:
        index = torch.arange(logits.shape[1], device=logits.device)
        later = (targets > targets.mT) | ((targets == targets.mT) & (index[:, None] <= index))
        left = _pairs(present) & later
        logarithms = _log_softmax(logits.mT.expand(left.shape), left)
        return -logarithms.diagonal(dim1=1, dim2=2).sum(-1)


def _pairs(present: Tensor) -> Tensor:
    return present[:, :, None] & present[:, None, :]


def _log_softmax(scores: Tensor, present: Tensor) -> Tensor:
    """Return log softmax over the present ones of the last axis, and 0 elsewhere; where none is, without a gradient."""
    some = present.any(-1, keepdim=True)
    held = torch.where(present, scores, torch.where(some, -float("inf"), 0.0))
    return torch.where(present, held.log_softmax(-1), 0)
