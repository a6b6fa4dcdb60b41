"""Decay: what pulls parameters to zero besides the losses, at a rate for each parameter."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from mtlspec.spec.kind import Kind
from mtlspec.spec.law import law
from mtlspec.spec.patterns import Pattern, matches


class Decay(Kind):
    """Decays the parameters whose key path matches `only` and nothing of `exclude`, such as `*.bias`."""

    family: ClassVar[str] = "decay"
    rate: float = Field(ge=0)
    exclude: tuple[Pattern, ...] = ()
    """Patterns of key paths that do not decay."""
    only: tuple[Pattern, ...] = ()
    """Patterns of key paths of which one has to match, if there are any."""

    def reaches(self, path: str) -> bool:
        """Return whether the parameter at `path` decays."""
        kept = not self.only or any(matches(pattern, path) for pattern in self.only)
        return kept and not any(matches(pattern, path) for pattern in self.exclude)


class CoupledDecay(Decay):
    """g += rate·w, so that it passes through moments and momentum (Hanson and Pratt 1988): the gradient of rate/2·Σw².

    PyTorch's `weight_decay` of all optimizers but AdamW.
    """

    kind: Literal["coupled"] = "coupled"
    placed: Literal["after_clip", "before_clip"] = law(published="before_clip", keras="before_clip", torch="after_clip")
    """Whether clipping sees it: not in PyTorch, whose clip acts before the optimizer; in Keras as any penalty does."""


class DecoupledDecay(Decay):
    """w -= factor·rate·w, with the gradient taken already and before the update (Loshchilov and Hutter 2019)."""

    kind: Literal["decoupled"] = "decoupled"
    scaled_by: Literal["learning_rate", "schedule"] = law(
        published="schedule", keras="learning_rate", torch="learning_rate"
    )
    """The factor: r, a group's rate factor included, or the schedule's factor r / learning_rate alone, as in the
    paper."""


Decay.admit(CoupledDecay, DecoupledDecay)
