"""Losses of foreign programs: those of `compile`, or given one by one, each as (target, output, weight) -> a scalar."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mtlspec.errors import MtlspecError
from mtlspec_keras.engine import keras

Loss = Callable[[Any, Any, Any], Any]
THREE = 3
"""A loss that takes target, output and weight reduces the examples itself."""


PER_EXAMPLE = keras.losses.MeanSquaredError.__base__
"""What `compile` wraps a function in: its mean over the examples; Keras exports only the classes made from it."""


def loss_of(given: Any, task: str) -> Loss:
    """Return a loss as Keras understands what was given: a name, a Loss, or a function of (target, output[, weight]).

    Raises:
        MtlspecError: the name is that of no loss, or has no meaning without the data.
    """
    if isinstance(given, str) and given.lower() in ("crossentropy", "ce"):
        raise MtlspecError(
            f"task {task!r}: the loss {given!r} chooses a formula by the data; name the one it is, such as "
            "'sparse_categorical_crossentropy'"
        )
    try:
        found = keras.losses.get(given)
    except ValueError:
        raise MtlspecError(f"task {task!r}: Keras has no loss {given!r}") from None
    whole = isinstance(found, keras.losses.Loss) or _takes(found) >= THREE
    loss: Loss = found if whole else PER_EXAMPLE(found)
    return loss


def compiled(model: Any, names: Sequence[str]) -> tuple[dict[str, Any], dict[str, float]]:
    """Return the losses and the weights that `model` was compiled with, by task: the outputs that have a loss.

    Raises:
        MtlspecError: it was compiled without a loss, or with those of other outputs.
    """
    if not model.compiled or model.loss is None:
        raise MtlspecError("the Keras model is not compiled with a loss: compile it, or give losses= and optimizer=")
    losses = _by_name(model.loss, names, "loss")
    weights = model._compile_config.config.get("loss_weights")  # `get_compile_config` fails for what it cannot store
    weighted = dict.fromkeys(names, 1.0) if weights is None else _by_name(weights, names, "loss_weights")
    tasks = [name for name in names if losses.get(name) is not None]
    return {task: losses[task] for task in tasks}, {task: float(weighted.get(task, 1.0)) for task in tasks}


def _by_name(given: Any, names: Sequence[str], what: str) -> dict[str, Any]:
    if isinstance(given, Mapping):
        if unknown := sorted(set(given) - set(names)):
            raise MtlspecError(
                f"`{what}` of the compiled model names {', '.join(unknown)}; its outputs are {', '.join(names)}"
            )
        return dict(given)
    if isinstance(given, list | tuple):
        if len(given) != len(names):
            raise MtlspecError(f"`{what}` has {len(given)} entries for the outputs {', '.join(names)}")
        return dict(zip(names, given, strict=True))
    return dict.fromkeys(names, given)


def _takes(function: Callable[..., Any]) -> int:
    """Return how many positional arguments without a default a function has."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = inspect.signature(function).parameters.values()
    return sum(p.kind in kinds and p.default is inspect.Parameter.empty for p in parameters)
