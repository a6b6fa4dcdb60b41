"""Drawn cases: those that hold one kind of a user's own, the same ones at every call."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace

import numpy as np
from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis import seed as seeded
from hypothesis.errors import Unsatisfiable
from hypothesis.strategies import SearchStrategy

from mtlspec.spec.kind import Kind
from mtlspec.spec.layer import Layer
from mtlspec_conformance.case import Case
from mtlspec_conformance.coverage import untested_of, values_in
from mtlspec_conformance.specs.extended import AROUND, cases_of
from mtlspec_conformance.specs.values import Kinds

COUNT = 15
"""How many cases there are, unless it takes more to exercise every value of every field."""
SEEDS = 120
"""Of how many there is a case at most; what none of them exercises stays so."""
TRIES = 8
"""How many cases are drawn of one seed, of which the first good one is kept: those after it are like it."""


class _FoundError(BaseException):
    """Nothing more need be drawn of a seed; of an exception Hypothesis would look for the smallest case."""


def drawn_cases(
    cls: type[Kind], keep: Callable[[Case], bool], *, count: int = COUNT, around: Kinds = AROUND
) -> tuple[Case, ...]:
    """Return different cases that have a value of `cls` and that `keep` takes, as `extension/<kind>-<number>`."""
    kept: list[Case] = []
    name = re.sub(r"[^a-z0-9]+", "-", cls.model_fields["kind"].default)
    met: set[object] = set()

    def look(case: Case) -> bool:
        more, form = (*kept, case), _form(cls, case)
        useful = len(kept) < count or len(missing(cls, more)) < len(missing(cls, kept))
        if form and form not in met and useful and keep(case):
            met.add(form)
            kept.append(replace(case, id=f"extension/{name}-{len(kept):02}", why=f"Drawn around {cls.__name__}."))
            return True
        return False

    for seed in range(SEEDS):
        if len(kept) >= count and not missing(cls, kept):
            break
        _draw(cases_of(cls, around), look, seed)
    return tuple(kept)


def _draw(strategy: SearchStrategy[Case], look: Callable[[Case], bool], seed: int) -> None:
    chosen = settings(
        max_examples=TRIES,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
    )

    def once(case: Case) -> None:
        if look(case):
            raise _FoundError

    with suppress(_FoundError, Unsatisfiable):
        seeded(seed)(chosen(given(strategy)(once)))()


def _form(cls: type[Kind], case: Case) -> object:
    """Return what tells two cases of a kind apart: its values and what they read; nothing if there is none."""
    own = frozenset(value for value in values_in(case.spec) if type(value) is cls)
    return own and (own, tuple(part.shape for part in case.graph.inputs), tuple(len(rows) for rows in case.rows))


def missing(cls: type[Kind], cases: list[Case] | tuple[Case, ...]) -> tuple[str, ...]:
    """Return what of a kind no case exercises: values of fields, and for a layer its gradient by what it reads."""
    gaps = untested_of(cls, cases)
    if issubclass(cls, Layer) and cls.reads == "float" and not any(_trained_through(cls, case) for case in cases):
        gaps = (*gaps, f"{cls.__name__}: a trainable layer before it")
    return gaps


def _trained_through(cls: type[Layer], case: Case) -> bool:
    """Return whether a gradient goes through a layer, or it is made of others and no node at all."""
    kind = cls.model_fields["kind"].default
    return kind not in {node.layer.kind for node in case.graph.nodes if node.layer} or bool(before(cls, case))


def before(cls: type[Kind], case: Case) -> frozenset[str]:
    """Return the key paths of the trainable parameters whose gradient comes through a node of `cls`."""
    graph = case.graph
    sources = {node.path: node.sources for node in graph.nodes}
    waiting = [source for node in graph.nodes if type(node.layer) is cls for source in node.sources]
    met: set[str] = set()
    while waiting:
        path = waiting.pop()
        if path not in met:
            met.add(path)
            waiting.extend(sources.get(path, ()))
    return frozenset(p.path for p in graph.parameters if p.role == "trainable" and p.node in met)


def moving(cls: type[Kind], case: Case, gradients: Mapping[str, bool]) -> bool:
    """Return whether what a kind does shows in a case; `gradients` says by key path whether they are other than 0.

    A penalty has a gradient where no label is present, too.
    """
    nodes = [node for node in case.graph.nodes if type(node.layer) is cls]
    tasks = {task for node in nodes for task in node.tasks} or set(case.graph.tasks)
    if not any(case.spec.weights[task] and np.any(batch.weights[task]) for batch in case.batches for task in tasks):
        return False
    paths = {node.path for node in nodes}
    own = {p.path for p in case.graph.parameters if p.node in paths and p.path in gradients}
    return any(gradients[path] for path in before(cls, case) or own or gradients)
