"""Distances between numbers: means over the units of a position."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mtlspec.spec.law import law
from mtlspec.spec.loss import PositionLoss, Target, TargetForm


class SquaredError(PositionLoss):
    """mean_u of (z_u - y_u)² over the units u."""

    kind: Literal["squared_error"] = "squared_error"


class AbsoluteError(PositionLoss):
    """mean_u of |z_u - y_u| over the units u; the slope at 0 is 0."""

    kind: Literal["absolute_error"] = "absolute_error"


class Huber(PositionLoss):
    """mean_u of e²/2 where |e| <= delta, else delta·|e| - delta²/2, e = z_u - y_u (Huber 1964)."""

    kind: Literal["huber"] = "huber"
    delta: float = Field(default=1.0, gt=0)


class LogCosh(PositionLoss):
    """mean_u of log(cosh(z_u - y_u)): e²/2 near 0, |e| - log 2 far out."""

    kind: Literal["log_cosh"] = "log_cosh"


class Quantile(PositionLoss):
    """mean_q of max(q·e, (q - 1)·e), e = y - z_q, for one number y and a unit per quantile q.

    The pinball loss (Koenker and Bassett 1978). The slope by z_q is 1 - q at e = 0.
    """

    kind: Literal["quantile"] = "quantile"
    quantiles: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = Field(min_length=1)
    """q, in the order of the units."""

    def target(self, units: int) -> Target:
        return Target(self.form, 1)

    def estimates(self, units: int) -> slice:
        """The quantile that is nearest to the median, the first of equals."""
        nearest = min(range(len(self.quantiles)), key=lambda index: abs(self.quantiles[index] - 0.5))
        return slice(nearest, nearest + 1)

    def misfit(self, units: int) -> str:
        if len(self.quantiles) != units:
            return f"quantiles has {len(self.quantiles)} entries and the head {units} units; give the head one for each"
        return ""


class PercentageError(PositionLoss):
    """mean_u of 100·|z_u - y_u| / max(|y_u|, epsilon); the slope at 0 is 0."""

    kind: Literal["percentage_error"] = "percentage_error"
    epsilon: float = Field(default=1e-7, gt=0)
    """The default of Keras."""


class SquaredLogarithmicError(PositionLoss):
    """mean_u of (log(1 + max(z_u, clip)) - log(1 + max(y_u, clip)))², for y of at least 0.

    The slope is 0 below the clip, and that of the right at it.
    """

    kind: Literal["squared_logarithmic_error"] = "squared_logarithmic_error"
    clip: float = law(published=0.0, keras=1e-7, torch=0.0, ge=0)

    @property
    def form(self) -> TargetForm:
        return "non_negative"


class CosineSimilarity(PositionLoss):
    """1 - cos or -cos, cos = Σ_u z_u·y_u / (|z|·|y|) with the norms kept from 0 by epsilon."""

    kind: Literal["cosine_similarity"] = "cosine_similarity"
    value: Literal["one_minus", "negative"] = law(published="one_minus", keras="negative", torch="one_minus")
    """Which number is the loss; the gradient is the same."""
    epsilon: float = law(published=1e-8, keras=1e-7, torch=1e-12, gt=0)
    epsilon_placement: Literal["floor", "inside_root"] = law(published="floor", keras="floor", torch="inside_root")
    """floor: max(|z|, epsilon)·max(|y|, epsilon). inside_root: √(Σ z² + epsilon)·√(Σ y² + epsilon).

    Keras and `functional.cosine_similarity` have a floor, `CosineEmbeddingLoss` of PyTorch has it inside.
    """
