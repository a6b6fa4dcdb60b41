"""Overlaps."""

from __future__ import annotations

from torch import Tensor

from mtlspec.spec import losses as spec
from mtlspec_torch.loss import ExampleLoss, classes_of


class Dice(ExampleLoss):
    """1 - (2·Σ p·y + n) / (Σ p^k + Σ y^k + smooth), sums over the present of n positions."""

    def __init__(self, loss: spec.Dice) -> None:
        super().__init__()
        self.softmax, self.squares, self.smooth = loss.of == "softmax", loss.squares, loss.smooth
        self.above = loss.smooth if loss.smooth_in == "both" else 0.0
        self.axes = (1,) if loss.classes == "mean" else (1, 2)

    def of_examples(self, logits: Tensor, targets: Tensor, present: Tensor) -> Tensor:
        p = logits.softmax(-1) if self.softmax else logits.sigmoid()
        y = classes_of(targets, logits)
        here = present[..., None].to(p.dtype)
        powers = p.square() + y.square() if self.squares else p + y
        below = (here * powers).sum(self.axes) + self.smooth
        quotient = (2 * (here * p * y).sum(self.axes) + self.above) / below
        return (1 - quotient).reshape(len(quotient), -1).mean(-1)
