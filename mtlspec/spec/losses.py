"""Losses: each maps logits and targets of one task to one number per example; the host weighs and divides."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from mtlspec.spec.kind import Kind
from mtlspec.spec.law import law

Reduction = Literal["present", "batch", "weight_sum"]
"""What Σ weight·loss is divided by: the number of labels present, of examples in the batch, or the sum of weights."""


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


class Loss(Kind):
    """Σ weight·loss / denominator, where `reduction` names the denominator."""

    family: ClassVar[str] = "loss"
    link: ClassVar[Literal["none", "sigmoid", "softmax"]] = "none"
    """What turns the logits of the model into predictions."""

    reduction: Reduction = law(published="present", keras="batch", torch="present")

    def misfit(self, units: int) -> str:
        """Return why a head of `units` does not fit this loss, or an empty string."""
        return ""


class SoftmaxCrossEntropy(Loss):
    """-Σ_c q_c·log softmax(z)_c with q = (1 - s)·y + s / C, for logits z (C) and label smoothing s."""

    kind: Literal["softmax_cross_entropy"] = "softmax_cross_entropy"
    link: ClassVar[Literal["none", "sigmoid", "softmax"]] = "softmax"
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
        return ""


class SigmoidCrossEntropy(Loss):
    """mean_l of -(p_l·q_l·log σ(z_l) + (1 - q_l)·log(1 - σ(z_l))), q = (1 - s)·y + s / 2, over the labels l."""

    kind: Literal["sigmoid_cross_entropy"] = "sigmoid_cross_entropy"
    link: ClassVar[Literal["none", "sigmoid", "softmax"]] = "sigmoid"
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    positive_weights: tuple[NonNegative, ...] | None = None
    """p: a factor per label for the positive part; 1 where it is left out."""
    from_: Prediction = Field(default=Logits(), alias="from")

    def misfit(self, units: int) -> str:
        if isinstance(self.from_, Probabilities) and self.from_.renormalized:
            return "renormalized probabilities belong to softmax_cross_entropy; leave it out"
        if self.positive_weights is not None and len(self.positive_weights) != units:
            return f"positive_weights has {len(self.positive_weights)} entries and the head {units} units"
        return ""


class SquaredError(Loss):
    """mean_u of (z_u - y_u)² over the units u."""

    kind: Literal["squared_error"] = "squared_error"


class AbsoluteError(Loss):
    """mean_u of |z_u - y_u| over the units u; the slope at 0 is 0."""

    kind: Literal["absolute_error"] = "absolute_error"


class Huber(Loss):
    """mean_u of e²/2 where |e| <= delta, else delta·|e| - delta²/2, e = z_u - y_u (Huber 1964)."""

    kind: Literal["huber"] = "huber"
    delta: float = Field(default=1.0, gt=0)


Loss.admit(SoftmaxCrossEntropy, SigmoidCrossEntropy, SquaredError, AbsoluteError, Huber)
