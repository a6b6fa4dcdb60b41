"""Inputs, shared blocks and tasks: the named parts of a model."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from mtlspec.spec.layer import Merge as Merge
from mtlspec.spec.layer import Name as Name
from mtlspec.spec.layer import Positive
from mtlspec.spec.layers import Layer
from mtlspec.spec.losses import Loss
from mtlspec.spec.metrics import Metric as Metric
from mtlspec.spec.value import Value, problem, raise_problems


class Input(Value):
    """A named tensor that the data gives."""

    name: Name
    shape: tuple[Positive | None, ...] = ()
    """The shape of one example, channels last; `[]` is one number, and `null` a length that the data chooses."""
    dtype: Literal["float", "integer"] = "float"


class Exchange(Value):
    """One tensor in place of another."""

    name: Name
    by: Name


class Block(Value):
    """A named piece of the shared part of a model."""

    name: Name
    inputs: tuple[Name, ...] = ()
    """Names of inputs and blocks; by default the block before, and for the first block the only input."""
    merge: Merge = "concatenate"
    layers: tuple[Layer, ...] = ()
    reuses: Name | None = None
    """The block whose layers, with their parameters, this one applies to inputs of its own; it has none itself.

    Statistics are shared, too, and written by one use after the other; each use has dropout steps of its own.
    """
    exchanges: tuple[Exchange, ...] = ()
    """What the reused layers read in place of the inputs and blocks that they name, such as masks."""

    def model_post_init(self, context: object) -> None:
        """Refuse layers beside those of another block, and exchanges without one."""
        if self.reuses is None and self.exchanges:
            message = "exchanges are for the layers of another block; say which it `reuses`"
            raise_problems("Block", [problem(message, ("exchanges",))])
        if self.reuses is not None and self.layers:
            message = (
                f"a block that reuses {self.reuses!r} has no layers of its own; give them to a block that reads it"
            )
            raise_problems("Block", [problem(message, ("layers",))])


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
