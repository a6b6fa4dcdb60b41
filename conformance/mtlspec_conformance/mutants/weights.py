"""Mutants that weigh the tasks in another way than asked, while every loss is right."""

from __future__ import annotations

from mtlspec.backend import TaskWeights, ValueWithGradient
from mtlspec.batch import Batch
from mtlspec_conformance.mutants.mutant import Mutant
from mtlspec_conformance.wrapper import Wrapper


class _OtherWeights(Wrapper):
    """Weighs the tasks in another way than asked."""

    def used(self, weights: TaskWeights) -> TaskWeights:
        raise NotImplementedError

    def value_with_gradient(self, *, on: Batch, weights: TaskWeights) -> ValueWithGradient:
        return self.inner.value_with_gradient(on=on, weights=self.used(weights))


class _WeightsSwapped(_OtherWeights):
    def used(self, weights: TaskWeights) -> TaskWeights:
        return dict(zip(weights, reversed(list(weights.values())), strict=True))


class _WeightsTwice(_OtherWeights):
    def used(self, weights: TaskWeights) -> TaskWeights:
        return {task: weight * weight for task, weight in weights.items()}


class _WeightsNormalized(_OtherWeights):
    def used(self, weights: TaskWeights) -> TaskWeights:
        return {task: weight / sum(weights.values()) for task, weight in weights.items()}


class _MeanOverTasks(_OtherWeights):
    def used(self, weights: TaskWeights) -> TaskWeights:
        return {task: weight / len(weights) for task, weight in weights.items()}


class _LastWeightIgnored(_OtherWeights):
    def used(self, weights: TaskWeights) -> TaskWeights:
        return {**weights, list(weights)[-1]: 1.0}


class _SecondOfItsKind(_OtherWeights):
    """Gives the second head with one kind of loss the weight 1."""

    def used(self, weights: TaskWeights) -> TaskWeights:
        kinds: list[str] = []
        used = dict(weights)
        for head in self.graph.heads:
            if head.loss.kind in kinds:
                used[head.task] = 1.0
            kinds.append(head.loss.kind)
        return used


class _ZeroIsUnset(_OtherWeights):
    def used(self, weights: TaskWeights) -> TaskWeights:
        return {task: weight or 1.0 for task, weight in weights.items()}


class _WeightsOfTheSpec(_OtherWeights):
    def used(self, weights: TaskWeights) -> TaskWeights:
        return {head.task: head.weight for head in self.graph.heads}


THREE = ("tasks/three-share-one-trunk",)

WEIGHT_MUTANTS = (
    Mutant("weights-swapped", "Weighs each task as another.", "gradient", THREE, program=_WeightsSwapped),
    Mutant("weights-twice", "Applies the weights twice.", "gradient", THREE, program=_WeightsTwice),
    Mutant("weights-normalized", "Divides weights by their sum.", "gradient", THREE, program=_WeightsNormalized),
    Mutant("mean-over-tasks", "Divides by the number of tasks.", "gradient", THREE, program=_MeanOverTasks),
    Mutant(
        "last-weight-ignored",
        "Ignores one weight.",
        "gradient",
        ("tasks/equal-heads", *THREE),
        program=_LastWeightIgnored,
    ),
    Mutant(
        "second-of-its-kind",
        "Loses the weight of the second head with the same loss.",
        "gradient",
        ("tasks/two-classifiers", "tasks/equal-heads"),
        program=_SecondOfItsKind,
    ),
    Mutant("zero-is-unset", "Takes a weight of 0 for none.", "gradient", ("tasks/weight-zero",), program=_ZeroIsUnset),
    Mutant("weights-of-the-spec", "Ignores the weights given.", "gradient", THREE, program=_WeightsOfTheSpec),
)
