"""Mutants that round a number of the document to float32, as a framework does that casts Python numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from mtlspec.backend import Source, StepLosses, Steps, TaskWeights, ValueWithGradient
from mtlspec.batch import Batch, Dataset
from mtlspec.graph import Numbers
from mtlspec.spec import activations, layers, losses, optimizers
from mtlspec.spec.signature import Penalty
from mtlspec.tensors import Array, Arrays
from mtlspec_conformance.mutants.mutant import A_STEP_UPDATES_TOO, Mutant
from mtlspec_conformance.mutants.rewriting import every
from mtlspec_conformance.wrapper import Wrapper


def single(number: Any) -> Any:
    """Return the float64 nearest to what float32 makes of `number`."""
    return float(np.float32(number))


def _rounded(arrays: Arrays) -> dict[str, Array]:
    return {name: _narrow(array) for name, array in arrays.items()}


def _narrow(array: Array) -> Array:
    return array.astype(np.float32).astype(array.dtype) if array.dtype.kind == "f" else array


class _NarrowData(Wrapper):
    """Takes over some of the data in float32."""

    part: str

    def _narrowed(self, data: Any) -> Any:
        return replace(data, **{self.part: _rounded(getattr(data, self.part))})

    def losses(self, *, on: Batch, training: bool = True) -> dict[str, float]:
        return self.inner.losses(on=self._narrowed(on), training=training)

    def value_with_gradient(self, *, on: Batch, weights: TaskWeights) -> ValueWithGradient:
        return self.inner.value_with_gradient(on=self._narrowed(on), weights=weights)

    def place(self, data: Dataset) -> Source:
        return self.inner.place(self._narrowed(data))


class _NarrowInputs(_NarrowData):
    part = "inputs"

    def outputs(self, inputs: Arrays, *, linked: bool = True) -> dict[str, Array]:
        return self.inner.outputs(_rounded(inputs), linked=linked)


class _NarrowTargets(_NarrowData):
    part = "targets"


class _NarrowWeights(_NarrowData):
    part = "weights"


class _NarrowTaskWeights(Wrapper):
    def value_with_gradient(self, *, on: Batch, weights: TaskWeights) -> ValueWithGradient:
        return self.inner.value_with_gradient(on=on, weights={task: single(w) for task, w in weights.items()})

    def train(self, source: Source, steps: Steps) -> StepLosses:
        return self.inner.train(source, replace(steps, weights=_narrow(steps.weights)))


MOMENTS = (optimizers.Adam, optimizers.AdamW)
CROSS = (losses.SoftmaxCrossEntropy, losses.SigmoidCrossEntropy)


def _law(name: str, mistake: str, case: str, kinds: Any, **fields: Any) -> Mutant:
    return Mutant(name, mistake, "law", (f"law/{case}",), every(kinds, **fields), earlier=A_STEP_UPDATES_TOO)


ROUNDING_MUTANTS = (
    Mutant("inputs-in-float32", "Takes inputs over in float32.", "forward", ("layer/dense",), program=_NarrowInputs),
    Mutant("targets-in-float32", "Takes targets over in float32.", "loss", ("layer/dense",), program=_NarrowTargets),
    Mutant(
        "sample-weights-in-float32",
        "Takes weights of examples over in float32.",
        "loss",
        ("reduction/present",),
        program=_NarrowWeights,
    ),
    Mutant(
        "task-weights-in-float32",
        "Rounds the weights of tasks.",
        "gradient",
        ("tasks/three-share-one-trunk",),
        program=_NarrowTaskWeights,
    ),
    Mutant(
        "leaky-slope-in-float32",
        "Rounds the slope.",
        "forward",
        ("activation/leaky-relu",),
        every(activations.LeakyRelu, slope=single),
    ),
    Mutant("alpha-in-float32", "Rounds alpha.", "forward", ("activation/elu",), every(activations.Elu, alpha=single)),
    Mutant(
        "norm-epsilon-in-float32",
        "Rounds the epsilon of a normalization.",
        "forward",
        ("layer/layer-normalization", "layer/batch-normalization"),
        every((layers.LayerNormalization, layers.BatchNormalization), epsilon=single),
    ),
    Mutant(
        "keeps-in-float32",
        "Rounds the share that a running average keeps.",
        "gradient",
        ("layer/batch-normalization",),
        every(layers.BatchNormalization, running_average_keeps=single),
    ),
    Mutant(
        "dropout-rate-in-float32", "Rounds the rate.", "loss", ("layer/dropout",), every(layers.Dropout, rate=single)
    ),
    Mutant(
        "smoothing-in-float32",
        "Rounds the label smoothing.",
        "loss",
        ("loss/softmax-smoothed", "loss/sigmoid-smoothed"),
        every(CROSS, label_smoothing=single),
    ),
    Mutant(
        "clip-of-probabilities-in-float32",
        "Rounds the clip of probabilities.",
        "loss",
        ("loss/softmax-class-terms-from-probabilities", "loss/sigmoid-from-probabilities-saturated"),
        every(losses.Probabilities, clip=single),
    ),
    Mutant("delta-in-float32", "Rounds delta.", "loss", ("loss/huber-small-delta",), every(losses.Huber, delta=single)),
    Mutant(
        "penalty-in-float32",
        "Rounds the factors of the penalty.",
        "loss",
        ("penalty/l1-and-l2",),
        every(Penalty, l1=single, l2=single),
    ),
    Mutant(
        "momentum-in-float32",
        "Rounds the momentum.",
        "law",
        ("law/sgd-momentum-at-update",),
        every(optimizers.Sgd, momentum=single),
    ),
    _law("beta-1-in-float32", "Rounds beta_1.", "adam", MOMENTS, beta_1=single),
    _law("beta-2-in-float32", "Rounds beta_2.", "adam", MOMENTS, beta_2=single),
    _law(
        "decay-in-float32",
        "Rounds the weight decay.",
        "adamw-decay-by-learning-rate",
        Numbers,
        decay=single,
    ),
    _law(
        "clip-limit-in-float32",
        "Rounds the limit of a clip.",
        "table-separate-clipped-per-tensor",
        optimizers.Clipping,
        limit=single,
    ),
    _law(
        "clip-epsilon-in-float32",
        "Rounds the epsilon of a clip.",
        "clip-global-norm-with-epsilon",
        optimizers.Clipping,
        epsilon=single,
    ),
)
