"""Cross-entropies of classes and of yes-or-no labels, from logits or from clipped probabilities."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from mtlspec.spec.kind import Kind
from mtlspec.spec.law import law
from mtlspec.spec.loss import Link, PositionLoss, Reduction, Target, TargetForm

NonNegative = Annotated[float, Field(ge=0)]


class Prediction(Kind):
    """What a cross-entropy reads: logits, or the probabilities made of them."""

    family: ClassVar[str] = "prediction"


class Logits(Prediction):
    """The loss is computed from logits in one stable step."""

    kind: Literal["logits"] = "logits"


class Probabilities(Prediction):
    """The loss is computed from probabilities clipped to [clip, 1 - clip], whose gradient vanishes where they are.

    Keras does this where an operation stands between softmax or sigmoid and the loss.
    """

    kind: Literal["probabilities"] = "probabilities"
    clip: float = Field(default=1e-7, gt=0, lt=0.5)
    renormalized: bool = False
    """Divide by the sum again after clipping, as Keras does for integer targets; softmax only."""


Prediction.admit(Logits, Probabilities)


class SoftmaxCrossEntropy(PositionLoss):
    """-Σ_c q_c·log softmax(z)_c with q = (1 - s)·y + s / C, for logits z (C) and label smoothing s."""

    kind: Literal["softmax_cross_entropy"] = "softmax_cross_entropy"
    targets: Literal["integer", "probabilities"] = "integer"
    """y is the index of a class, or a probability for each (one-hot included)."""
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    class_weights: tuple[NonNegative, ...] | None = None
    """w: a factor per class; 1 where it is left out."""
    class_weights_apply_to: Literal["example", "class_terms"] = law(
        published="example", keras="example", torch="class_terms"
    )
    """What the factors multiply; without label smoothing and with integer targets both are the same.

    example: the loss of an example, by that of its class: (Σ_c w_c·y_c)·(-Σ_c q_c·log p_c). It is part of the
    example's weight, and `weight_sum` adds it up.
    class_terms: each term: -Σ_c w_c·q_c·log p_c. `weight_sum` adds up w_y for integer targets, and for probabilities
    the weights of the examples alone.
    """
    from_: Prediction = Field(default=Logits(), alias="from")
    reduction: Reduction = law(published="present", keras="batch", torch="weight_sum")
    ignored_class: int | None = None
    """The integer target that marks an absent label (Keras `ignore_class`; `ignore_index` of PyTorch, there -100)."""

    @property
    def link(self) -> Link:
        return "softmax"

    @property
    def ignored(self) -> int | None:
        return self.ignored_class

    @property
    def form(self) -> TargetForm:
        return "classes" if self.targets == "integer" else "probabilities"

    @property
    def term_weights(self) -> tuple[float, ...] | None:
        """w where a backend multiplies it into q; None where it is left out, or part of the weights of examples."""
        return self.class_weights if self.class_weights_apply_to == "class_terms" else None

    def misfit(self, units: int) -> str:
        if units < 2:
            return (
                f"softmax_cross_entropy needs at least 2 units, one per class, found {units}; "
                "for one yes-or-no label use sigmoid_cross_entropy"
            )
        if self.class_weights is not None and len(self.class_weights) != units:
            return f"class_weights has {len(self.class_weights)} entries and the head {units} units"
        if self.ignored_class is not None and self.targets != "integer":
            return "ignored_class marks integer targets; leave it out, or set `targets: integer`"
        return ""


class SigmoidCrossEntropy(PositionLoss):
    """mean_l of -(p_l·q_l·log σ(z_l) + (1 - q_l)·log(1 - σ(z_l))), q = (1 - s)·y + s / 2, over the labels l."""

    kind: Literal["sigmoid_cross_entropy"] = "sigmoid_cross_entropy"
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    positive_weights: tuple[NonNegative, ...] | None = None
    """p: a factor per label for the positive part; 1 where it is left out."""
    from_: Prediction = Field(default=Logits(), alias="from")

    @property
    def link(self) -> Link:
        return "sigmoid"

    @property
    def form(self) -> TargetForm:
        return "yes_or_no"

    def misfit(self, units: int) -> str:
        if isinstance(self.from_, Probabilities) and self.from_.renormalized:
            return "renormalized probabilities belong to softmax_cross_entropy; leave it out"
        if self.positive_weights is not None and len(self.positive_weights) != units:
            return f"positive_weights has {len(self.positive_weights)} entries and the head {units} units"
        return ""


class OrdinalCrossEntropy(PositionLoss):
    """-Σ_k w_k·(1[y > k]·log σ(z_k) + 1[y <= k]·log(1 - σ(z_k))): CORAL (Cao, Mirjalili and Raschka 2020).

    For classes 0 to K - 1 in their order, from K - 1 logits of "above class k". Weights that all logits share are the
    head's to have. Predictions are the probabilities of the K classes, differences of min_{j <= k} σ(z_j), which is
    σ(z_k) where the logits fall, as they should.
    """

    kind: Literal["ordinal_cross_entropy"] = "ordinal_cross_entropy"
    threshold_weights: tuple[NonNegative, ...] | None = None
    """w: the importance of each threshold; 1 where it is left out."""

    @property
    def link(self) -> Link:
        return "ordinal"

    @property
    def form(self) -> TargetForm:
        return "classes"

    def target(self, units: int) -> Target:
        return Target(self.form, units + 1)

    def predictions(self, units: int) -> int:
        return units + 1

    def misfit(self, units: int) -> str:
        if self.threshold_weights is not None and len(self.threshold_weights) != units:
            return (
                f"threshold_weights has {len(self.threshold_weights)} entries and the head {units} units, "
                "one for each threshold between classes"
            )
        return ""


class KullbackLeibler(PositionLoss):
    """Σ_c y_c·(log y_c - log softmax(z)_c) for probabilities y; terms of y_c = 0 are 0 (Kullback and Leibler 1951).

    from probabilities: both y and softmax(z) are held to [clip, 1] before, as Keras does; the gradient is 0 where
    softmax(z) is held, and flows at the bound.
    """

    kind: Literal["kullback_leibler"] = "kullback_leibler"
    from_: Prediction = law(published="logits", keras={"kind": "probabilities"}, torch="logits", alias="from")

    @property
    def link(self) -> Link:
        return "softmax"

    @property
    def form(self) -> TargetForm:
        return "probabilities"

    def misfit(self, units: int) -> str:
        if isinstance(self.from_, Probabilities) and self.from_.renormalized:
            return "renormalized probabilities belong to softmax_cross_entropy; leave it out"
        return "" if units > 1 else f"kullback_leibler needs at least 2 units, one per class, found {units}"
