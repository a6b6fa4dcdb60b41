"""Margins."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from mtlspec.spec import losses as spec
from mtlspec_torch.loss import NativeLoss, TaskLoss, numbers, over_units


class Hinge(TaskLoss):
    """mean_l of max(0, 1 - t·z), or of its square."""

    def __init__(self, loss: spec.Hinge | spec.SquaredHinge) -> None:
        super().__init__()
        self.zero_one, self.squared = loss.targets == "zero_one", isinstance(loss, spec.SquaredHinge)

    def per_position(self, logits: Tensor, targets: Tensor) -> Tensor:
        signs = 2 * targets - 1 if self.zero_one else targets
        short = (1 - signs * logits).clamp(min=0)
        return over_units(short.square() if self.squared else short)


class CategoricalHinge(TaskLoss):
    """max(0, 1 + max_{c ≠ y} z_c - z_y)."""

    def __init__(self, loss: spec.CategoricalHinge) -> None:
        super().__init__()
        self.in_place_of_truth = 0.0 if loss.rivals == "others_or_zero" else -float("inf")

    def per_position(self, logits: Tensor, targets: Tensor) -> Tensor:
        truth = functional.one_hot(targets, logits.shape[-1]).bool()
        rivals = logits.masked_fill(truth, self.in_place_of_truth)
        own = logits.gather(-1, targets[:, None])[:, 0]
        return (1 + rivals.amax(-1) - own).clamp(min=0)


class MultiMargin(NativeLoss):
    """w_y·Σ_{c ≠ y} max(0, margin - z_y + z_c)^power / C."""

    class_weights: Tensor | None

    def __init__(self, loss: spec.MultiMargin) -> None:
        super().__init__()
        self.margin, self.power = loss.margin, loss.power
        self.register_buffer("class_weights", numbers(loss.class_weights))

    def native(self, logits: Tensor, targets: Tensor, *, reduction: str) -> Tensor:
        return functional.multi_margin_loss(
            logits, targets, p=self.power, margin=self.margin, weight=self.class_weights, reduction=reduction
        )
