"""Metamorphic checks: what a backend makes of two cases that have to do with each other, without any reference.

They hold at any size and in any precision. A relation that a case does not meet the conditions of says which it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

import mtlspec
from mtlspec.backend import Backend, Program, TotalLoss
from mtlspec.batch import Batch
from mtlspec.registry import lacking
from mtlspec.spec.training import Precision
from mtlspec.step import one_step
from mtlspec.tensors import Array, dense
from mtlspec_conformance.case import Case
from mtlspec_conformance.levels.trajectory import trained
from mtlspec_conformance.measure import LIMIT, Agreement, Disagreement, Finding, largest, losses, tensors, worst
from mtlspec_conformance.pair import copied, frozen, moved
from mtlspec_conformance.runner import told
from mtlspec_conformance.verdicts import Result

NOISE = 1e-12
"""What correct backends stay below in float64, scaled."""
LIMITS: dict[Precision, float] = {
    "float64": LIMIT,
    "float32": NOISE * float(np.finfo(np.float32).eps / np.finfo(np.float64).eps),
}
Comparison = Callable[[Program, Program], Iterator[Finding]]
"""Yields whether a program of the case and one of the related case do what the relation says."""


class Related(NamedTuple):
    """The other case, and the comparison of both."""

    case: Case
    compare: Comparison


@dataclass(frozen=True)
class Relation:
    """A change of a case, and what it must not or must change."""

    name: str
    sentence: str
    related: Callable[[Case], Related | str]
    """Returns the related case, or the condition that the case does not meet."""


class Answer(NamedTuple):
    """What a program says of one batch."""

    logits: Mapping[str, Array]
    value: TotalLoss
    gradients: Mapping[str, Array]


def answer(program: Program, case: Case, batch: Batch, weights: Mapping[str, float] | None = None) -> Answer:
    """Return the logits, losses and dense gradients of a batch, from the first values of the case."""
    program.parameters = case.parameters
    own = case.spec.weights if weights is None else weights
    value, gradients, _ = program.value_with_gradient(on=batch, weights=own)
    logits = program.outputs(batch.inputs, linked=False)
    return Answer(logits, value, {path: dense(entry) for path, entry in gradients.items()})


def updates(program: Program, case: Case) -> Mapping[str, Array]:
    """Return what all steps of the case, or one where it has none, add to the trainable parameters."""
    fresh = frozen(program.state)
    program.parameters = case.parameters
    before = copied(program.parameters)
    if case.steps:
        trained(program, case, case.steps)
    else:
        one_step(program, on=case.batches[0], weights=case.spec.weights, learning_rates=case.first_rates)
    after = moved(program, before, "trainable")
    program.state = fresh
    return after


def same_losses(found: Answer, expected: Mapping[str, float], when: str) -> Iterator[Finding]:
    """Yield whether the losses of tasks are as expected; those of other tasks do not count."""
    own = {task: found.value.losses[task] for task in expected}
    yield from losses("loss", own, expected, when=when, scale=max(expected.values(), default=0.0))


def same_tensors(
    kind: str, found: Mapping[str, Array], expected: Mapping[str, Array], when: str = ""
) -> Iterator[Finding]:
    """Yield whether tensors are as expected; those of other key paths do not count."""
    own = {path: found[path] for path in expected}
    yield from tensors(kind, own, expected, when=when, scale=largest(expected))


def checked(relation: Relation, case: Case, subject: Backend, precision: Precision = "float64") -> Result:
    """Return whether a relation holds for a backend; `not_run`, with the condition, where it does not apply."""
    level = f"relation {relation.name}"
    case = case.rounded(precision)
    found = relation.related(case)
    if isinstance(found, str):
        return Result(case.id, level, "not_run", precision, detail=found)
    lacks = lacking(subject.capabilities, case.graph, precision, backend=subject.name)
    if lacks:
        return Result(case.id, level, "unsupported", precision, detail=f"the backend does not claim {', '.join(lacks)}")
    try:
        pair = (_compiled(case, subject, precision), _compiled(found.case, subject, precision))
        findings = [_judged(finding, LIMITS[precision]) for finding in found.compare(*pair)]
    except Exception as error:  # a foreign program may raise anything; whatever it is, it is the verdict
        return Result(case.id, level, "error", precision, detail=told(error))
    bad = sum(isinstance(finding, Disagreement) for finding in findings)
    return Result(case.id, level, "differs" if bad else "conforms", precision, len(findings), bad, worst(findings))


def _compiled(case: Case, subject: Backend, precision: Precision) -> Program:
    return mtlspec.compile(case.graph, backend=subject, precision=precision)


def _judged(finding: Finding, limit: float) -> Finding:
    if isinstance(finding, Disagreement) and not finding.exact and finding.error <= limit:
        return Agreement(finding.where, finding.error)
    return finding


@dataclass
class Checks:
    """All relations as one check of a search; remembers how often each was run, and why not."""

    subject: Backend
    relations: tuple[Relation, ...]
    precision: Precision = "float64"
    run: Counter[str] = field(default_factory=Counter)
    left_out: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often each relation was left out, by the condition that was not met."""

    def __call__(self, case: Case) -> Result | None:
        """Return the first result that is not green, or None."""
        for relation in self.relations:
            result = checked(relation, case, self.subject, self.precision)
            if result.verdict == "not_run":
                self.left_out[relation.name, result.detail] += 1
                continue
            self.run[relation.name] += 1
            if not result.green:
                return result
        return None

    def __str__(self) -> str:
        total = {
            r.name: self.run[r.name] + sum(n for (name, _), n in self.left_out.items() if name == r.name)
            for r in self.relations
        }
        said = (f"{name}: {self.run[name]} of {count}" for name, count in total.items())
        reasons = (f"{name} left out {count} times: {why}" for (name, why), count in sorted(self.left_out.items()))
        return "\n".join((*said, *reasons))
