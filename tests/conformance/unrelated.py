"""Unrelated: mistakes that break one relation each, planted around the reference."""

from __future__ import annotations

from mtlspec_conformance.wrapper import Wrapper

from mtlspec.backend import Source, StepLosses, Steps, TaskWeights, ValueWithGradient
from mtlspec.batch import Batch


class _Reweighted(Wrapper):
    """Uses other task weights than those given."""

    def changed(self, weights: TaskWeights) -> dict[str, float]:
        raise NotImplementedError

    def value_with_gradient(self, *, on: Batch, weights: TaskWeights) -> ValueWithGradient:
        return super().value_with_gradient(on=on, weights=self.changed(weights))


class FirstTaskTwice(_Reweighted):
    """Counts the task that comes first twice."""

    def changed(self, weights: TaskWeights) -> dict[str, float]:
        return {task: own * (2.0 if task == self.graph.tasks[0] else 1.0) for task, own in weights.items()}


class WeightsByAlphabet(_Reweighted):
    """Hands the weights, in their order, to the tasks in that of the alphabet."""

    def changed(self, weights: TaskWeights) -> dict[str, float]:
        return dict(zip(sorted(weights), weights.values(), strict=True))


class WeightsSquared(_Reweighted):
    """Applies each weight twice."""

    def changed(self, weights: TaskWeights) -> dict[str, float]:
        return {task: own * own for task, own in weights.items()}


class MeanOverTasks(_Reweighted):
    """Divides the total by the number of tasks."""

    def changed(self, weights: TaskWeights) -> dict[str, float]:
        return {task: own / len(weights) for task, own in weights.items()}


class WeightsNormalized(_Reweighted):
    """Makes the weights sum to one."""

    def changed(self, weights: TaskWeights) -> dict[str, float]:
        total = sum(weights.values())
        return {task: own / total if total else own for task, own in weights.items()}


class DividedByBatch(_Reweighted):
    """Divides by the number of examples again."""

    def value_with_gradient(self, *, on: Batch, weights: TaskWeights) -> ValueWithGradient:
        again = {task: own / len(on) for task, own in weights.items()}
        return self.inner.value_with_gradient(on=on, weights=again)


class RateForgottenByTrain(Wrapper):
    """Takes every whole step at the rate of the first."""

    def train(self, source: Source, steps: Steps) -> StepLosses:
        rates = 0 * steps.learning_rates + 0.1
        return super().train(source, Steps(steps.rows, rates, steps.weights, steps.denominators))


BREAKING: dict[str, type[Wrapper]] = {
    "permuted": FirstTaskTwice,
    "renamed": WeightsByAlphabet,
    "halved": WeightsSquared,
    "idle": MeanOverTasks,
    "scaled": WeightsNormalized,
    "split": DividedByBatch,
}
"""The mistake that each relation has to see."""
