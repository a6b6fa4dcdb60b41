"""Location: between which layers the outputs of two programs begin to differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from mtlspec.tensors import Array
from mtlspec_conformance.witness.links import alike
from mtlspec_conformance.witness.record import Record
from mtlspec_conformance.witness.where import LAYER_INPUT, LAYER_OUTPUT, Where

Same = Callable[[Array, Array, float], bool]
REORDERED = 1e-5
"""Numbers that are the same to this are the same numbers, in either precision."""


def located(first: Record, second: Record, names: Mapping[str, str], same: Same) -> str:
    """Return a sentence about the first layer, as the first program runs, whose input is another; empty if none is."""
    layers = _layers(first, second, names)
    ran = [where.tensor for where in first.values if where.kind == LAYER_INPUT and where.tensor in layers]
    agreed = ""
    for layer in ran:
        if not _agree(first, second, LAYER_INPUT, layer, layers[layer], same):
            own = "" if layers[layer] == layer else f" ({second.framework}: `{layers[layer]}`)"
            order = _reordered(first, second, layer, layers[layer])
            return f"{_between(agreed, f'`{layer}`{own}', first, second, layers, same)}{order}"
        agreed = layer
    return f"the inputs of all layers agree: it arises in `{agreed}` or after it" if agreed else ""


def _between(agreed: str, parted: str, first: Record, second: Record, layers: Mapping[str, str], same: Same) -> str:
    if not agreed:
        return f"the input of {parted} is another already: it arises before the first layer with parameters"
    if _agree(first, second, LAYER_OUTPUT, agreed, layers[agreed], same):
        return f"the outputs of `{agreed}` agree, the inputs of {parted} do not: it arises between the two"
    return f"the inputs of `{agreed}` agree, those of {parted} do not: it arises in `{agreed}` or between the two"


def _reordered(first: Record, second: Record, mine: str, theirs: str) -> str:
    """Return a remark where every example has the same numbers in another order: a flatten, a concatenation."""
    expected, found = (
        first.values[Where("forward", LAYER_INPUT, mine)],
        second.values[Where("forward", LAYER_INPUT, theirs)],
    )
    if found.shape != expected.shape:
        return ""
    mine_sorted, theirs_sorted = (np.sort(array.reshape(len(array), -1)) for array in (expected, found))
    same = np.allclose(theirs_sorted, mine_sorted, rtol=REORDERED, atol=0)
    return "; the numbers are the same in another order" if same else ""


def _agree(first: Record, second: Record, kind: str, mine: str, theirs: str, same: Same) -> bool:
    one, other = Where("forward", kind, mine), Where("forward", kind, theirs)
    if other not in second.values:
        return True
    expected = first.values[one]
    rounding = max(4 * float(np.finfo(record.dtype).eps) for record in (first, second))
    return same(alike(second.values[other], expected), expected, max(first.noise[one], second.noise[other], rounding))


def _layers(first: Record, second: Record, names: Mapping[str, str]) -> dict[str, str]:
    """Return the second's layer by the first's, where both hold matched parameters."""
    owners = {name: layer for layer, held in second.layers.items() for name in held}
    return {layer: owners[names[held[0]]] for layer, held in first.layers.items() if held and held[0] in names}
