"""The family of optimizers: what each has to say of the slots that it keeps and of rows that it tells apart."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from mtlspec.spec.decay import Decay
from mtlspec.spec.kind import Kind
from mtlspec.spec.signature import Sizes
from mtlspec.spec.slots import SlotRule

RowLaw = Literal["separate", "skip"]


class Optimizer(Kind):
    """Moves parameters w along a gradient g at the rate r = learning_rate · schedule(step) · rate factor."""

    family: ClassVar[str] = "optimizer"
    row_laws: ClassVar[frozenset[RowLaw]] = frozenset({"separate", "skip"})
    """The laws of embeddings that it can obey: repeated ids squared one by one, untouched rows skipped."""
    learning_rate: float = Field(gt=0)

    def slots(self, shape: Sizes) -> tuple[SlotRule, ...]:
        """Return the arrays that it keeps for a parameter of `shape`."""
        return ()

    @property
    def own_decay(self) -> Decay | None:
        """The decay that is part of the optimizer itself, as in AdamW."""
        return None
