"""Margins: losses that end where the truth is ahead by enough."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mtlspec.spec.law import law
from mtlspec.spec.loss import PositionLoss, TargetForm


class _Signed(PositionLoss):
    """A margin of a yes-or-no label t in [-1, 1]."""

    targets: Literal["signs", "zero_one"] = law(published="signs", keras="zero_one", torch="signs")
    """How a label is written: t from -1 to 1, or y from 0 to 1 with t = 2·y - 1.

    Keras takes labels for the latter where a whole batch is of zeros and ones.
    """

    @property
    def form(self) -> TargetForm:
        return "signs" if self.targets == "signs" else "yes_or_no"


class Hinge(_Signed):
    """mean_l of max(0, 1 - t_l·z_l) (Cortes and Vapnik 1995); at the kink the slope is -t."""

    kind: Literal["hinge"] = "hinge"


class SquaredHinge(_Signed):
    """mean_l of max(0, 1 - t_l·z_l)²."""

    kind: Literal["squared_hinge"] = "squared_hinge"


class CategoricalHinge(PositionLoss):
    """max(0, 1 + max_{c ≠ y} z_c - z_y) for a class index y (Crammer and Singer 2001).

    At the kink of the outer maximum the slope is that of the right; equal largest z_c share it evenly.
    """

    kind: Literal["categorical_hinge"] = "categorical_hinge"
    rivals: Literal["others", "others_or_zero"] = law(published="others", keras="others_or_zero", torch="others")
    """Whether the inner maximum has a 0 beside the other classes' z, as the masked product of Keras has."""

    @property
    def form(self) -> TargetForm:
        return "classes"

    def misfit(self, units: int) -> str:
        return "" if units > 1 else f"categorical_hinge needs at least 2 units, one per class, found {units}; use hinge"


class MultiMargin(PositionLoss):
    """w_y·Σ_{c ≠ y} max(0, margin - z_y + z_c)^power / C for a class index y (Weston and Watkins 1999).

    As `MultiMarginLoss` of PyTorch; the slope at the kink is 0.
    """

    kind: Literal["multi_margin"] = "multi_margin"
    margin: float = Field(default=1.0, gt=0)
    power: Literal[1, 2] = 1
    class_weights: tuple[Annotated[float, Field(ge=0)], ...] | None = None
    """w: a factor per class, of the loss alone; 1 where it is left out."""

    @property
    def form(self) -> TargetForm:
        return "classes"

    def misfit(self, units: int) -> str:
        if units < 2:
            return f"multi_margin needs at least 2 units, one per class, found {units}; use hinge"
        if self.class_weights is not None and len(self.class_weights) != units:
            return f"class_weights has {len(self.class_weights)} entries and the head {units} units"
        return ""
