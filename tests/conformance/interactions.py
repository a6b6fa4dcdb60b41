"""Interactions: mistakes that show only where several parts of a spec meet, planted around the reference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from mtlspec_conformance.wrapper import Wrapper
from mtlspec_numpy import NumpyBackend

from mtlspec.backend import Program, TaskWeights, ValueWithGradient
from mtlspec.batch import Batch
from mtlspec.graph import Graph
from mtlspec.spec.losses import SoftmaxCrossEntropy
from mtlspec.spec.training import Precision
from mtlspec.tensors import Arrays, Tensors


class Planted(NumpyBackend):
    """The reference with a wrapper around each program."""

    def __init__(self, wrapper: type[Wrapper]) -> None:
        self.wrapper = wrapper
        self.name = wrapper.__name__

    def compile(self, graph: Graph, *, precision: Precision, device: str = "cpu") -> Any:
        program: Program = super().compile(graph, precision=precision, device=device)
        return self.wrapper(program, graph)


class ThirdHeadDetached(Wrapper):
    """The third task sends no gradient into what it shares with others."""

    def value_with_gradient(self, *, on: Batch, weights: TaskWeights) -> ValueWithGradient:
        whole = super().value_with_gradient(on=on, weights=weights)
        if len(self.graph.tasks) < 3:
            return whole
        third = self.graph.tasks[2]
        rest = super().value_with_gradient(on=on, weights={**weights, third: 0.0})
        shared = {path for path in self.graph.trainable if len(self.graph.by_path[path].tasks) > 1}
        mixed = {path: (rest if path in shared else whole).gradients[path] for path in self.graph.trainable}
        return whole._replace(gradients=Tensors(mixed))


class NanWithoutLabels(Wrapper):
    """The loss of a batch without labels is 0 divided by 0."""

    def losses(self, *, on: Batch, training: bool = True) -> dict[str, float]:
        own = super().losses(on=on, training=training)
        return {task: loss if on.weights[task].any() else float("nan") for task, loss in own.items()}


class BatchOfOneSqueezed(Wrapper):
    """Outputs of a batch of one lose their first axis."""

    def outputs(self, inputs: Arrays, *, linked: bool = True) -> dict[str, Any]:
        return {task: np.squeeze(own) for task, own in super().outputs(inputs, linked=linked).items()}


class ZeroWeightUnset(Wrapper):
    """A weight of 0 counts as 1."""

    def value_with_gradient(self, *, on: Batch, weights: TaskWeights) -> ValueWithGradient:
        return super().value_with_gradient(on=on, weights={task: own or 1.0 for task, own in weights.items()})


class SecondCrossEntropyUnweighted(Wrapper):
    """The weight of the second cross-entropy among the heads is lost."""

    def value_with_gradient(self, *, on: Batch, weights: TaskWeights) -> ValueWithGradient:
        return super().value_with_gradient(on=on, weights={**weights, **self._lost()})

    def _lost(self) -> Mapping[str, float]:
        crossed = [head.task for head in self.graph.heads if isinstance(head.loss, SoftmaxCrossEntropy)]
        return dict.fromkeys(crossed[1:2], 1.0)
