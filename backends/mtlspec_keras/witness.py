"""Witnesses: Keras programs that somebody else wrote, opened so that each part can be asked on its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mtlspec.errors import MtlspecError
from mtlspec.spec.training import Precision
from mtlspec_keras.engine import keras
from mtlspec_keras.witness_calls import output_names
from mtlspec_keras.witness_losses import compiled
from mtlspec_keras.witness_program import KerasWitness, NativeBatch


def prepare(precision: Precision | None) -> None:
    """Let what is built from now on have `precision`; None leaves it to the program."""
    keras.utils.clear_session()  # names count from the start, in every build
    if precision is not None:
        keras.config.set_floatx(precision)
        keras.config.set_dtype_policy(precision)


def witness(
    model: Any,
    *,
    losses: Mapping[str, Any] | None = None,
    weights: Mapping[str, float] | None = None,
    optimizer: Any = None,
    inputs: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
    step: Callable[[NativeBatch], object] | None = None,
) -> KerasWitness:
    """Return a program as a witness, for `mtlspec record` and `mtlspec verify --witness keras=FILE:FUNCTION`.

    Args:
        model: A compiled model says the rest itself, and its step is its own `train_on_batch`.
        losses: By task, for a model with a loop of its own: a name, a `Loss`, or `loss(target, output)` per example,
            or `loss(target, output, weight)` that returns one number.
        weights: What each task's loss is multiplied by in the sum that is minimized; 1 where a task is not named.
        optimizer: What follows the gradient of that sum.
        inputs: The names of the inputs in the order of the model's list of them; by default one, or a dict.
        outputs: The tasks in the order of the model's outputs; by default the keys of its dict of outputs, or the
            names of the layers that make them.
        step: One whole training step on a batch, for programs that do not minimize one sum with one optimizer.

    Raises:
        MtlspecError: the model is not compiled and no losses are given, or a weight is of a task without a loss.
    """
    names = output_names(model, outputs) if losses is None or outputs is not None else tuple(losses)
    if losses is None:
        found, weighted = compiled(model, names)
        return KerasWitness(model, found, weighted, model.optimizer, inputs, names, step, native=step is None)
    if unknown := sorted(set(weights or {}) - set(losses)):
        raise MtlspecError(f"weights of {', '.join(unknown)}: expected tasks with a loss: {', '.join(losses)}")
    weighted = {task: float((weights or {}).get(task, 1.0)) for task in losses}
    return KerasWitness(model, losses, weighted, optimizer, inputs, names, step, native=False)
