"""Optimizers and clipping: what happens to the parameters of a phase, with every law spelled out.

Order of a step: weighted sum of task losses, penalty, clip, decay, update. The rate of a step comes from the schedule.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from mtlspec.spec.kind import Kind
from mtlspec.spec.law import law


class Optimizer(Kind):
    """Moves parameters w along a gradient g at the rate r = learning_rate · schedule(step)."""

    family: ClassVar[str] = "optimizer"
    learning_rate: float = Field(gt=0)

    @property
    def slots(self) -> tuple[str, ...]:
        """The names of the arrays that it keeps for each parameter."""
        return ()


class Sgd(Optimizer):
    """v = momentum·v + g; w -= r·v (`at_update`), or v = momentum·v + r·g; w -= v (`into_velocity`).

    With `nesterov` the step is r·(g + momentum·v), or r·g + momentum·v (Sutskever et al. 2013, equations 3 and 4).
    The two forms part as soon as the rate changes.
    """

    kind: Literal["sgd"] = "sgd"
    learning_rate: float = law(published=0.01, keras=0.01, torch=0.001, gt=0)
    momentum: float = Field(default=0.0, ge=0, lt=1)
    nesterov: bool = False
    rate_applied: Literal["at_update", "into_velocity"] = law(
        published="into_velocity", keras="into_velocity", torch="at_update"
    )

    @property
    def slots(self) -> tuple[str, ...]:
        return ("velocity",) if self.momentum else ()


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

    @property
    def slots(self) -> tuple[str, ...]:
        return ("first_moment", "second_moment", *(("largest_second_moment",) if self.amsgrad else ()))


class Adam(_Moments):
    """m = β1·m + (1-β1)·g; v = β2·v + (1-β2)·g²; w -= r·(m / (1-β1^t)) / (sqrt(v / (1-β2^t)) + ε).

    Kingma and Ba 2015, algorithm 1; `before_correction` is the form at the end of its section 2 (epsilon hat):
    w -= r·sqrt(1-β2^t) / (1-β1^t) · m / (sqrt(v) + ε).
    """

    kind: Literal["adam"] = "adam"


class AdamW(_Moments):
    """w -= rate·weight_decay·w, then the update of Adam (Loshchilov and Hutter 2019, algorithm 2).

    All trainable parameters of the phase decay.
    """

    kind: Literal["adamw"] = "adamw"
    weight_decay: float = law(published=1e-4, keras=0.004, torch=0.01, ge=0)
    """The paper gives no single number; its decay is not scaled by the learning rate, so that 1e-4 under `published`
    weighs as much as 0.1 under the others at a rate of 0.001."""
    decay_scaled_by: Literal["learning_rate", "schedule"] = law(
        published="schedule", keras="learning_rate", torch="learning_rate"
    )
    """The rate of the decay: r, or the schedule's factor r / learning_rate alone, as in the paper."""


Optimizer.admit(Sgd, Adam, AdamW)


class Clipping(Kind):
    """Scales gradients by min(1, limit / (norm + epsilon)), after the penalty and before the update."""

    family: ClassVar[str] = "clipping"
    limit: float = Field(gt=0)
    epsilon: float = law(published=0.0, keras=0.0, torch=1e-6, ge=0)


class GlobalNorm(Clipping):
    """One norm over all parameters of the phase (Pascanu et al. 2013, algorithm 1)."""

    kind: Literal["global_norm"] = "global_norm"


class PerTensorNorm(Clipping):
    """A norm for each parameter (Keras' `clipnorm`)."""

    kind: Literal["per_tensor_norm"] = "per_tensor_norm"


Clipping.admit(GlobalNorm, PerTensorNorm)
