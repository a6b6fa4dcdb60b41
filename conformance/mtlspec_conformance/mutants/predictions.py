"""Mutants of predictions."""

from __future__ import annotations

import numpy as np

from mtlspec.backend import TaskWeights, ValueWithGradient
from mtlspec.batch import Batch
from mtlspec.spec.losses import Loss
from mtlspec.tensors import Array, Arrays
from mtlspec_conformance.mutants.mutant import Mutant
from mtlspec_conformance.wrapper import Wrapper


class _OtherOutputs(Wrapper):
    """Changes predictions."""

    def changed(self, task: str, output: Array, *, linked: bool) -> Array:
        raise NotImplementedError

    def outputs(self, inputs: Arrays, *, linked: bool = True) -> dict[str, Array]:
        found = self.inner.outputs(inputs, linked=linked)
        return {task: self.changed(task, np.asarray(output), linked=linked) for task, output in found.items()}

    def loss_of(self, task: str) -> Loss:
        return next(head.loss for head in self.graph.heads if head.task == task)


class _LinkTwice(_OtherOutputs):
    def changed(self, task: str, output: Array, *, linked: bool) -> Array:
        if not linked or self.loss_of(task).link != "softmax":
            return output
        return np.asarray(np.exp(output) / np.exp(output).sum(axis=-1, keepdims=True))


class _LinkNever(Wrapper):
    def outputs(self, inputs: Arrays, *, linked: bool = True) -> dict[str, Array]:
        return self.inner.outputs(inputs, linked=False)


class _Squeezed(_OtherOutputs):
    def changed(self, task: str, output: Array, *, linked: bool) -> Array:
        return output.squeeze()


class _RoundedOutputs(_OtherOutputs):
    def changed(self, task: str, output: Array, *, linked: bool) -> Array:
        return output.astype(np.float32).astype(np.float64)


class _NotFinite(_OtherOutputs):
    def changed(self, task: str, output: Array, *, linked: bool) -> Array:
        return np.full_like(output, np.nan)


class _Nudging(Wrapper):
    """Moves a parameter by one unit in the last place, which only a look at the parameters tells."""

    def nudge(self) -> None:
        first = self.graph.trainable[0]
        self.inner.parameters = {first: np.nextafter(self.inner.parameters[first], np.inf)}


class _OutputsMove(_Nudging):
    def outputs(self, inputs: Arrays, *, linked: bool = True) -> dict[str, Array]:
        found = self.inner.outputs(inputs, linked=linked)
        self.nudge()
        return found


class _LossesNudge(_Nudging):
    def losses(self, *, on: Batch, training: bool = True) -> dict[str, float]:
        found = self.inner.losses(on=on, training=training)
        self.nudge()
        return found


class _GradientNudges(_Nudging):
    def value_with_gradient(self, *, on: Batch, weights: TaskWeights) -> ValueWithGradient:
        found = self.inner.value_with_gradient(on=on, weights=weights)
        self.nudge()
        return found


FORWARD_MUTANTS = (
    Mutant("link-twice", "Applies softmax to probabilities.", "forward", ("loss/softmax",), program=_LinkTwice),
    Mutant("link-never", "Gives logits for predictions.", "forward", ("loss/sigmoid",), program=_LinkNever),
    Mutant("batch-of-one-squeezed", "Loses axes of length one.", "forward", ("tasks/batch-of-one",), program=_Squeezed),
    Mutant("outputs-in-float32", "Rounds outputs.", "forward", ("layer/dense",), program=_RoundedOutputs),
    Mutant("not-a-number", "Predicts NaN.", "forward", ("layer/dense",), program=_NotFinite),
    Mutant("outputs-move", "Changes a parameter in prediction.", "forward", ("layer/dense",), program=_OutputsMove),
    Mutant("losses-nudge", "Changes a parameter in its losses.", "loss", ("layer/dense",), program=_LossesNudge),
    Mutant(
        "gradient-nudges", "Changes a parameter in its gradient.", "loss", ("layer/dense",), program=_GradientNudges
    ),
    Mutant(
        "float32-inside",
        "Computes everything in float32.",
        "forward",
        ("layer/dense",),
        precision="float32",
        earlier="Its initial values are not those of float64, either.",
    ),
)
