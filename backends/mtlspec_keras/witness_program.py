"""A Keras program that somebody else wrote, opened: outputs, losses, gradients, steps, each asked on its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np

from mtlspec.errors import MtlspecError
from mtlspec.spec.training import Precision
from mtlspec.tensors import Array, Arrays, Tensors
from mtlspec_keras.engine import keras, tf
from mtlspec_keras.witness_calls import (
    Call,
    arguments,
    named,
    noted,
    structured,
    tensors,
    without_dropout,
)
from mtlspec_keras.witness_layouts import held_by, layers_of
from mtlspec_keras.witness_losses import loss_of

AGREES = 1e-5
"""How far the sum of the losses may be from what the model's own `compute_loss` says, relative."""


@dataclass(frozen=True, eq=False)
class NativeBatch:
    """The examples of one step as tensors by name; `weights` has the tasks that the batches have weights for."""

    inputs: Mapping[str, Any]
    targets: Mapping[str, Any]
    weights: Mapping[str, Any]


class KerasWitness:
    """A Keras program whose outputs, losses, gradients and updates can be asked; asking changes nothing."""

    framework = "keras"

    def __init__(
        self,
        model: Any,
        losses: Mapping[str, Any],
        weights: Mapping[str, float],
        optimizer: Any,
        inputs: Sequence[str] | None,
        names: Sequence[str],
        step: Callable[[NativeBatch], object] | None,
        *,
        native: bool,
    ) -> None:
        self.model = model
        self.tasks = tuple(losses)
        self.weights = weights
        self.notes: tuple[str, ...] = ()
        self._losses = {task: loss_of(loss, task) for task, loss in losses.items()}
        self._optimizer, self._inputs, self._names = optimizer, inputs, names
        self._step, self._compiled = step, native

    @property
    def versions(self) -> dict[str, str]:
        """The versions of Keras and of its engine."""
        return {"keras": version("keras"), "tensorflow": tf.__version__}

    @property
    def own_loop(self) -> bool:
        """Whether a step is a function of the user's, so that the optimizer cannot be asked alone."""
        return self._step is not None

    @property
    def steps(self) -> bool:
        """Whether the program has a step at all."""
        return self._step is not None or self._optimizer is not None

    def open(self, inputs: Arrays, targets: Arrays, weights: Arrays, *, precision: Precision | None) -> None:
        """Take `precision`, make what the first call makes, and switch dropout off.

        Raises:
            MtlspecError: the losses that were read from the compiled model do not make the total that it minimizes.
        """
        dropped = list(without_dropout(self.model))
        self._made = self.model(arguments(self.model, tensors(inputs), self._inputs), training=False)
        self._layers = layers_of(self.model)
        self._held = list(held_by(self._layers))
        self.layers = {layer: tuple(h.name for h in self._held if h.layer == layer) for layer in self._layers}
        self.roles = {held.name: "trainable" if held.trainable else "statistic" for held in self._held}
        self.native_names = {held.name: held.native for held in self._held}
        self.notes = tuple(self._noted(dropped))
        if self._optimizer is not None:
            if precision == "float64":
                _exact(self._optimizer)
            if not self._optimizer.built:
                self._optimizer.build(self.model.trainable_variables)
            self._fresh = [np.array(variable) for variable in self._optimizer.variables]
        if self._compiled:
            self._expect_total(inputs, targets, weights)

    def _noted(self, dropped: Sequence[str]) -> Iterator[str]:
        if dropped:
            yield f"dropout switched off: {', '.join(dropped)}"
        if own := ", ".join(held.native for held in self._held if not held.known and len(held.variable.shape) > 1):
            yield f"in the layer's own layout: {own}"

    def reset(self) -> bool:
        """Set the optimizer back to its first step; False for a loop that only a new build resets."""
        if self.own_loop:
            return False
        if self._optimizer is not None:
            for variable, value in zip(self._optimizer.variables, self._fresh, strict=True):
                variable.assign(value)
        return True

    @property
    def dtype(self) -> str:
        """The arithmetic: that of the first variable."""
        floats = (str(h.variable.dtype) for h in self._held if str(h.variable.dtype).startswith("float"))
        return next(floats, keras.config.floatx())

    @property
    def parameters(self) -> Tensors:
        """What the model holds: canonical names and layouts."""
        return Tensors({held.name: held.canonical(held.variable) for held in self._held})

    @parameters.setter
    def parameters(self, values: Mapping[str, Array]) -> None:
        for held in self._held:
            held.assign(values[held.name])

    def outputs(self, inputs: Arrays) -> dict[str, Array]:
        """Return the output of every task in inference mode."""
        return {task: np.array(output) for task, output in self._called(tensors(inputs), training=False).items()}

    def activations(self, inputs: Arrays) -> tuple[list[Call], dict[str, Array]]:
        """Return what went into and came out of every layer in inference mode, as they ran, and the outputs."""
        calls: list[Call] = []
        with noted(self._layers, calls):
            return calls, self.outputs(inputs)

    def losses(self, inputs: Arrays, targets: Arrays, weights: Arrays) -> dict[str, float]:
        """Return the unweighted loss of every task in training mode."""
        with self._unchanged():
            losses = self._task_losses(tensors(inputs), tensors(targets), tensors(weights))
            return {task: float(loss) for task, loss in losses.items()}

    def gradients(self, inputs: Arrays, targets: Arrays, weights: Arrays, *, of: str | None) -> dict[str, Array]:
        """Return the gradient of one task's loss, or of the weighted sum, for all that is trainable; 0 if unreached."""
        held = [held for held in self._held if held.trainable]
        with self._unchanged(), tf.GradientTape() as tape:
            losses = self._task_losses(tensors(inputs), tensors(targets), tensors(weights))
            total = self._sum(losses) if of is None else losses[of]
        found = tape.gradient(
            total, [each.variable.value for each in held], unconnected_gradients=tf.UnconnectedGradients.ZERO
        )
        return {each.name: each.canonical(tf.convert_to_tensor(g)) for each, g in zip(held, found, strict=True)}

    def step(self, inputs: Arrays, targets: Arrays, weights: Arrays) -> None:
        """Train one step in the program's own way."""
        if self._step is not None:
            self._step(NativeBatch(tensors(inputs), tensors(targets), tensors(weights)))
        elif self._compiled:
            self.model.train_on_batch(*self._data(inputs, targets, weights))
        else:
            with tf.GradientTape() as tape:
                losses = self._task_losses(tensors(inputs), tensors(targets), tensors(weights))
                total = self._sum(losses) + sum(self.model.losses)
            variables = self.model.trainable_variables
            gradients = tape.gradient(total, [variable.value for variable in variables])
            self._optimizer.apply(gradients, variables)

    def follow(self, gradient: float) -> None:
        """Take one step of the optimizer alone along a gradient that has this value everywhere."""
        variables = self.model.trainable_variables
        self._optimizer.apply([tf.fill(v.shape, tf.constant(gradient, v.dtype)) for v in variables], variables)

    @property
    def learning_rate(self) -> float | None:
        """The rate of the next step, None if there is none to read."""
        if self._optimizer is None:
            return None
        return float(keras.ops.convert_to_numpy(self._optimizer.learning_rate))

    @property
    def rate_is_plain(self) -> bool:
        """Whether no schedule moves the rate, so that it may be set from outside."""
        return not isinstance(self._optimizer._learning_rate, keras.optimizers.schedules.LearningRateSchedule)

    def scale_rate(self, *, by: float) -> None:
        """Multiply the rate."""
        rate = self._optimizer.learning_rate
        rate.assign(np.array(rate) * by)

    @contextmanager
    def _unchanged(self) -> Iterator[None]:
        """Keep what a call in training mode moves: all that is not trained."""
        kept = [(variable, np.array(variable)) for variable in self.model.non_trainable_variables]
        try:
            yield
        finally:
            for variable, value in kept:
                variable.assign(value)

    def _called(self, inputs: Mapping[str, Any], *, training: bool) -> dict[str, Any]:
        found = named(self.model(arguments(self.model, inputs, self._inputs), training=training), self._names)
        if lacking := [task for task in self.tasks if task not in found]:
            raise MtlspecError(f"the model's outputs lack {', '.join(lacking)}; found: {', '.join(map(str, found))}")
        return {task: found[task] for task in self.tasks}

    def _task_losses(self, inputs: Any, targets: Any, weights: Any) -> dict[str, Any]:
        outputs = self._called(inputs, training=True)
        return {task: self._loss(task, outputs[task], targets[task], weights.get(task)) for task in self.tasks}

    def _loss(self, task: str, output: Any, target: Any, weight: Any) -> Any:
        loss = self._losses[task](target, output, weight)
        if tuple(loss.shape) != ():
            raise MtlspecError(f"the loss of task {task!r} has the shape {tuple(loss.shape)}: expected one number")
        return loss

    def _sum(self, losses: Mapping[str, Any]) -> Any:
        return tf.add_n([tf.constant(self.weights[task], loss.dtype) * loss for task, loss in losses.items()])

    def _data(self, inputs: Arrays, targets: Arrays, weights: Arrays) -> tuple[Any, Any, Any]:
        """Return x, y and sample weights as `train_on_batch` takes them."""
        x = arguments(self.model, tensors(inputs), self._inputs)
        y = structured(tensors(targets), self._made, self._names)
        if not weights:
            return x, y, None
        every = {task: weights.get(task, np.ones(len(targets[task]))) for task in self.tasks}
        return x, y, structured(tensors(every), self._made, self._names)

    def _expect_total(self, inputs: Arrays, targets: Arrays, weights: Arrays) -> None:
        """Raise if the model minimizes something else than what was read from its compilation."""
        with self._unchanged():
            x, y, sample_weight = self._data(inputs, targets, weights)
            made = self.model(x, training=True)
            expected = float(self.model.compute_loss(x, y, made, sample_weight, training=True))
            penalty = float(sum(self.model.losses))
        losses = self.losses(inputs, targets, weights)
        found = sum(self.weights[task] * loss for task, loss in losses.items()) + penalty
        if np.isfinite(expected) and not abs(found - expected) <= AGREES * max(abs(found), abs(expected)):
            raise MtlspecError(
                f"the compiled losses sum to {found:.9g}, and the model's compute_loss says {expected:.9g}: "
                "give losses= and step= for a model that computes its loss in its own way"
            )


def _exact(optimizer: Any) -> None:
    """Let the numbers of an optimizer and of its schedule mean themselves: Keras takes Python's floats as float32."""
    for part in (optimizer, optimizer._learning_rate):
        if isinstance(part, keras.optimizers.Optimizer | keras.optimizers.schedules.LearningRateSchedule):
            for name, value in list(vars(part).items()):
                if type(value) is float:
                    setattr(part, name, np.float64(value))
