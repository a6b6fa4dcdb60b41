"""Cross-entropies, native from logits, and of clipped probabilities."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from mtlspec.spec import losses as spec
from mtlspec_torch.loss import NativeLoss, TaskLoss, classes_of, numbers, over_units


class _SoftmaxCrossEntropy(TaskLoss):
    """The fields of a cross-entropy of classes: q = (1 - s)·y + s / C, and the factors w of its terms."""

    term_weights: Tensor | None

    def __init__(self, loss: spec.SoftmaxCrossEntropy) -> None:
        super().__init__()
        self.label_smoothing = loss.label_smoothing
        self.register_buffer("term_weights", numbers(loss.term_weights))


class SoftmaxCrossEntropy(_SoftmaxCrossEntropy, NativeLoss):
    """-Σ_c w_c·q_c·log softmax(z)_c."""

    def mean(self, logits: Tensor, targets: Tensor) -> Tensor:
        # the native mean of weighted terms divides by their weights; what divides is the host's to say
        return super().mean(logits, targets) if self.term_weights is None else self.per_example(logits, targets).mean()

    def native(self, logits: Tensor, targets: Tensor, *, reduction: str) -> Tensor:
        return functional.cross_entropy(
            logits, targets, weight=self.term_weights, reduction=reduction, label_smoothing=self.label_smoothing
        )


class SoftmaxCrossEntropyOfProbabilities(_SoftmaxCrossEntropy):
    """-Σ_c w_c·q_c·log p_c with p = clip(softmax(z), clip, 1 - clip), divided by its sum again if `renormalized`."""

    def __init__(self, loss: spec.SoftmaxCrossEntropy, prediction: spec.Probabilities) -> None:
        super().__init__(loss)
        self.clip, self.renormalized = prediction.clip, prediction.renormalized

    def per_position(self, logits: Tensor, targets: Tensor) -> Tensor:
        q = (1 - self.label_smoothing) * classes_of(targets, logits) + self.label_smoothing / logits.shape[-1]
        if self.term_weights is not None:
            q = q * self.term_weights
        p = logits.softmax(-1).clamp(self.clip, 1 - self.clip)
        if self.renormalized:
            p = p / p.sum(-1, keepdim=True)
        return -(q * p.log()).sum(-1)


class _SigmoidCrossEntropy(TaskLoss):
    """The fields of a cross-entropy per label: q = (1 - s)·y + s / 2, and the factors of the positive part."""

    positive_weights: Tensor | None

    def __init__(self, loss: spec.SigmoidCrossEntropy) -> None:
        super().__init__()
        self.label_smoothing = loss.label_smoothing
        self.register_buffer("positive_weights", numbers(loss.positive_weights))

    def smoothed(self, targets: Tensor) -> Tensor:
        """Return q."""
        s = self.label_smoothing
        return (1 - s) * targets + s / 2 if s else targets


class SigmoidCrossEntropy(_SigmoidCrossEntropy, NativeLoss):
    """mean_l of -(p_l·q_l·log σ(z_l) + (1 - q_l)·log(1 - σ(z_l)))."""

    def native(self, logits: Tensor, targets: Tensor, *, reduction: str) -> Tensor:
        return functional.binary_cross_entropy_with_logits(
            logits, self.smoothed(targets), pos_weight=self.positive_weights, reduction=reduction
        )


class SigmoidCrossEntropyOfProbabilities(_SigmoidCrossEntropy):
    """mean_l of -(p_l·q_l·log P_l + (1 - q_l)·log(1 - P_l)) with P = clip(σ(z), clip, 1 - clip)."""

    def __init__(self, loss: spec.SigmoidCrossEntropy, prediction: spec.Probabilities) -> None:
        super().__init__(loss)
        self.clip = prediction.clip

    def per_position(self, logits: Tensor, targets: Tensor) -> Tensor:
        q = self.smoothed(targets)
        positive = q if self.positive_weights is None else q * self.positive_weights
        p = logits.sigmoid().clamp(self.clip, 1 - self.clip)
        return over_units(-(positive * p.log() + (1 - q) * (1 - p).log()))


class OrdinalCrossEntropy(TaskLoss):
    """-Σ_k w_k·(1[y > k]·log σ(z_k) + 1[y <= k]·log(1 - σ(z_k)))."""

    threshold_weights: Tensor | None

    def __init__(self, loss: spec.OrdinalCrossEntropy) -> None:
        super().__init__()
        self.register_buffer("threshold_weights", numbers(loss.threshold_weights))

    def per_position(self, logits: Tensor, targets: Tensor) -> Tensor:
        above = (targets[:, None] > torch.arange(logits.shape[-1], device=logits.device)).to(logits.dtype)
        losses = functional.binary_cross_entropy_with_logits(
            logits, above, weight=self.threshold_weights, reduction="none"
        )
        return losses.sum(-1)


def ordinal_probabilities(logits: Tensor) -> Tensor:
    """Return the probabilities of K classes, from K - 1 logits of "above class k"."""
    above = logits.sigmoid().cummin(-1).values
    edge = torch.ones_like(above[..., :1])
    return torch.cat([edge, above], -1) - torch.cat([above, 0 * edge], -1)


class KullbackLeibler(TaskLoss):
    """Σ_c y_c·(log y_c - log p_c)."""

    def per_position(self, logits: Tensor, targets: Tensor) -> Tensor:
        return functional.kl_div(logits.log_softmax(-1), targets, reduction="none").sum(-1)


class KullbackLeiblerOfProbabilities(TaskLoss):
    """Σ_c y_c·log(y_c / p_c), both held to [clip, 1]."""

    def __init__(self, prediction: spec.Probabilities) -> None:
        super().__init__()
        self.clip = prediction.clip

    def per_position(self, logits: Tensor, targets: Tensor) -> Tensor:
        y, p = targets.clamp(self.clip, 1), logits.softmax(-1).clamp(self.clip, 1)
        return (y * (y / p).log()).sum(-1)


def kullback_leibler(loss: spec.KullbackLeibler) -> TaskLoss:
    """Return the module of a divergence."""
    if isinstance(loss.from_, spec.Probabilities):
        return KullbackLeiblerOfProbabilities(loss.from_)
    return KullbackLeibler()


def softmax_cross_entropy(loss: spec.SoftmaxCrossEntropy) -> TaskLoss:
    """Return the module of a cross-entropy of classes."""
    if isinstance(loss.from_, spec.Probabilities):
        return SoftmaxCrossEntropyOfProbabilities(loss, loss.from_)
    return SoftmaxCrossEntropy(loss)


def sigmoid_cross_entropy(loss: spec.SigmoidCrossEntropy) -> TaskLoss:
    """Return the module of a cross-entropy per label."""
    if isinstance(loss.from_, spec.Probabilities):
        return SigmoidCrossEntropyOfProbabilities(loss, loss.from_)
    return SigmoidCrossEntropy(loss)
