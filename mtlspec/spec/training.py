"""Training: optimizer, clipping, schedule, batches, phases and seed."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from mtlspec.spec.decay import Decay
from mtlspec.spec.groups import Accumulation, Average, Group
from mtlspec.spec.kind import Kind
from mtlspec.spec.optimizers import Adam, Clipping, Optimizer
from mtlspec.spec.schedules import ConstantRate, Schedule
from mtlspec.spec.value import Value, problem, raise_problems

Precision = Literal["float32", "float64"]


class Phases(Kind):
    """How one batch is turned into updates: by one optimizer for all tasks, or one for each."""

    family: ClassVar[str] = "phases"


class Joint(Phases):
    """One optimizer moves every parameter along the gradient of the weighted sum of all task losses."""

    kind: Literal["joint"] = "joint"


class PerTask(Phases):
    """One optimizer for each task, in their order, over the parameters that serve the task.

    `summed`: each optimizer sees the gradient of the weighted sum of all losses, so that shared parameters move once
    for each task along the same direction (two backward passes, then two optimizer steps, as in a common PyTorch
    tutorial). `own`: each sees the gradient of its task's loss alone. Either way each sees the whole penalty of the
    parameters that it moves.
    """

    kind: Literal["per_task"] = "per_task"
    gradient: Literal["summed", "own"] = "summed"
    forward: Literal["once", "after_each_update"] = "once"
    """Whether all gradients are taken before the first update, or each after the update before it."""

    def model_post_init(self, context: object) -> None:
        """Refuse a summed gradient that is taken anew after each update."""
        if self.gradient == "summed" and self.forward == "after_each_update":
            message = "`gradient: summed` needs `forward: once`; use `gradient: own` to go forward after each update"
            raise_problems("PerTask", [problem(message, ("forward",), self.forward)])


Phases.admit(Joint, PerTask)


class Training(Value):
    """How the model is trained."""

    optimizer: Optimizer = Adam()
    clipping: Clipping | None = None
    schedule: Schedule = ConstantRate()
    epochs: int = Field(default=10, gt=0)
    batch_size: int = Field(default=32, gt=0)
    last_batch: Literal["keep", "drop"] = "keep"
    """What becomes of the examples that do not fill a batch."""
    shuffle: bool = True
    """Draw a new order for each epoch, from (seed, epoch); otherwise the order of the data."""
    seed: int = Field(default=0, ge=0)
    """Seeds initial values, order of examples, dropout and splits."""
    precision: Precision = "float32"
    phases: Phases = Joint()
    decay: Decay | None = None
    groups: tuple[Group, ...] = ()
    """Of parameters; the first that matches a key path holds for it."""
    average: Average | None = None
    accumulation: Accumulation | None = None

    @property
    def decay_law(self) -> Decay | None:
        """The decay of the optimizer itself, or that of the document."""
        return self.optimizer.own_decay or self.decay
