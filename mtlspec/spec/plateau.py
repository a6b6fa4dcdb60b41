"""Reduce on plateau: a schedule that a measure of the training decides."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from mtlspec.spec.law import law
from mtlspec.spec.schedule import Schedule


class ReduceOnPlateau(Schedule):
    """rate^n, n the number of reductions so far: one whenever a measure has not improved for `patience` epochs.

    The host judges after each whole epoch, the first included, and reduces from the next step on; then it judges anew,
    after `cooldown` epochs. The names of Keras's `ReduceLROnPlateau` are `monitor`, `factor` and `min_delta`, those of
    PyTorch's `factor` and `threshold`; the defaults are those of both, and where they part there is a law. A measure
    that is not finite is no improvement. A warm-up multiplies.
    """

    kind: Literal["reduce_on_plateau"] = "reduce_on_plateau"
    unit: Literal["epoch"] = "epoch"
    measure: str = "loss"
    """`task/loss` or `task/metric`, as a history has it; `loss` is Σ weight·loss over the tasks."""
    examples: Literal["validation", "training"] = "validation"
    """Of which examples: those held out, or those trained on. A training loss is that of the epoch as it went."""
    mode: Literal["min", "max"] | None = None
    """Whether less or more is better; by default as the measure has it."""
    rate: float = Field(default=0.1, gt=0, lt=1)
    patience: int = Field(default=10, ge=0)
    reduces: Literal["at_patience", "beyond_patience"] = law(
        published="at_patience", keras="at_patience", torch="beyond_patience"
    )
    """With the `patience`-th epoch without improvement in a row (Keras), or with the one after it (PyTorch)."""
    threshold: float = Field(default=1e-4, ge=0)
    """By what the best has to be surpassed."""
    threshold_is: Literal["absolute", "relative"] = law(published="absolute", keras="absolute", torch="relative")
    """In units of the measure: best ∓ threshold (Keras); or as a share: best·(1 ∓ threshold) (PyTorch's default)."""
    cooldown: int = Field(default=0, ge=0)
    """How many epochs after a reduction do not count as without improvement."""
    last_of_cooldown: Literal["counts", "rests"] = law(published="rests", keras="counts", torch="rests")
    """Whether the last epoch of the cooldown counts already (Keras: it rests one epoch less), or not (PyTorch)."""
    final: float = Field(default=0.0, ge=0, lt=1)
    """The least factor. It is `min_lr` divided by the optimizer's rate."""
    smallest_change: float = law(published=0.0, keras=0.0, torch=1e-8, ge=0)
    """A reduction that changes the optimizer's learning rate by this or less is not made (PyTorch's `eps`)."""

    def after_warm_up(self, t: int) -> float:
        """Return 1: what is reduced follows from what the epochs found."""
        return 1.0
