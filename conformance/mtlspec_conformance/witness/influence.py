"""Influence: which layers and tasks feel it when a layer's numbers change; the same in every port of a program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mtlspec.randomness import uniform
from mtlspec.tensors import Array, Arrays, Tensors
from mtlspec_conformance.witness.measuring import first_calls
from mtlspec_conformance.witness.witness import Witness

DRAWS = 2
"""A unit that is dead under one draw of numbers lives under another."""


@dataclass(frozen=True)
class Influence:
    """The layers whose input, and the tasks whose output, a layer can move."""

    layers: frozenset[str]
    tasks: frozenset[str]


def influences(witness: Witness, inputs: Arrays) -> dict[str, Influence]:
    """Return the influence of every layer, found by moving one after the other; the values are kept."""
    kept = witness.parameters
    found = {layer: Influence(frozenset(), frozenset()) for layer in witness.layers}
    try:
        for draw in range(DRAWS):
            for layer, felt in _felt(witness, inputs, draw).items():
                before = found[layer]
                found[layer] = Influence(before.layers | felt.layers, before.tasks | felt.tasks)
    finally:
        witness.parameters = kept
    return found


def _felt(witness: Witness, inputs: Arrays, draw: int) -> dict[str, Influence]:
    plain = {name: _generic(array, f"{draw} {name}") for name, array in witness.parameters.items()}
    given, made = _seen(witness, plain, inputs)
    found = {}
    for layer, names in witness.layers.items():
        moved = {name: _generic(plain[name], f"{draw} {name} moved") for name in names}
        other_given, other_made = _seen(witness, {**plain, **moved}, inputs)
        found[layer] = Influence(_changed(given, other_given), _changed(made, other_made))
    return found


def _seen(witness: Witness, values: Arrays, inputs: Arrays) -> tuple[dict[str, Array], Mapping[str, Array]]:
    witness.parameters = Tensors(values)
    calls, outputs = witness.activations(inputs)
    return {layer: given for layer, given, _ in first_calls(calls)}, outputs


def _changed(before: Mapping[str, Array], after: Mapping[str, Array]) -> frozenset[str]:
    return frozenset(name for name, array in before.items() if not np.array_equal(array, after[name], equal_nan=True))


def _generic(array: Array, name: str) -> Array:
    """Return positive numbers of a moderate size: nothing vanishes, saturates or is the root of a negative variance."""
    fan_in = max(1, int(np.prod(array.shape[:-1])))
    return ((0.5 + uniform(0, name, array.size)) / fan_in).reshape(array.shape).astype(array.dtype)
