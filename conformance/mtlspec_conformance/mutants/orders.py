"""Mutants that go by position where names are given, as a framework does that sorts the keys of a dict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

import numpy as np

from mtlspec.backend import Gradients, Parameters, TaskWeights, ValueWithGradient
from mtlspec.batch import Batch
from mtlspec.tensors import Array, Arrays, Tensors
from mtlspec_conformance.mutants.mutant import Mutant
from mtlspec_conformance.wrapper import Wrapper

Entry = TypeVar("Entry")


def by_alphabet(entries: Mapping[str, Entry]) -> dict[str, Entry]:
    """Return the entries in their order under the names in the order of the alphabet."""
    return dict(zip(sorted(entries), entries.values(), strict=True))


class _InputsByAlphabet(Wrapper):
    def outputs(self, inputs: Arrays, *, linked: bool = True) -> dict[str, Array]:
        return self.inner.outputs(by_alphabet(inputs), linked=linked)


class _OutputsByAlphabet(Wrapper):
    def outputs(self, inputs: Arrays, *, linked: bool = True) -> dict[str, Array]:
        return by_alphabet(self.inner.outputs(inputs, linked=linked))


class _BatchByAlphabet(Wrapper):
    """Sorts a part of the batch."""

    part: str

    def _sorted(self, batch: Batch) -> Batch:
        return replace(batch, **{self.part: by_alphabet(getattr(batch, self.part))})

    def losses(self, *, on: Batch, training: bool = True) -> dict[str, float]:
        return self.inner.losses(on=self._sorted(on), training=training)

    def value_with_gradient(self, *, on: Batch, weights: TaskWeights) -> ValueWithGradient:
        return self.inner.value_with_gradient(on=self._sorted(on), weights=weights)


class _TargetsByAlphabet(_BatchByAlphabet):
    part = "targets"


class _WeightsByAlphabet(_BatchByAlphabet):
    part = "weights"


class _DenominatorsByAlphabet(_BatchByAlphabet):
    part = "denominators"


class _TaskWeightsByAlphabet(Wrapper):
    def value_with_gradient(self, *, on: Batch, weights: TaskWeights) -> ValueWithGradient:
        return self.inner.value_with_gradient(on=on, weights=by_alphabet(weights))


class _ScaleAndOffset(Wrapper):
    """Exchanges scale and offset of every normalization, in and out."""

    def read_parameters(self) -> Parameters:
        return Tensors(self._exchanged(self.inner.parameters))

    def write_parameters(self, values: Mapping[str, Array]) -> None:
        self.inner.parameters = Tensors(self._exchanged(values))

    def value_with_gradient(self, *, on: Batch, weights: TaskWeights) -> ValueWithGradient:
        value, gradients, statistics = self.inner.value_with_gradient(on=on, weights=weights)
        return ValueWithGradient(value, Gradients(self._exchanged(gradients)), statistics)

    def _exchanged(self, entries: Mapping[str, Array]) -> dict[str, Array]:
        return {self._other(path, entries): entry for path, entry in entries.items()}

    def _other(self, path: str, entries: Mapping[str, Array]) -> str:
        node, _, leaf = path.rpartition(".")
        other = f"{node}.{ {'scale': 'offset', 'offset': 'scale'}.get(leaf, leaf) }"
        return other if other in entries else path


class _EmbeddingPadding(Wrapper):
    """Has no gradient for the first row of a table, as a row kept for padding."""

    def value_with_gradient(self, *, on: Batch, weights: TaskWeights) -> ValueWithGradient:
        value, gradients, statistics = self.inner.value_with_gradient(on=on, weights=weights)
        kept = {path: self._without_first(path, gradient) for path, gradient in gradients.items()}
        return ValueWithGradient(value, Gradients(kept), statistics)

    def _without_first(self, path: str, gradient: Array) -> Array:
        if not path.endswith(".table") or not isinstance(gradient, np.ndarray):
            return gradient
        changed = gradient.copy()
        changed[0] = 0
        return changed


EQUAL = ("tasks/equal-heads",)
WEIGHTED = ("reduction/present",)

ORDER_MUTANTS = (
    Mutant(
        "inputs-by-alphabet",
        "Gives inputs to each other's places.",
        "forward",
        ("tasks/awkward-names",),
        program=_InputsByAlphabet,
    ),
    Mutant("outputs-by-alphabet", "Names outputs in alphabetical order.", "forward", EQUAL, program=_OutputsByAlphabet),
    Mutant("targets-by-alphabet", "Gives tasks each other's targets.", "loss", EQUAL, program=_TargetsByAlphabet),
    Mutant(
        "sample-weights-by-alphabet",
        "Gives tasks the weights that examples have for another.",
        "loss",
        WEIGHTED,
        program=_WeightsByAlphabet,
    ),
    Mutant(
        "denominators-by-alphabet",
        "Divides a task by another's denominator.",
        "loss",
        ("reduction/weight-sum",),
        program=_DenominatorsByAlphabet,
    ),
    Mutant(
        "task-weights-by-alphabet",
        "Gives tasks each other's weights, in alphabetical order.",
        "gradient",
        EQUAL,
        program=_TaskWeightsByAlphabet,
    ),
    Mutant(
        "scale-and-offset",
        "Takes the scale of a normalization for its offset.",
        "forward",
        ("layer/layer-normalization", "layer/batch-normalization"),
        program=_ScaleAndOffset,
    ),
    Mutant(
        "first-row-for-padding",
        "Has no gradient for the first row of a table.",
        "gradient",
        ("layer/embedding",),
        program=_EmbeddingPadding,
    ),
)
