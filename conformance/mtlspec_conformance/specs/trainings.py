"""Strategies for trainings: optimizers, and all that surrounds an update, as far as they fit a model."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from mtlspec.spec import Clipping, Optimizer, Schedule, Spec, Training
from mtlspec.spec.decay import Decay
from mtlspec.spec.groups import Accumulation, Average, Group
from mtlspec.spec.law import obeying
from mtlspec.spec.optimizers import Adam
from mtlspec.spec.reach import Reach
from mtlspec.spec.training import Phases
from mtlspec.spec.wiring import Wiring
from mtlspec_conformance.specs.values import ALL, PATTERNS, Kinds, Strategy, having, members, value


def trainings(kinds: Kinds = ALL) -> st.SearchStrategy[Training]:
    """Return a strategy for trainings; what the host alone obeys is left out."""
    families = {"optimizer": Optimizer, "schedule": Schedule, "phases": Phases}
    clipping = st.none() | value(Clipping, kinds) if members(Clipping, kinds) else st.none()
    drawn = {name: value(family, kinds) for name, family in families.items()}
    return having(Training, kinds, clipping=clipping, **drawn, **_around(kinds))


def _around(kinds: Kinds) -> dict[str, Strategy]:
    """Return strategies for the fields of a training that surround an update."""
    seldom = st.sampled_from((False, False, True))
    found: dict[str, Strategy] = {
        "decay": st.none() | value(Decay, kinds) if members(Decay, kinds) else st.none(),
        "groups": _groups() if "update/rate_factors" in kinds else st.just(()),
        "average": st.none() | value(Average, kinds) if "update/average" in kinds else st.none(),
        "accumulation": st.none() | value(Accumulation, kinds) if "update/accumulation" in kinds else st.none(),
    }
    left_out: dict[str, object] = dict.fromkeys(found)
    left_out["groups"] = ()
    return {name: _when(seldom, each, left_out[name]) for name, each in found.items()}


def _when(seldom: Strategy, drawn: Strategy, otherwise: object) -> Strategy:
    return seldom.flatmap(lambda yes: drawn if yes else st.just(otherwise))


def _groups() -> Strategy:
    pattern = st.sampled_from(PATTERNS)
    frozen = st.builds(lambda of: Group(parameters=of, frozen=True), pattern)
    factors = st.sampled_from((0.5, 2.0, 1.0))
    rates = st.sampled_from((None, 0.0, 0.1))
    scaled = st.builds(lambda of, by, rate: Group(parameters=of, rate_factor=by, decay=rate), pattern, factors, rates)
    return st.one_of(scaled, frozen).map(lambda group: (group,))


def fitting(training: Training, model: Spec) -> Training:
    """Return `training` with the plainest value in place of each that `model` refuses."""
    plain: dict[Any, Any] = {"optimizer": Adam(), "decay": None, "groups": (), "accumulation": None}
    refused = {problem["loc"][1] for problem in Reach(obeying(training, model.like), Wiring(model)).problems}
    fields: dict[str, Any] = {name: getattr(training, name) for name in training.model_fields_set}
    return Training(**fields | {str(name): plain[name] for name in refused})
