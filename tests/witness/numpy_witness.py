"""Programs of dense layers in NumPy: enough of a witness to be matched, without a framework."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from mtlspec_conformance.witness.influence import influences
from mtlspec_conformance.witness.matching import Matching, matched
from mtlspec_conformance.witness.measuring import first_calls
from mtlspec_conformance.witness.names import Side

from mtlspec.randomness import normal
from mtlspec.tensors import Array, Tensors

Dense = Callable[[str, Array], Array]
INPUTS = {"features": normal(0, "features", 40).reshape(8, 5), "others": normal(0, "others", 40).reshape(8, 5)}


class NumpyWitness:
    """Layers by name with the shape of their kernel, and a function of them."""

    def __init__(
        self, shapes: Mapping[str, tuple[int, int]], run: Callable[[Dense, Mapping[str, Array]], Mapping[str, Array]]
    ) -> None:
        self.layers = {name: (f"{name}.kernel", f"{name}.bias") for name in shapes}
        self.run = run
        self.parameters = Tensors(
            {
                path: normal(1, path, int(np.prod(shape))).reshape(shape)
                for name, kernel in shapes.items()
                for path, shape in ((f"{name}.kernel", kernel), (f"{name}.bias", kernel[1:]))
            }
        )

    def activations(self, inputs: Mapping[str, Array]) -> tuple[list[Any], Mapping[str, Array]]:
        calls: list[Any] = []

        def dense(name: str, x: Array) -> Array:
            made = np.tanh(x @ self.parameters[f"{name}.kernel"] + self.parameters[f"{name}.bias"])
            calls.append((name, x, made))
            return made

        return calls, self.run(dense, inputs)

    @property
    def side(self) -> Side:
        shapes = {name: array.shape for name, array in self.parameters.items()}
        return Side("numpy", self.layers, shapes, {name: f"native.{name}" for name in shapes})


def matching(first: NumpyWitness, second: NumpyWitness, given: Mapping[str, str] | None = None) -> Matching:
    """Match two programs as a recording does."""
    one, other = first.side, second.side

    def probe(layers: Mapping[str, str]) -> Any:
        kept = second.parameters
        loaded = {
            other.leaves(theirs)[leaf]: first.parameters[full]
            for mine, theirs in layers.items()
            for leaf, full in one.leaves(mine).items()
        }
        second.parameters = Tensors({**kept, **loaded})
        calls, outputs = second.activations(INPUTS)
        second.parameters = kept
        return {name: given for name, given, _ in first_calls(calls)}, outputs

    calls, outputs = first.activations(INPUTS)
    felt = influences(first, INPUTS), influences(second, INPUTS)  # type: ignore[arg-type]
    seen = {name: array for name, array, _ in first_calls(calls)}, outputs
    return matched(one, other, given=given or {}, influences=felt, seen=seen, probe=probe, dtype="float64")
