"""Likelihoods: the negative logarithm of what a distribution of the head's numbers gives the target."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from mtlspec.spec.law import law
from mtlspec.spec.loss import Link, PositionLoss, Target, TargetForm


class Poisson(PositionLoss):
    """mean_u of λ_u - y_u·log λ_u, for counts y and rates λ; terms of y alone are left out unless `full`."""

    kind: Literal["poisson"] = "poisson"
    input: Literal["log_rate", "rate"] = law(published="log_rate", keras="rate", torch="log_rate")
    """What the head gives: z = log λ, so that the loss is exp(z) - y·z, or z = λ: z - y·log(z + epsilon).

    A rate has to be positive: end the head in softplus or exp.
    """
    epsilon: float = law(published=1e-8, keras=1e-7, torch=1e-8, gt=0)
    """Only beside `input: rate`."""
    full: bool = False
    """Add Stirling's y·log y - y + log(2π·y) / 2 where y > 1, as `PoissonNLLLoss(full=True)` of PyTorch."""

    @property
    def link(self) -> Link:
        return "exp" if self.input == "log_rate" else "none"

    @property
    def form(self) -> TargetForm:
        return "non_negative"


class GaussianLikelihood(PositionLoss):
    """mean_u of (log v_u + (y_u - m_u)² / v_u) / 2, with mean m and variance v from the head (Nix and Weigend 1994).

    Of 2·n units the first n are m, the others r, with v = max(exp(r), minimum), or max(softplus(r), minimum).
    Predictions are m and v.
    """

    kind: Literal["gaussian_likelihood"] = "gaussian_likelihood"
    variance: Literal["exp", "softplus"] = "exp"
    minimum: float = Field(default=1e-6, gt=0)
    """The `eps` of `GaussianNLLLoss`, and its default."""
    below_minimum: Literal["flat", "unheld"] = law(published="flat", keras="flat", torch="unheld")
    """The gradient by r where v is held: 0, or that of the loss at the minimum, through a variance that is not held.

    `GaussianNLLLoss` of PyTorch clamps without the gradient's knowing.
    """
    full: bool = False
    """Add log(2π) / 2."""

    @property
    def link(self) -> Link:
        return "gaussian"

    @property
    def link_law(self) -> tuple[object, ...]:
        return self.link, self.variance, self.minimum

    def target(self, units: int) -> Target:
        return Target(self.form, units // 2)

    def estimates(self, units: int) -> slice:
        """The means."""
        return slice(units // 2)

    def misfit(self, units: int) -> str:
        if units % 2:
            return (
                f"gaussian_likelihood needs two units for each number, its mean and its variance, found {units} units"
            )
        return ""
