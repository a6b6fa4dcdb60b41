"""The family of losses: what each has to say of the head, of its targets, and of what it gives a number to."""

from __future__ import annotations

from typing import ClassVar, Literal, NamedTuple

from mtlspec.spec.kind import Kind
from mtlspec.spec.law import law

Reduction = Literal["present", "batch", "weight_sum"]
"""What Σ weight·loss is divided by: the number of labels present, of examples in the batch, or the sum of weights."""

Link = Literal["none", "sigmoid", "softmax", "exp", "gaussian", "ordinal"]
"""What turns the logits of a model into predictions; the last axis is that of the units.

none: z. sigmoid: σ(z). softmax: exp(z_c) / Σ exp(z). exp: exp(z). gaussian: of the first half of the units the mean, of
the second the variance. ordinal: of K - 1 logits of "above class k" the probabilities of K classes.
"""

Scope = Literal["position", "example"]
"""What a loss gives one number to: each position of an example (which may be the only one), or all of them together."""

TargetForm = Literal["classes", "probabilities", "yes_or_no", "signs", "numbers", "non_negative"]
"""What targets are: indices of classes, a probability per class, numbers in [0, 1], in [-1, 1], any, or at least 0."""


class Target(NamedTuple):
    """What the target of one position is."""

    form: TargetForm
    size: int
    """The number of classes; of every other form, how many numbers a target has."""

    @property
    def is_class(self) -> bool:
        """Whether it is the index of a class, in place of `size` numbers."""
        return self.form == "classes"

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one target."""
        return () if self.is_class else (self.size,)


class Loss(Kind):
    """Σ weight·loss / denominator, where `reduction` names the denominator.

    A head of shape (*positions, units) has a target at every position, each with a weight of its own, 0 where the label
    is absent. Most losses give a number to each position; a batch then has as many as all its examples together.
    """

    family: ClassVar[str] = "loss"

    reduction: Reduction = law(published="present", keras="batch", torch="present")

    @property
    def link(self) -> Link:
        """What turns the logits of the model into predictions."""
        return "none"

    @property
    def linking(self) -> Loss:
        """The loss whose fields the link reads."""
        return self

    @property
    def link_law(self) -> tuple[object, ...]:
        """The link with the fields that it reads: losses of one task have the same."""
        return (self.link,)

    @property
    def form(self) -> TargetForm:
        """What targets are."""
        return "numbers"

    @property
    def parts(self) -> tuple[Loss, ...]:
        """This loss and all that it is made of."""
        return (self,)

    @property
    def scope(self) -> Scope:
        """What has one number: a position or an example."""
        return "position"

    @property
    def counts_examples(self) -> bool:
        """Whether the denominator counts examples, however many positions they have."""
        return self.scope == "example"

    @property
    def ignored(self) -> int | None:
        """The class index that marks a label as absent, if there is one."""
        return None

    def target(self, units: int) -> Target:
        """Return what the target of a position is, for a head of `units`."""
        return Target(self.form, units)

    def predictions(self, units: int) -> int:
        """Return how many numbers a linked prediction of one position has, for a head of `units`."""
        return units

    def estimates(self, units: int) -> slice:
        """Return which of the numbers of a linked prediction a metric compares with the target."""
        return slice(None)

    def misfit(self, units: int) -> str:
        """Return why a head of `units` does not fit this loss, or an empty string."""
        return ""


class PositionLoss(Loss):
    """A loss of one position, Σ weight·loss / denominator over all positions of a batch."""

    positions: Literal["each", "example_mean"] = "each"
    """What an example with several positions counts for.

    each: every position is an example of its own (the mean of Keras and PyTorch over all elements).
    example_mean: an example is the mean over its present positions, and the denominator counts examples.
    """

    @property
    def counts_examples(self) -> bool:
        return self.positions == "example_mean"


class ExampleLoss(Loss):
    """A loss of all present positions of an example together; its weight is the largest of theirs."""

    @property
    def scope(self) -> Scope:
        return "example"
