"""Optimizers of moments: Adam and those made from it, which average the gradient and its square or size."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from mtlspec.spec.decay import Decay, DecoupledDecay
from mtlspec.spec.law import law
from mtlspec.spec.optimizer import Optimizer, RowLaw
from mtlspec.spec.signature import Sizes
from mtlspec.spec.slots import SlotRule, like_parameter


class _Moments(Optimizer):
    """The fields that Adam and AdamW share."""

    learning_rate: float = Field(default=0.001, gt=0)
    beta_1: float = Field(default=0.9, ge=0, lt=1)
    beta_2: float = Field(default=0.999, ge=0, lt=1)
    epsilon: float = law(published=1e-8, keras=1e-7, torch=1e-8, gt=0)
    epsilon_placement: Literal["after_correction", "before_correction"] = law(
        published="after_correction", keras="before_correction", torch="after_correction"
    )
    """Whether epsilon is added to the corrected root sqrt(v / (1 - beta_2^t)), or to sqrt(v) before its correction."""
    amsgrad: bool = False
    """Divide by the largest second moment so far (Reddi et al. 2018), the maximum taken before the correction."""

    def slots(self, shape: Sizes) -> tuple[SlotRule, ...]:
        largest = ("largest_second_moment",) if self.amsgrad else ()
        return like_parameter(shape, "first_moment", "second_moment", *largest)


class Adam(_Moments):
    """m = β1·m + (1-β1)·g; v = β2·v + (1-β2)·g²; w -= r·(m / (1-β1^t)) / (sqrt(v / (1-β2^t)) + ε).

    Kingma and Ba 2015, algorithm 1; `before_correction` is the form at the end of its section 2 (epsilon hat):
    w -= r·sqrt(1-β2^t) / (1-β1^t) · m / (sqrt(v) + ε).
    """

    kind: Literal["adam"] = "adam"


class AdamW(_Moments):
    """w -= rate·weight_decay·w, then the update of Adam (Loshchilov and Hutter 2019, algorithm 2).

    All trainable parameters of the phase decay, unless a group says otherwise.
    """

    kind: Literal["adamw"] = "adamw"
    weight_decay: float = law(published=1e-4, keras=0.004, torch=0.01, ge=0)
    """The paper gives no single number; its decay is not scaled by the learning rate, so that 1e-4 under `published`
    weighs as much as 0.1 under the others at a rate of 0.001."""
    decay_scaled_by: Literal["learning_rate", "schedule"] = law(
        published="schedule", keras="learning_rate", torch="learning_rate"
    )
    """The rate of the decay: r, or the schedule's factor r / learning_rate alone, as in the paper."""

    @property
    def own_decay(self) -> Decay:
        return DecoupledDecay(rate=self.weight_decay, scaled_by=self.decay_scaled_by)


class Adamax(Optimizer):
    """m = β1·m + (1-β1)·g; u = max(β2·u, |g|); w -= r / (1-β1^t) · m / (u + ε) (Kingma and Ba 2015, algorithm 2)."""

    kind: Literal["adamax"] = "adamax"
    row_laws: ClassVar[frozenset[RowLaw]] = frozenset({"skip"})
    learning_rate: float = law(published=0.002, keras=0.001, torch=0.002, gt=0)
    beta_1: float = Field(default=0.9, ge=0, lt=1)
    beta_2: float = Field(default=0.999, ge=0, lt=1)
    epsilon: float = law(published=1e-8, keras=1e-7, torch=1e-8, gt=0)
    """The paper has none, and so divides 0 by 0 where no gradient ever came."""
    epsilon_placement: Literal["after_maximum", "in_maximum"] = law(
        published="after_maximum", keras="after_maximum", torch="in_maximum"
    )
    """`in_maximum`: u = max(β2·u, |g| + ε) and w -= r / (1-β1^t) · m / u."""

    def slots(self, shape: Sizes) -> tuple[SlotRule, ...]:
        return like_parameter(shape, "first_moment", "largest_size")


class Nadam(Optimizer):
    """μ_t = β1·(1 - 0.96^(t·ψ) / 2); w -= r·(μ_(t+1)·m / (1-Π_(t+1)) + (1-μ_t)·g / (1-Π_t)) / (sqrt(v / (1-β2^t)) + ε).

    m and v are those of Adam, Π_t = μ_1·…·μ_t, ψ = `momentum_decay` (Dozat 2016, algorithm 2 and section 3.2).
    """

    kind: Literal["nadam"] = "nadam"
    learning_rate: float = law(published=0.002, keras=0.001, torch=0.002, gt=0)
    beta_1: float = Field(default=0.9, ge=0, lt=1)
    beta_2: float = Field(default=0.999, ge=0, lt=1)
    epsilon: float = law(published=1e-8, keras=1e-7, torch=1e-8, gt=0)
    momentum_decay: float = law(published=0.004, keras=1.0, torch=0.004, ge=0)

    def slots(self, shape: Sizes) -> tuple[SlotRule, ...]:
        moments = like_parameter(shape, "first_moment", "second_moment")
        return (*moments, SlotRule("momentum_product", (), initial=1.0))
