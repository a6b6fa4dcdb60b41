"""Reach: which parameters the groups and the decay of a training reach, and where that cannot be."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic_core import InitErrorDetails

from mtlspec.spec.decay import CoupledDecay
from mtlspec.spec.groups import Group
from mtlspec.spec.layers import Table
from mtlspec.spec.optimizer import Optimizer
from mtlspec.spec.patterns import matches, without_match
from mtlspec.spec.training import Training
from mtlspec.spec.value import Location, problem
from mtlspec.spec.wiring import Wiring, rules


class Reach:
    """Groups and decay of `training` over the trainable parameters of a model."""

    def __init__(self, training: Training, wiring: Wiring) -> None:
        self.training = training
        self.tables: dict[str, Table] = {}
        """Those whose rows are told apart, by key path."""
        self._group: dict[str, Group | None] = {}
        for step, rule in rules(wiring):
            if rule.role == "trainable":
                path = f"{step.path}.{rule.leaf}"
                self._group[path] = next((g for g in training.groups if matches(g.parameters, path)), None)
                if isinstance(step.operation, Table) and step.operation.by_row:
                    self.tables[path] = step.operation

    def frozen(self, path: str) -> bool:
        """Return whether the parameter at `path` is not trained."""
        group = self._group.get(path)
        return group is not None and group.frozen

    def rate_factor(self, path: str) -> float:
        """Return what multiplies the learning rate."""
        group = self._group.get(path)
        return 1.0 if group is None else group.rate_factor

    def decay(self, path: str) -> float:
        """Return the rate of the decay; 0 without one."""
        group, law = self._group.get(path), self.training.decay_law
        if group is not None and group.decay is not None:
            return group.decay
        return law.rate if law is not None and law.reaches(path) else 0.0

    @property
    def problems(self) -> Iterator[InitErrorDetails]:
        """What cannot be meant."""
        training = self.training
        if training.optimizer.own_decay is not None and training.decay is not None:
            hint = "leave `decay` out, or take an optimizer without a decay of its own"
            yield problem(f"{training.optimizer.kind} decays by itself; {hint}", ("training", "decay"))
        yield from self._idle_groups()
        for name in () if training.decay is None else ("exclude", "only"):
            for index, pattern in enumerate(getattr(training.decay, name)):
                if not self._reached(pattern):
                    yield problem(without_match(pattern, self._group), ("training", "decay", name, index), pattern)
        for path, table in self.tables.items():
            if not self.frozen(path):
                yield from self._about_table(path, table, training.optimizer)

    def _reached(self, pattern: str) -> bool:
        return any(matches(pattern, path) for path in self._group)

    def _idle_groups(self) -> Iterator[InitErrorDetails]:
        held = [group for group in self._group.values() if group is not None]
        for index, group in enumerate(self.training.groups):
            place: Location = ("training", "groups", index, "parameters")
            if not self._reached(group.parameters):
                yield problem(without_match(group.parameters, self._group), place, group.parameters)
            elif not any(one is group for one in held):
                message = f"groups above match all of {group.parameters!r} already, and the first match holds"
                yield problem(f"{message}; put it above them, or leave it out", place, group.parameters)
            if group.decay and self.training.decay_law is None:
                message = "a rate of decay without a law; add `decay: {kind: decoupled, rate: 0.0}` to the training"
                yield problem(message, ("training", "groups", index, "decay"), group.decay)

    def _about_table(self, path: str, table: Table, optimizer: Optimizer) -> Iterator[InitErrorDetails]:
        laws = {"separate": table.repeated_ids, "skip": table.untouched_rows}
        for law, found in laws.items():
            if law == found and (law not in optimizer.row_laws or "." in optimizer.kind):
                field, other = ("repeated_ids", "sum") if law == "separate" else ("untouched_rows", "decay")
                message = f"{optimizer.kind} does not tell rows apart by `{field}: {law}`, which {path} has"
                yield problem(f"{message}; set `{field}: {other}` there, or take adam", ("training", "optimizer"))
        hint = "set `repeated_ids: sum` and `untouched_rows: decay` there"
        if self.training.accumulation is not None:
            message = f"gradients of several batches do not tell the rows of {path} apart; {hint}"
            yield problem(message, ("training", "accumulation"))
        if isinstance(self.training.decay_law, CoupledDecay) and self.decay(path):
            message = f"a coupled decay gives every row of {path} a gradient; {hint}, exclude it, or decouple the decay"
            yield problem(message, ("training", "decay"))
