"""Optimizers: what happens to the parameters of a phase, with every law spelled out; the members stand at the end.

Order of a step: weighted sum of task losses, penalty, mean of accumulated batches, coupled decay (before or after)
clip, decoupled decay, update, constraint, average. The rate of a step comes from the schedule.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from mtlspec.spec.accumulators import Adadelta as Adadelta
from mtlspec.spec.accumulators import Adagrad as Adagrad
from mtlspec.spec.accumulators import Rmsprop as Rmsprop
from mtlspec.spec.clipping import Clipping as Clipping
from mtlspec.spec.clipping import GlobalNorm as GlobalNorm
from mtlspec.spec.clipping import PerTensorNorm as PerTensorNorm
from mtlspec.spec.clipping import ValueClipping as ValueClipping
from mtlspec.spec.factors import Adafactor as Adafactor
from mtlspec.spec.law import law
from mtlspec.spec.moments import Adam as Adam
from mtlspec.spec.moments import Adamax as Adamax
from mtlspec.spec.moments import AdamW as AdamW
from mtlspec.spec.moments import Nadam as Nadam
from mtlspec.spec.optimizer import Optimizer as Optimizer
from mtlspec.spec.signature import Sizes
from mtlspec.spec.signs import Lion as Lion
from mtlspec.spec.slots import SlotRule, like_parameter


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

    def slots(self, shape: Sizes) -> tuple[SlotRule, ...]:
        return like_parameter(shape, "velocity") if self.momentum else ()


Optimizer.admit(Sgd, Adam, AdamW, Rmsprop, Adagrad, Adadelta, Adamax, Nadam, Lion, Adafactor)
