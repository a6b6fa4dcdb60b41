"""One step of each recurrent layer: from what the gates are given and the state before to the state, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from mtlspec.spec.recurrent import Gru, Lstm, Recurrent, SimpleRnn
from mtlspec.tensors import Array
from mtlspec_numpy.activations import activated

Leaves = Mapping[str, Array]
State = tuple[Array, ...]
"""h (batch, units) first; an LSTM's cell second."""


class Pulled(NamedTuple):
    """Gradients of what the gates were given, of the state before, and of the parameters of the recurrence."""

    given: Array
    before: State
    parameters: Mapping[str, Array]


Stepped = tuple[State, Callable[[State], Pulled]]
"""The state after a step, and the way back from its gradient."""


def simple_rnn(layer: SimpleRnn, given: Array, before: State, parameters: Leaves) -> Stepped:
    """h' = a(given + h·U)."""
    (h,), kernel = before, parameters["recurrent_kernel"]
    after, back = activated(layer.state_activation, given + _recurred(h, parameters))

    def pullback(cotangents: State) -> Pulled:
        above = back(cotangents[0])
        return Pulled(above, (above @ kernel.T,), _weights(h, above))

    return (after,), pullback


def lstm(layer: Lstm, given: Array, before: State, parameters: Leaves) -> Stepped:
    """c' = f·c + i·g, h' = o·a(c')."""
    (h, c), kernel = before, parameters["recurrent_kernel"]
    at_i, at_f, at_g, at_o = np.split(given + _recurred(h, parameters), 4, axis=-1)
    (i, i_back), (f, f_back), (o, o_back) = (activated(layer.gate_activation, z) for z in (at_i, at_f, at_o))
    g, g_back = activated(layer.state_activation, at_g)
    cell = f * c + i * g
    shown, shown_back = activated(layer.state_activation, cell)

    def pullback(cotangents: State) -> Pulled:
        of_h, of_cell = cotangents
        of_cell = of_cell + shown_back(of_h * o)
        parts = (i_back(of_cell * g), f_back(of_cell * c), g_back(of_cell * i), o_back(of_h * shown))
        above = np.concatenate(parts, axis=-1)
        return Pulled(above, (above @ kernel.T, of_cell * f), _weights(h, above))

    return (o * shown, cell), pullback


def gru(layer: Gru, given: Array, before: State, parameters: Leaves) -> Stepped:
    """h' = z·h + (1 - z)·g, the state reset before or after the product with the recurrent kernel."""
    (h,), units = before, layer.units
    gates, candidate = _cut(parameters, slice(2 * units)), _cut(parameters, slice(2 * units, None))
    at_z, at_r = np.split(given[:, : 2 * units] + _recurred(h, gates), 2, axis=-1)
    (z, z_back), (r, r_back) = (activated(layer.gate_activation, at) for at in (at_z, at_r))
    early = layer.reset == "before"
    read = r * h if early else h
    product = _recurred(read, candidate)
    g, g_back = activated(layer.state_activation, given[:, 2 * units :] + (product if early else r * product))

    def pullback(cotangents: State) -> Pulled:
        (above,) = cotangents
        of_g = g_back(above * (1 - z))
        of_product = of_g if early else of_g * r
        of_read = of_product @ candidate["recurrent_kernel"].T
        of_r = r_back(of_read * h if early else of_g * product)
        of_gates = np.concatenate([z_back(above * (h - g)), of_r], axis=-1)
        of_h = above * z + (of_read * r if early else of_read) + of_gates @ gates["recurrent_kernel"].T
        first, second = _weights(h, of_gates), _weights(read, of_product)
        weights = {leaf: np.concatenate([first[leaf], second[leaf]], axis=-1) for leaf in first}
        return Pulled(np.concatenate([of_gates, of_g], axis=-1), (of_h,), weights)

    return (z * h + (1 - z) * g,), pullback


def _recurred(h: Array, parameters: Leaves) -> Array:
    product = h @ parameters["recurrent_kernel"]
    return product + parameters["recurrent_bias"] if "recurrent_bias" in parameters else product


def _weights(h: Array, above: Array) -> dict[str, Array]:
    return {"recurrent_kernel": h.T @ above, "recurrent_bias": above.sum(axis=0)}


def _cut(parameters: Leaves, columns: slice) -> dict[str, Array]:
    return {leaf: array[..., columns] for leaf, array in parameters.items() if leaf.startswith("recurrent")}


STEPS: Mapping[type[Recurrent], Callable[[Any, Array, State, Leaves], Stepped]] = {
    SimpleRnn: simple_rnn,
    Lstm: lstm,
    Gru: gru,
}
