"""The plateau: what a schedule that listens to a measure makes of each epoch, from the record of all of them.

All that it knows follows from the epochs of a history, so that a run that goes on with its history goes on exactly.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from mtlspec.errors import MtlspecError
from mtlspec.graph import Graph
from mtlspec.spec import Training
from mtlspec.spec.metric import better_of
from mtlspec.spec.plateau import ReduceOnPlateau
from mtlspec.training.history import Epoch, History


@dataclass(frozen=True)
class Standing:
    """The best value so far, the epochs since then that count, those of the cooldown to come, and the factor."""

    best: float
    waited: int = 0
    cooling: int = 0
    factor: float = 1.0


def first_standing(schedule: ReduceOnPlateau) -> Standing:
    """Return what holds before the first epoch."""
    return Standing(math.inf if lower_is_better(schedule) else -math.inf)


def lower_is_better(schedule: ReduceOnPlateau) -> bool:
    """Return whether less of what the schedule listens to is better."""
    return schedule.mode == "min" if schedule.mode is not None else better_of(schedule.measure) == "lower"


def after(standing: Standing, value: float, schedule: ReduceOnPlateau, *, rate: float) -> Standing:
    """Return what holds after an epoch that found `value`; `rate` is the optimizer's.

    An epoch of the cooldown sets the count back. Keras takes it off the cooldown before it counts, so that the last
    one counts; PyTorch counts first.
    """
    cooling = max(standing.cooling - 1, 0)
    resting = standing.cooling > 0 if schedule.last_of_cooldown == "rests" else cooling > 0
    if _improved(value, standing.best, schedule):
        return replace(standing, best=value, waited=0, cooling=cooling)
    waited = 0 if resting else (0 if standing.cooling > 0 else standing.waited) + 1
    needed = max(schedule.patience, 1) if schedule.reduces == "at_patience" else schedule.patience + 1
    if waited < needed:
        return replace(standing, waited=waited, cooling=cooling)
    reduced = max(standing.factor * schedule.rate, schedule.final)
    kept = rate * (standing.factor - reduced) <= schedule.smallest_change
    return Standing(standing.best, 0, schedule.cooldown, standing.factor if kept else reduced)


def _improved(value: float, best: float, schedule: ReduceOnPlateau) -> bool:
    if not math.isfinite(value):
        return False
    if math.isinf(best):
        return True
    by = schedule.threshold
    if lower_is_better(schedule):
        return value < (best - by if schedule.threshold_is == "absolute" else best * (1 - by))
    return value > (best + by if schedule.threshold_is == "absolute" else best * (1 + by))


class Plateau:
    """Follows a run: `after` each epoch the factor is that of the steps to come."""

    def __init__(self, schedule: ReduceOnPlateau, graph: Graph, rate: float) -> None:
        self.schedule, self._rate = schedule, rate
        self._weights = {head.task: head.weight for head in graph.heads}
        self.standing = first_standing(schedule)

    @property
    def factor(self) -> float:
        """By what the learning rate is multiplied now."""
        return self.standing.factor

    @property
    def wanted_of_training(self) -> str | None:
        """The metric of the training examples that an epoch has to measure for it, if there is one."""
        own = self.schedule.examples == "training" and self.schedule.measure.rpartition("/")[2] != "loss"
        return self.schedule.measure if own else None

    def follow(self, epochs: Iterable[Epoch]) -> None:
        """Take account of `epochs`, in their order.

        Raises:
            MtlspecError: an epoch has not the measure.
        """
        for epoch in epochs:
            self.standing = after(self.standing, self._value(epoch), self.schedule, rate=self._rate)

    def _value(self, epoch: Epoch) -> float:
        found = epoch.validation if self.schedule.examples == "validation" else epoch.training
        if self.schedule.measure == "loss":
            names = {f"{task}/loss": weight for task, weight in self._weights.items()}
            losses = [(weight, found[name]) for name, weight in names.items() if name in found]
            defined = [weight * loss for weight, loss in losses if not math.isnan(loss)]
            if losses:
                return math.fsum(defined) if defined else math.nan
        elif self.schedule.measure in found:
            return found[self.schedule.measure]
        raise MtlspecError(
            f"the schedule listens to {self.schedule.measure!r} of the {self.schedule.examples} examples, and epoch "
            f"{epoch.epoch} has none; go on from a history that was trained with it"
        )


def plateau(training: Training, graph: Graph, *, past: History, validated: bool) -> Plateau | None:
    """Return what follows the schedule of `training` from where `past` ends, if it listens to a measure at all.

    Raises:
        MtlspecError: nothing of what it listens to can be known, or the history does not begin with the run.
    """
    schedule = training.schedule
    if not isinstance(schedule, ReduceOnPlateau):
        return None
    if schedule.examples == "validation" and not validated:
        raise MtlspecError(
            f"the schedule listens to {schedule.measure!r} of held-out examples, and there are none; give "
            "`validation`, a `split:` in the document's data, or set `examples: training` in the schedule"
        )
    if past.first_step > 0:
        raise MtlspecError(
            "the schedule goes on from what all epochs before have found; give the `history` of the run from its "
            f"beginning, found one from step {past.first_step} on"
        )
    found = Plateau(schedule, graph, training.optimizer.learning_rate)
    found.follow(past.epochs)
    return found
