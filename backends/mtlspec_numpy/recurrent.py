"""Recurrent layers, unrolled: each step forward, then backpropagation through time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from mtlspec.spec.layer import Layer
from mtlspec.spec.recurrent import Gru, Lstm, Recurrent, SimpleRnn
from mtlspec.tensors import Array
from mtlspec_numpy.pullback import Applied, Cotangents, Mode
from mtlspec_numpy.recurrent_steps import STEPS, Pulled, State

Leaves = Mapping[str, Array]


def recurrent(layer: Recurrent, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """Every step counts."""
    return _applied(layer, x, np.ones(x.shape[:2], dtype=bool), parameters, sources=1)


def masked_recurrent(layer: Recurrent, sources: tuple[Array, ...], parameters: Leaves, mode: Mode) -> Applied:
    """A step counts where the mask is not 0."""
    x, mask = sources
    return _applied(layer, x, mask != 0, parameters, sources=2)


def _applied(layer: Recurrent, x: Array, counts: Array, parameters: Leaves, *, sources: int) -> Applied:
    given = x @ parameters["kernel"]
    if "bias" in parameters:
        given += parameters["bias"]
    order = range(x.shape[1]) if layer.direction == "forward" else range(x.shape[1])[::-1]
    shown = _shown(layer, counts)
    state = tuple(np.zeros((len(x), layer.units), x.dtype) for _ in range(2 if isinstance(layer, Lstm) else 1))
    output, tape = np.zeros((*x.shape[:2], layer.units), x.dtype), []
    for t in order:
        after, back = STEPS[type(layer)](layer, given[:, t], state, parameters)
        state = _chosen(counts[:, t], after, state)
        output[:, t] = np.where(shown[:, t, None], state[0], x.dtype.type(0))
        tape.append((t, back))

    def pullback(cotangent: Array) -> Cotangents:
        above = np.where(shown[..., None], cotangent, x.dtype.type(0)) if layer.returns == "sequence" else None
        last = tuple(np.zeros_like(part) for part in state)
        if above is None:
            last = (cotangent, *last[1:])
        by_step, weights = _through_time(tape, above, last, counts, parameters)
        of_given = np.zeros_like(given)
        for t, found in by_step.items():
            of_given[:, t] = found
        flat = of_given.reshape(-1, given.shape[-1])
        weights |= {"kernel": x.reshape(-1, x.shape[-1]).T @ flat, "bias": flat.sum(axis=0)}
        of_x = of_given @ parameters["kernel"].T
        return Cotangents((of_x, None)[:sources], {leaf: weights[leaf] for leaf in parameters})

    return Applied(output if layer.returns == "sequence" else state[0], pullback)


def _shown(layer: Recurrent, counts: Array) -> Array:
    """Return where a sequence has the state: where the law says `zero`, not at steps that are left out."""
    return counts if layer.masked_outputs == "zero" else np.ones_like(counts)


def _chosen(counts: Array, after: State, before: State) -> State:
    """Return the state after a step for the examples in which it counts, and the one before for the others."""
    return tuple(np.where(counts[:, None], new, old) for new, old in zip(after, before, strict=True))


def _through_time(
    tape: Sequence[tuple[int, Callable[[State], Pulled]]],
    above: Array | None,
    last: State,
    counts: Array,
    parameters: Leaves,
) -> tuple[dict[int, Array], dict[str, Array]]:
    """Return the gradients of what the gates were given, by step, and the sums of those of the recurrence.

    `above`: the gradient of the sequence; `last`: that of the state at the end.
    """
    state, of_given = last, dict[int, Array]()
    weights = {leaf: np.zeros_like(array) for leaf, array in parameters.items() if leaf.startswith("recurrent")}
    for t, back in reversed(tape):
        if above is not None:
            state = (state[0] + above[:, t], *state[1:])
        nothing = tuple(np.zeros_like(part) for part in state)
        of_given[t], before, found = back(_chosen(counts[:, t], state, nothing))
        kept = _chosen(counts[:, t], nothing, state)
        state = tuple(one + other for one, other in zip(before, kept, strict=True))
        weights = {leaf: total + found[leaf] for leaf, total in weights.items()}
    return of_given, weights


LAYERS: Mapping[type[Layer], Callable[[Any, Array, Leaves, Mode], Applied]] = dict.fromkeys(
    (SimpleRnn, Lstm, Gru), recurrent
)
LAYERS_OF_SEVERAL: Mapping[type[Layer], Callable[[Any, tuple[Array, ...], Leaves, Mode], Applied]] = dict.fromkeys(
    (SimpleRnn, Lstm, Gru), masked_recurrent
)
