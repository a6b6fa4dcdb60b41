"""Focal losses: cross-entropies in which what is easy counts little (Lin, Goyal, Girshick, He and Dollár 2017)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mtlspec.spec.law import law
from mtlspec.spec.loss import Link, PositionLoss, TargetForm

Share = Annotated[float, Field(ge=0, le=1)]


class SigmoidFocal(PositionLoss):
    """mean_l of a_l·(1 - P_l)^gamma·-(q_l·log p_l + (1 - q_l)·log(1 - p_l)), p = σ(z), q = (1 - s)·y + s / 2.

    P = q·p + (1 - q)·(1 - p) is the probability of the truth, a = q·alpha + (1 - q)·(1 - alpha) its balance. With
    labels between 0 and 1 this is what Keras and torchvision do.
    """

    kind: Literal["sigmoid_focal"] = "sigmoid_focal"
    gamma: float = Field(default=2.0, ge=0)
    """The default of the paper."""
    alpha: Share | None = law(published=0.25, keras=None, torch=0.25)
    """The share of positive labels; None: no balance (a = 1)."""
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)

    @property
    def link(self) -> Link:
        return "sigmoid"

    @property
    def form(self) -> TargetForm:
        return "yes_or_no"


class SoftmaxFocal(PositionLoss):
    """-Σ_c alpha_c·q_c·(1 - p_c)^gamma·log p_c, p = softmax(z), q = (1 - s)·y + s / C."""

    kind: Literal["softmax_focal"] = "softmax_focal"
    targets: Literal["integer", "probabilities"] = "integer"
    """y is the index of a class, or a probability for each (one-hot included)."""
    gamma: float = Field(default=2.0, ge=0)
    alpha: tuple[Annotated[float, Field(ge=0)], ...] | Share | None = law(published=None, keras=0.25, torch=None)
    """A factor for each class, or one for all; None: 1."""
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    ignored_class: int | None = None
    """The integer target that marks an absent label."""

    @property
    def link(self) -> Link:
        return "softmax"

    @property
    def form(self) -> TargetForm:
        return "classes" if self.targets == "integer" else "probabilities"

    @property
    def ignored(self) -> int | None:
        return self.ignored_class

    def factors(self, units: int) -> tuple[float, ...] | None:
        """Return alpha for each of `units` classes; None where it is 1."""
        return (self.alpha,) * units if isinstance(self.alpha, float) else self.alpha

    def misfit(self, units: int) -> str:
        if units < 2:
            return f"softmax_focal needs at least 2 units, one per class, found {units}; or use sigmoid_focal"
        if isinstance(self.alpha, tuple) and len(self.alpha) != units:
            return f"alpha has {len(self.alpha)} entries and the head {units} units"
        if self.ignored_class is not None and self.targets != "integer":
            return "ignored_class marks integer targets; leave it out, or set `targets: integer`"
        return ""
