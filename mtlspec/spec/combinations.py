"""Combinations: several losses of one task."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from mtlspec.spec.cross_entropies import SoftmaxCrossEntropy
from mtlspec.spec.loss import Link, Loss, PositionLoss, Scope, Target, TargetForm
from mtlspec.spec.value import Value


class Term(Value):
    """A loss and its factor in a sum."""

    loss: Loss
    weight: float = Field(default=1.0, ge=0)


class WeightedSum(PositionLoss):
    """Σ_t weight_t·loss_t, for losses with the same targets and the same link.

    With a term that is a loss of whole examples, the sum is one too; a term of positions is then its mean over the
    present positions of the example. The sum has a reduction; those of its terms, and their `positions`, play no part.
    """

    kind: Literal["weighted_sum"] = "weighted_sum"
    terms: tuple[Term, ...] = Field(min_length=1)

    @property
    def link(self) -> Link:
        return self.terms[0].loss.link

    @property
    def linking(self) -> Loss:
        return self.terms[0].loss.linking

    @property
    def link_law(self) -> tuple[object, ...]:
        return self.terms[0].loss.link_law

    @property
    def form(self) -> TargetForm:
        return self.terms[0].loss.form

    @property
    def scope(self) -> Scope:
        return "example" if any(term.loss.scope == "example" for term in self.terms) else "position"

    @property
    def counts_examples(self) -> bool:
        return self.scope == "example" or self.positions == "example_mean"

    @property
    def ignored(self) -> int | None:
        return next((part.ignored for part in self.parts[1:] if part.ignored is not None), None)

    @property
    def parts(self) -> tuple[Loss, ...]:
        return (self, *(part for term in self.terms for part in term.loss.parts))

    def target(self, units: int) -> Target:
        return self.terms[0].loss.target(units)

    def predictions(self, units: int) -> int:
        return self.terms[0].loss.predictions(units)

    def estimates(self, units: int) -> slice:
        return self.terms[0].loss.estimates(units)

    def misfit(self, units: int) -> str:
        first = self.terms[0].loss
        for index, term in enumerate(self.terms):
            loss, where = term.loss, f"terms[{index}]"
            if own := loss.misfit(units):
                return f"{where}: {own}"
            if loss.target(units) != first.target(units):
                expected, found = first.target(units), loss.target(units)
                return (
                    f"{where}: {loss.kind} has targets of the form {found.form} ({found.size}), and {first.kind} "
                    f"{expected.form} ({expected.size}); the losses of one task read the same targets"
                )
            if loss.link_law != first.link_law:
                return f"{where}: {loss.kind} and {first.kind} make other predictions of the same logits"
            if loss.ignored not in (None, self.ignored):
                return f"{where}: ignored_class is {loss.ignored} here and {self.ignored} before; give one for all"
            if isinstance(loss, SoftmaxCrossEntropy) and loss.class_weights and loss.term_weights is None:
                return (
                    f"{where}: class_weights of a term cannot be weights of examples, which all terms share; "
                    "set `class_weights_apply_to: class_terms`"
                )
        return ""
