"""Drawn cases: those that hold one kind of a user's own, the same ones at every call."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis import seed as seeded

from mtlspec.spec.kind import Kind
from mtlspec.spec.layer import Layer
from mtlspec_conformance.case import Case
from mtlspec_conformance.coverage import untested_of
from mtlspec_conformance.specs.extended import AROUND, cases_of
from mtlspec_conformance.specs.values import Kinds

COUNT = 15
"""How many cases there are, unless it takes more to exercise every value of every field."""
TRIES = 400
"""After so many draws, what is not exercised stays so."""


class _EnoughError(Exception):
    """Nothing more need be drawn."""


def drawn_cases(
    cls: type[Kind], keep: Callable[[Case], bool], *, count: int = COUNT, around: Kinds = AROUND
) -> tuple[Case, ...]:
    """Return cases that have a value of `cls` and that `keep` takes, as `extension/<kind>-<number>`."""
    kept: list[Case] = []
    name = re.sub(r"[^a-z0-9]+", "-", cls.model_fields["kind"].default)

    def look(case: Case) -> None:
        gaps = missing(cls, kept)
        if len(kept) >= count and not gaps:
            raise _EnoughError
        more = (*kept, case)
        useful = len(kept) < count or len(missing(cls, more)) < len(gaps)
        if useful and f"{cls.family}/{cls.model_fields['kind'].default}" not in missing(cls, [case]) and keep(case):
            kept.append(replace(case, id=f"extension/{name}-{len(kept):02}", why=f"Drawn around {cls.__name__}."))

    chosen = settings(
        max_examples=TRIES,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
    )
    with suppress(_EnoughError):
        seeded(0)(chosen(given(cases_of(cls, around))(look)))()
    return tuple(kept)


def missing(cls: type[Kind], cases: list[Case] | tuple[Case, ...]) -> tuple[str, ...]:
    """Return what of a kind no case exercises: values of fields, and for a layer its gradient by what it reads."""
    gaps = untested_of(cls, cases)
    if issubclass(cls, Layer) and cls.reads == "float" and not any(_trained_through(cls, case) for case in cases):
        gaps = (*gaps, f"{cls.__name__}: a trainable layer before it")
    return gaps


def _trained_through(cls: type[Layer], case: Case) -> bool:
    """Return whether a node of `cls`, or of what it is made of, reads another layer."""
    graph = case.graph
    if f"layer/{cls.model_fields['kind'].default}" not in {f"layer/{n.layer.kind}" for n in graph.nodes if n.layer}:
        return True  # it is made of other layers
    data = {part.name for part in graph.inputs}
    return any(type(node.layer) is cls and node.sources[0] not in data for node in graph.nodes)
