"""Recurrent layers of the reference with a mistake in them: gates, directions, masks and the way back through time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from mtlspec_numpy import recurrent, recurrent_steps
from mtlspec_numpy.pullback import Applied, Cotangents, Mode
from mtlspec_numpy.recurrent_steps import Pulled, State, Stepped

from mtlspec.spec.recurrent import Gru, Recurrent
from mtlspec.tensors import Array

Leaves = Mapping[str, Array]
Step = Callable[[Any, Array, State, Leaves], Stepped]


def _in_order(step: Step, *order: int) -> Step:
    """The step that takes its gates in another order."""

    def moved(array: Array) -> Array:
        parts = np.split(array, len(order), axis=-1)
        return np.concatenate([parts[index] for index in order], axis=-1)

    def bent(layer: Any, given: Array, before: State, parameters: Leaves) -> Stepped:
        own = {leaf: moved(array) for leaf, array in parameters.items() if leaf.startswith("recurrent")}
        return step(layer, moved(given), before, {**parameters, **own})

    return bent


gru_of_torch: Step = _in_order(recurrent_steps.gru, 1, 0, 2)
"""r, z, n where z, r, g is meant."""
lstm_with_output_third: Step = _in_order(recurrent_steps.lstm, 0, 1, 3, 2)
"""i, f, o, g where i, f, g, o is meant."""


def unreset_bias(layer: Gru, given: Array, before: State, parameters: Leaves) -> Stepped:
    """A reset after the product that leaves the recurrent bias of the candidate alone."""
    if "recurrent_bias" not in parameters:
        return recurrent_steps.gru(layer, given, before, parameters)
    bias = parameters["recurrent_bias"]
    gates = np.where(np.arange(3 * layer.units) < 2 * layer.units, bias, 0 * bias)
    return recurrent_steps.gru(layer, given + (bias - gates), before, {**parameters, "recurrent_bias": gates})


def _pulled(step: Step, change: Callable[[Pulled], Pulled]) -> Step:
    def bent(layer: Any, given: Array, before: State, parameters: Leaves) -> Stepped:
        after, pullback = step(layer, given, before, parameters)
        return after, lambda cotangents: change(pullback(cotangents))

    return bent


def detached_state(step: Step) -> Step:
    """A step whose gradient ends there: backpropagation through one step of time."""
    return _pulled(step, lambda found: found._replace(before=tuple(0 * part for part in found.before)))


detached_cell: Step = _pulled(
    recurrent_steps.lstm, lambda found: found._replace(before=(found.before[0], 0 * found.before[1]))
)
"""An LSTM whose gradient goes back through the gates alone."""


def frozen_bias(step: Step) -> Step:
    """A second bias without a gradient, as where one is held at 0."""

    def change(found: Pulled) -> Pulled:
        return found._replace(parameters={**found.parameters, "recurrent_bias": 0 * found.parameters["recurrent_bias"]})

    return _pulled(step, change)


def turned(layer: Recurrent, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """A sequence in the order in which it was read."""
    result = recurrent.recurrent(layer, x, parameters, mode)
    if layer.direction == "forward" or layer.returns == "last":
        return result
    return Applied(result.output[:, ::-1], lambda cotangent: result.pullback(cotangent[:, ::-1]))


def end_of_the_sequence(layer: Recurrent, x: Array, parameters: Leaves, mode: Mode) -> Applied:
    """What stands at the last step, whatever the direction."""
    if layer.returns == "sequence":
        return recurrent.recurrent(layer, x, parameters, mode)
    whole = layer.model_copy(update={"returns": "sequence"})
    result = recurrent.recurrent(whole, x, parameters, mode)

    def pullback(cotangent: Array) -> Cotangents:
        above = np.zeros_like(result.output)
        above[:, -1] = cotangent
        return result.pullback(above)

    return Applied(result.output[:, -1], pullback)


Masks = Callable[[Recurrent, tuple[Array, ...], Leaves, Mode], Applied]


def _with_mask(change: Callable[[Array], Array]) -> Masks:
    def bent(layer: Recurrent, sources: tuple[Array, ...], parameters: Leaves, mode: Mode) -> Applied:
        x, mask = sources
        return recurrent.masked_recurrent(layer, (x, change(mask)), parameters, mode)

    return bent


every_step: Masks = _with_mask(np.ones_like)
"""A mask that is not heard of."""
first_steps: Masks = _with_mask(lambda mask: (np.arange(mask.shape[1]) < mask.sum(axis=1)[:, None]).astype(mask.dtype))
"""A mask taken for a length, as a packed sequence has one."""


def zero_at_the_end(layer: Recurrent, sources: tuple[Array, ...], parameters: Leaves, mode: Mode) -> Applied:
    """The last output in place of the last state: 0 where the last step read is left out."""
    result = recurrent.masked_recurrent(layer, sources, parameters, mode)
    if layer.returns == "sequence":
        return result
    read = sources[1][:, -1 if layer.direction == "forward" else 0, None]
    return Applied(result.output * read, lambda cotangent: result.pullback(cotangent * read))
