"""Extensions: kinds of a user's own, by the functions that they have for this backend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mtlspec.errors import BackendError
from mtlspec.extension import function_of, updated
from mtlspec.spec.layer import Layer
from mtlspec.spec.loss import Loss
from mtlspec.spec.optimizer import Optimizer
from mtlspec.tensors import Array
from mtlspec_numpy.directions import Direction
from mtlspec_numpy.pullback import Applied, Cotangents, Mode, Pullback
from mtlspec_numpy.updates import Moved, Slots

NAME = "numpy"


def applied(layer: Layer, sources: Sequence[Array], parameters: Mapping[str, Array], mode: Mode) -> Applied:
    """Return what (layer, x, *others, parameters) -> (output, pullback) makes of the sources.

    The pullback leads from the gradient of the output to those of the sources, then those of the parameters by leaf.
    """
    output, pullback = function_of(layer, NAME)(layer, *sources, dict(parameters))

    def back(cotangent: Array) -> Cotangents:
        *found, leaves = pullback(cotangent)
        if len(found) != len(sources) or not set(leaves) <= set(parameters):
            raise BackendError(
                f"expected the pullback of {layer.kind} to return a gradient for each of {len(sources)} sources and a "
                f"dict of those of {', '.join(parameters) or 'no parameter'}, found {len(found)} and {dict(leaves)!r}"
            )
        return Cotangents(tuple(found), leaves)

    return Applied(np.asarray(output, dtype=mode.dtype), back)


def loss(loss: Loss, logits: Array, targets: Array) -> tuple[Array, Pullback]:
    """Return what (loss, logits, targets) -> (values, pullback) makes of N positions: losses (N), and the way back."""
    values, pullback = function_of(loss, NAME)(loss, logits, targets)
    each = np.asarray(values, dtype=logits.dtype)
    if each.shape != logits.shape[:1]:
        raise BackendError(
            f"expected the function of {loss.kind} to return a number for each of {len(logits)} positions, found the "
            f"shape {each.shape}; take the mean over the units"
        )
    return each, lambda cotangent: np.asarray(pullback(cotangent), dtype=logits.dtype)


def update(optimizer: Optimizer, w: Array, direction: Direction, slots: Slots, rate: float, step: int) -> Moved:
    """Return the new parameter and slots; those around an update, such as an average, are not the function's."""
    own = {rule.name: slots[rule.name] for rule in optimizer.slots(w.shape)}
    new, news = updated(optimizer, NAME, w, direction.sum, own, rate, step)
    return np.asarray(new, dtype=w.dtype), {name: np.asarray(slot, dtype=w.dtype) for name, slot in news.items()}
