"""Overlaps: losses of what two sets of pixels have in common."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from mtlspec.spec.law import law
from mtlspec.spec.loss import ExampleLoss, Link, TargetForm


class Dice(ExampleLoss):
    """1 - (2·Σ p·y + n) / (Σ p^k + Σ y^k + smooth), sums over the present positions of an example, p of the link.

    k is 2 if `squares` (Milletari, Navab and Ahmadi 2016), otherwise 1; n is `smooth`, or 0. Keras sums over the batch
    as well; here each example has a number.
    """

    kind: Literal["dice"] = "dice"
    of: Literal["softmax", "sigmoid"] = "softmax"
    """What makes p of the logits: one class at each position, or several yes-or-no labels."""
    targets: Literal["integer", "probabilities"] = "integer"
    """Beside softmax: y is the index of a class, or a probability for each (one-hot included)."""
    squares: bool = law(published=True, keras=False, torch=True)
    smooth: float = Field(default=1e-7, gt=0)
    """The default of Keras."""
    smooth_in: Literal["both", "denominator"] = law(published="both", keras="denominator", torch="both")
    """Where `smooth` stands: an example without a class and without a guess of it has loss 0, or 1."""
    classes: Literal["mean", "together"] = law(published="mean", keras="together", torch="mean")
    """Whether each class (unit) has a quotient of its own, or the sums go over classes too."""
    ignored_class: int | None = None
    """The integer target that marks an absent label."""

    @property
    def link(self) -> Link:
        return self.of

    @property
    def ignored(self) -> int | None:
        return self.ignored_class

    @property
    def form(self) -> TargetForm:
        if self.of == "sigmoid":
            return "yes_or_no"
        return "classes" if self.targets == "integer" else "probabilities"

    def misfit(self, units: int) -> str:
        if self.of == "softmax" and units < 2:
            return f"dice of softmax needs at least 2 units, one per class, found {units}; set `of: sigmoid`"
        if self.of == "sigmoid" and self.targets != "integer":
            return "dice of sigmoid has yes-or-no targets; leave `targets` out"
        if self.ignored_class is not None and self.form != "classes":
            return "ignored_class marks integer targets of softmax; leave it out"
        return ""
