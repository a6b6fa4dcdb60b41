"""Optimizers that follow the sign of a direction alone: Lion."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from mtlspec.spec.law import law
from mtlspec.spec.optimizer import Optimizer
from mtlspec.spec.signature import Sizes
from mtlspec.spec.slots import SlotRule, like_parameter


class Lion(Optimizer):
    """w -= r·sign(β1·m + (1-β1)·g); m = β2·m + (1-β2)·g; sign(0) = 0 (Chen et al. 2023, algorithm 2).

    PyTorch has no such class; its values here are the paper's.
    """

    kind: Literal["lion"] = "lion"
    learning_rate: float = law(published=1e-4, keras=0.001, torch=1e-4, gt=0)
    beta_1: float = Field(default=0.9, ge=0, lt=1)
    beta_2: float = Field(default=0.99, ge=0, lt=1)

    def slots(self, shape: Sizes) -> tuple[SlotRule, ...]:
        return like_parameter(shape, "first_moment")
