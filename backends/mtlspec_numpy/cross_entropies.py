"""Cross-entropies, from logits in one stable step or from clipped probabilities."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, xlogy

from mtlspec.errors import DataError
from mtlspec.spec import losses as kinds
from mtlspec.spec.losses import Probabilities, SigmoidCrossEntropy, SoftmaxCrossEntropy
from mtlspec.tensors import Array
from mtlspec_numpy.activations import softmax, softmax_pullback
from mtlspec_numpy.pullback import Pullback


def softmax_cross_entropy(loss: SoftmaxCrossEntropy, logits: Array, targets: Array) -> tuple[Array, Pullback]:
    """-Σ_c w_c·q_c·log softmax(z)_c with q = (1 - s)·y + s / C; w is 1 unless class weights apply to the terms."""
    q = smoothed(loss, targets, logits)
    if loss.term_weights is not None:
        q = q * np.asarray(loss.term_weights, dtype=q.dtype)
    if isinstance(loss.from_, Probabilities):
        return _of_probabilities(loss.from_, logits, q)
    logarithms = log_softmax(logits)
    # Σ q is 1 for integers and one-hot rows without weights; other rows keep it
    slope = np.exp(logarithms) * q.sum(axis=-1, keepdims=True) - q
    return -(q * logarithms).sum(axis=-1), lambda cotangent: cotangent[:, None] * slope


def smoothed(loss: SoftmaxCrossEntropy | kinds.SoftmaxFocal, targets: Array, logits: Array) -> Array:
    """Return q = (1 - s)·y + s / C."""
    classes, s = logits.shape[-1], loss.label_smoothing
    if loss.targets == "probabilities":
        return np.asarray((1 - s) * targets + s / classes)
    if targets.size and (targets.min() < 0 or targets.max() >= classes):
        found = int(targets.min() if targets.min() < 0 else targets.max())
        raise DataError(f"a head of {classes} units expects classes from 0 to {classes - 1}, found {found}")
    q = np.full(logits.shape, s / classes, dtype=logits.dtype)
    q[np.arange(len(q)), targets] += 1 - s
    return q


def _of_probabilities(prediction: Probabilities, logits: Array, q: Array) -> tuple[Array, Pullback]:
    """-Σ q·log p with p = clip(softmax(z)), divided by its sum again if `renormalized`."""
    p = softmax(logits)
    kept, inside = _clipped(p, prediction.clip)
    values, slope = -(q * np.log(kept)).sum(axis=-1), -q / kept
    if prediction.renormalized:
        total, mass = kept.sum(axis=-1, keepdims=True), q.sum(axis=-1, keepdims=True)
        values = values + (mass * np.log(total))[:, 0]
        slope = slope + mass / total
    back = softmax_pullback(p)
    return values, lambda cotangent: back(cotangent[:, None] * slope * inside)


def sigmoid_cross_entropy(loss: SigmoidCrossEntropy, logits: Array, targets: Array) -> tuple[Array, Pullback]:
    """mean_l of -(p_l·q_l·log σ(z_l) + (1 - q_l)·log(1 - σ(z_l))), q = (1 - s)·y + s / 2."""
    s = loss.label_smoothing
    q = (1 - s) * targets + s / 2
    positive = q if loss.positive_weights is None else q * np.asarray(loss.positive_weights, dtype=q.dtype)
    negative = 1 - q
    if isinstance(loss.from_, Probabilities):
        p = expit(logits)
        kept, inside = _clipped(p, loss.from_.clip)
        values = -(positive * np.log(kept) + negative * np.log(1 - kept))
        slope = (negative / (1 - kept) - positive / kept) * inside * p * expit(-logits)
    else:
        # -log σ(z) = max(-z, 0) + log(1 + exp(-|z|)): every term is at least 0, so that none cancels
        rest = np.log1p(np.exp(-np.abs(logits)))
        values = positive * (np.maximum(-logits, 0) + rest) + negative * (np.maximum(logits, 0) + rest)
        slope = negative * expit(logits) - positive * expit(-logits)
    units = logits.shape[-1]
    return values.mean(axis=-1), lambda cotangent: cotangent[:, None] * slope / units


def ordinal_cross_entropy(loss: kinds.OrdinalCrossEntropy, logits: Array, targets: Array) -> tuple[Array, Pullback]:
    """-Σ_k w_k·(1[y > k]·log σ(z_k) + 1[y <= k]·log(1 - σ(z_k)))."""
    thresholds = logits.shape[-1]
    sign = np.where(targets[:, None] > np.arange(thresholds), 1, -1).astype(logits.dtype)
    weights = np.asarray(loss.threshold_weights or (1.0,) * thresholds, dtype=logits.dtype)
    values = (weights * np.logaddexp(0, -sign * logits)).sum(axis=-1)
    return values, lambda cotangent: -cotangent[:, None] * weights * sign * expit(-sign * logits)


def ordinal_probabilities(logits: Array) -> Array:
    """Return the probabilities of K classes, from K - 1 logits of "above class k"."""
    above = np.minimum.accumulate(expit(logits), axis=-1)
    edge = np.ones_like(above[..., :1])
    return np.asarray(np.concatenate([edge, above], axis=-1) - np.concatenate([above, 0 * edge], axis=-1))


def kullback_leibler(loss: kinds.KullbackLeibler, logits: Array, targets: Array) -> tuple[Array, Pullback]:
    """Σ_c y_c·(log y_c - log p_c)."""
    if isinstance(loss.from_, Probabilities):
        p, low = softmax(logits), logits.dtype.type(loss.from_.clip)
        y, kept = np.clip(targets, low, 1), np.clip(p, low, 1)
        back, inside = softmax_pullback(p), (p >= low) & (p <= 1)
        return (y * np.log(y / kept)).sum(axis=-1), lambda g: back(-g[:, None] * y / kept * inside)
    logarithms = log_softmax(logits)
    slope = np.exp(logarithms) * targets.sum(axis=-1, keepdims=True) - targets
    values = (xlogy(targets, targets) - targets * logarithms).sum(axis=-1)
    return values, lambda cotangent: cotangent[:, None] * slope


def log_softmax(logits: Array) -> Array:
    """Return log softmax(z) over the last axis."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))


def _clipped(p: Array, clip: float) -> tuple[Array, Array]:
    """Return p held to [clip, 1 - clip], and where it was inside, both bounds included."""
    low, high = p.dtype.type(clip), p.dtype.type(1 - clip)
    return np.clip(p, low, high), (p >= low) & (p <= high)
