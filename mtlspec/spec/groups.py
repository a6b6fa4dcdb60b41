"""Groups of parameters by pattern, moving averages, and gradients over several batches."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from mtlspec.spec.law import law
from mtlspec.spec.patterns import Pattern
from mtlspec.spec.value import Value, problem, raise_problems


class Group(Value):
    """What is different for the parameters whose key path matches; the first group that matches holds."""

    parameters: Pattern
    """Such as `trunk*` or `*.bias`."""
    rate_factor: float = Field(default=1.0, gt=0)
    """Multiplies the learning rate."""
    decay: float | None = Field(default=None, ge=0)
    """The rate of the decay, in place of that of the optimizer or of `decay:`, whatever its patterns say."""
    frozen: bool = False
    """Not trained: no update, no decay, no penalty."""

    def model_post_init(self, context: object) -> None:
        """Refuse numbers for parameters that do not move."""
        for name in ("rate_factor", "decay"):
            if self.frozen and getattr(self, name) != type(self).model_fields[name].default:
                message = f"a frozen parameter does not move; leave `{name}` out"
                raise_problems("Group", [problem(message, (name,), getattr(self, name))])


class Average(Value):
    """avg = keeps·avg + (1 - keeps)·w after each update of w; avg = w up to update `start` (Polyak and Juditsky 1992).

    The first update sets avg = w, as Keras' `use_ema` does and PyTorch's `AveragedModel`. Statistics of a
    normalization are not averaged.
    """

    keeps: float = Field(default=0.99, ge=0, lt=1)
    start: int = Field(default=1, gt=0)
    """The number of the last update after which avg = w."""
    evaluated: bool = True
    """Whether `evaluate` and `predict` use the averages in place of the parameters; `outputs` never does."""


class Accumulation(Value):
    """g = (g_1 + … + g_k) / k over k = `batches` batches, and one update after the k-th.

    What is left over at the end of an epoch is carried into the next. Statistics and dropout advance with each batch.
    """

    batches: int = Field(gt=0)
    schedule_counts: Literal["updates", "batches"] = law(published="updates", keras="batches", torch="updates")
    """What is a step to a schedule; Keras counts batches, and an update takes the rate of its last. A schedule whose
    unit is an epoch counts batches either way."""
