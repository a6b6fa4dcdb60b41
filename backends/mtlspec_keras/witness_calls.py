"""Calls of foreign models: inputs and targets in the structure that the model has, outputs by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np

from mtlspec.errors import MtlspecError
from mtlspec.tensors import Array, Arrays
from mtlspec_keras.engine import keras, tf

Call = tuple[str, Array, Array]
"""A layer that ran, its input and its output."""

RATES = ("rate", "dropout", "recurrent_dropout", "_dropout", "stddev", "seed_rate")
"""Attributes of native layers that say how much they draw."""


def tensors(arrays: Arrays) -> dict[str, Any]:
    """Return arrays as tensors, real numbers in Keras' float."""
    floats = keras.config.floatx()
    return {
        name: tf.convert_to_tensor(array, dtype=floats if np.issubdtype(array.dtype, np.floating) else None)
        for name, array in arrays.items()
    }


def arguments(model: Any, inputs: Mapping[str, Any], names: Sequence[str] | None) -> Any:
    """Return what the model is called with: a list in the order of `names`, else what its own inputs say."""
    if names is not None:
        listed = [inputs[name] for name in names]
        return listed if len(listed) > 1 else listed[0]
    if len(inputs) > 1 or isinstance(getattr(model, "input", None) if model.built else None, dict):
        return dict(inputs)
    return next(iter(inputs.values()))


def output_names(model: Any, given: Sequence[str] | None) -> tuple[str, ...]:
    """Return the names of a model's outputs: those given, its keys, or those of the layers that make them.

    Raises:
        MtlspecError: the model has none before it is called.
    """
    if given is not None:
        return tuple(given)
    made = getattr(model, "output", None) if isinstance(model, keras.Model) and hasattr(model, "outputs") else None
    if isinstance(made, Mapping):
        return tuple(made)
    if names := getattr(model, "output_names", None):
        return tuple(names)
    if isinstance(model, keras.Sequential) and model.layers:
        return (model.layers[-1].name,)
    raise MtlspecError(
        "the outputs of this Keras model have no names of their own: name the tasks in order, outputs=[...]"
    )


def named(made: Any, names: Sequence[str]) -> dict[str, Any]:
    """Return a model's outputs by name.

    Raises:
        MtlspecError: there are more or fewer.
    """
    if isinstance(made, Mapping):
        return dict(made)
    several = list(made) if isinstance(made, tuple | list) else [made]
    if len(several) != len(names):
        raise MtlspecError(f"the model returns {len(several)} outputs for {len(names)} names: {', '.join(names)}")
    return dict(zip(names, several, strict=True))


def structured(values: Mapping[str, Any], like: Any, names: Sequence[str]) -> Any:
    """Return values by task in the structure of the model's outputs: a dict, a list in their order, or the one."""
    if isinstance(like, Mapping):
        return dict(values)
    if isinstance(like, tuple | list):
        return [values[name] for name in names if name in values]
    return next(iter(values.values()))


@contextmanager
def noted(layers: Mapping[str, Any], calls: list[Call]) -> Iterator[None]:
    """Note in `calls` what goes into each layer and what comes out, while the block runs eagerly."""
    with ExitStack() as stack:
        for name, layer in layers.items():
            object.__setattr__(layer, "call", _noting(name, layer.call, calls))  # past the tracking of variables
            stack.callback(object.__delattr__, layer, "call")
        yield


def _noting(name: str, call: Callable[..., Any], calls: list[Call]) -> Callable[..., Any]:
    def noting(*given: Any, **options: Any) -> Any:
        made = call(*given, **options)
        values = [value for value in (*given, *options.values()) if tf.is_tensor(value)]
        out = made[0] if isinstance(made, tuple | list) else made
        if values and tf.is_tensor(out):
            calls.append((name, values[0].numpy(), out.numpy()))
        return made

    return noting


def without_dropout(model: Any) -> Iterator[str]:
    """Switch every kind of native dropout and noise off and yield the layers that had some."""
    for layer in model._flatten_layers():
        for attribute in RATES:
            rate = getattr(layer, attribute, None)
            if isinstance(rate, float) and rate > 0 and type(layer).__module__.startswith("keras."):
                setattr(layer, attribute, 0.0)
                yield layer.name
