"""Losses of each example, (B, 1), from logits (B, units) and targets: the laws of `mtlspec.spec.losses`."""

from __future__ import annotations

import numpy as np

from mtlspec.spec import losses as kinds
from mtlspec.tensors import Array
from mtlspec_tape.functions import clipped, log_softmax, logarithm, sigmoid, softmax, softplus
from mtlspec_tape.tape import Recorded


def loss_per_example(loss: kinds.Loss, logits: Recorded, targets: Array) -> Recorded:
    """Return the loss of each example."""
    match loss:
        case kinds.SoftmaxCrossEntropy():
            return _softmax_cross_entropy(loss, logits, targets)
        case kinds.SigmoidCrossEntropy():
            return _sigmoid_cross_entropy(loss, logits, targets)
    error = logits - Recorded(targets)
    e, size = error.array, np.abs(error.array)
    match loss:
        case kinds.SquaredError():
            return _mean(error * error)
        case kinds.AbsoluteError():
            return _mean(error.mapped(size, np.sign(e)))
        case kinds.Huber(delta=delta):
            values = np.where(size <= delta, e * e / 2, delta * (size - delta / 2))
            return _mean(error.mapped(values, np.clip(e, -delta, delta)))
    raise NotImplementedError(f"loss {loss.kind!r}")


def predicted(loss: kinds.Loss, logits: Array) -> Array:
    """Return the predictions that a loss makes of logits."""
    function = {"softmax": softmax, "sigmoid": sigmoid}.get(loss.link)
    return logits if function is None else function(Recorded(logits)).array


def _softmax_cross_entropy(loss: kinds.SoftmaxCrossEntropy, logits: Recorded, targets: Array) -> Recorded:
    classes, s = logits.array.shape[-1], loss.label_smoothing
    y = np.eye(classes, dtype=logits.array.dtype)[targets] if loss.targets == "integer" else targets
    q = (1 - s) * y + s / classes
    if loss.term_weights is not None:
        q = q * np.asarray(loss.term_weights, dtype=q.dtype)
    match loss.from_:
        case kinds.Probabilities(clip=clip, renormalized=renormalized):
            p = clipped(softmax(logits), clip, 1 - clip)
            logarithms = logarithm(p) - logarithm(p.summed(-1)) if renormalized else logarithm(p)
        case _:
            logarithms = log_softmax(logits)
    return (logarithms * Recorded(-q)).summed(-1)


def _sigmoid_cross_entropy(loss: kinds.SigmoidCrossEntropy, logits: Recorded, targets: Array) -> Recorded:
    s = loss.label_smoothing
    q = (1 - s) * targets + s / 2
    weights = np.ones_like(q) if loss.positive_weights is None else np.asarray(loss.positive_weights, dtype=q.dtype)
    match loss.from_:
        case kinds.Probabilities(clip=clip):
            p = clipped(sigmoid(logits), clip, 1 - clip)
            yes, no = logarithm(p).scaled(-1), logarithm(Recorded(np.ones_like(q)) - p).scaled(-1)
        case _:
            yes, no = softplus(logits.scaled(-1)), softplus(logits)
    return _mean(yes * Recorded(weights * q) + no * Recorded(1 - q))


def _mean(each: Recorded) -> Recorded:
    return each.summed(-1).scaled(1 / each.array.shape[-1])
