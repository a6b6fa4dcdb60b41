"""Inputs, shared blocks and tasks: the named parts of a model."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mtlspec.spec.layer import Positive
from mtlspec.spec.layers import Layer
from mtlspec.spec.losses import Loss
from mtlspec.spec.value import Value

Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
"""A letter, then letters, digits and underscores; one namespace for inputs, blocks and tasks."""

Merge = Literal["concatenate", "add", "multiply", "average"]
"""How several inputs become one: side by side on the last axis, or element by element."""

Metric = Literal["accuracy", "auc", "f1", "mean_absolute_error", "root_mean_squared_error", "r2"]

METRICS_OF_CLASSES: tuple[Metric, ...] = ("accuracy", "auc", "f1")
"""Metrics of a task whose predictions are probabilities."""
METRICS_OF_NUMBERS: tuple[Metric, ...] = ("mean_absolute_error", "root_mean_squared_error", "r2")
"""Metrics of a task whose predictions are numbers."""


class Input(Value):
    """A named tensor that the data gives."""

    name: Name
    shape: tuple[Positive, ...] = ()
    """The shape of one example, channels last; `[]` is one number."""
    dtype: Literal["float", "integer"] = "float"


class Block(Value):
    """A named piece of the shared part of a model."""

    name: Name
    inputs: tuple[Name, ...] = ()
    """Names of inputs and blocks; by default the block before, and for the first block the only input."""
    merge: Merge = "concatenate"
    layers: tuple[Layer, ...] = ()


class Task(Value):
    """A named target with its head, loss, weight and metrics."""

    name: Name
    inputs: tuple[Name, ...] = ()
    """Names of inputs and blocks; by default the last block, and without blocks the only input."""
    merge: Merge = "concatenate"
    head: tuple[Layer, ...] = ()
    loss: Loss
    weight: float = Field(default=1.0, ge=0)
    """The factor of this task's loss in the total."""
    metrics: tuple[Metric, ...] = ()
