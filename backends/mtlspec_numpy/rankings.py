"""Rankings: losses of scores (B, n, 1) and relevances of the present items, each with the pullback to the scores."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from mtlspec.spec.losses import ListMle, ListNet, PairwiseRanking
from mtlspec.tensors import Array
from mtlspec_numpy.pullback import Pullback

Present = NDArray[np.bool_]


def pairwise_ranking(loss: PairwiseRanking, logits: Array, targets: Array, present: Present) -> tuple[Array, Pullback]:
    """The mean or sum of f(z_i - z_j) over the pairs of present items with y_i > y_j."""
    ahead = _pairs(present) & (targets > targets.swapaxes(1, 2))
    apart = logits - logits.swapaxes(1, 2)
    if loss.function == "logistic":
        each, slope = np.logaddexp(0, -apart), -expit(-apart)
    else:
        each, slope = np.maximum(loss.margin - apart, 0), -(loss.margin - apart >= 0).astype(apart.dtype)
    count = np.maximum(ahead.sum(axis=(1, 2)), 1) if loss.pairs == "mean" else np.ones(len(ahead))
    share = ahead / count.astype(apart.dtype)[:, None, None]
    by_score = (share * slope).sum(axis=2) - (share * slope).sum(axis=1)
    return (share * each).sum(axis=(1, 2)), lambda cotangent: (cotangent[:, None] * by_score)[..., None]


def list_net(loss: ListNet, logits: Array, targets: Array, present: Present) -> tuple[Array, Pullback]:
    """-Σ_i P_i·log softmax(z)_i."""
    scores, relevances = logits[..., 0], targets[..., 0]
    if loss.relevances == "softmax":
        wanted = np.exp(_log_softmax(relevances, present)) * present
    else:
        kept = relevances * present
        total = kept.sum(axis=1, keepdims=True)
        wanted = kept / np.where(total > 0, total, 1)
    logarithms = _log_softmax(scores, present)
    slope = np.exp(logarithms) * present * wanted.sum(axis=1, keepdims=True) - wanted
    return -(wanted * logarithms).sum(axis=1), lambda cotangent: (cotangent[:, None] * slope)[..., None]


def list_mle(loss: ListMle, logits: Array, targets: Array, present: Present) -> tuple[Array, Pullback]:
    """Σ_i (log Σ_{j from i on} exp(z_j) - z_i), items by falling y."""
    scores, index = logits[..., 0], np.arange(logits.shape[1])
    equal, first = targets == targets.swapaxes(1, 2), index[:, None] <= index
    left = _pairs(present) & ((targets > targets.swapaxes(1, 2)) | (equal & first))
    logarithms = _log_softmax(np.broadcast_to(scores[:, None, :], left.shape), left)
    own = np.diagonal(logarithms, axis1=1, axis2=2)
    slope = (np.exp(logarithms) * left).sum(axis=1) - present
    return -own.sum(axis=1), lambda cotangent: (cotangent[:, None] * slope)[..., None]


def _pairs(present: Present) -> Present:
    return np.asarray(present[:, :, None] & present[:, None, :])


def _log_softmax(scores: Array, present: Present) -> Array:
    """Return log softmax over the present ones of the last axis, and 0 elsewhere."""
    largest = np.where(present, scores, -np.inf).max(axis=-1, keepdims=True)
    shifted = np.where(present, scores - np.where(np.isfinite(largest), largest, 0), 0)
    total = (np.exp(shifted) * present).sum(axis=-1, keepdims=True)
    return np.where(present, shifted - np.log(np.where(total > 0, total, 1)), 0)
