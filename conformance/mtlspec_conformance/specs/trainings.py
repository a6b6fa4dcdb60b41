"""Strategies for trainings: optimizers, and all that surrounds an update, as far as they fit a model."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import strategies as st

from mtlspec.spec import Clipping, Optimizer, Schedule, Training
from mtlspec.spec.decay import CoupledDecay, Decay
from mtlspec.spec.groups import Accumulation, Average, Group
from mtlspec.spec.layer import Layer
from mtlspec.spec.layers import Residual, Table
from mtlspec.spec.optimizers import Adam
from mtlspec.spec.training import Phases
from mtlspec_conformance.specs.values import ALL, PATTERNS, Kinds, Strategy, having, members, value


def trainings(kinds: Kinds = ALL) -> st.SearchStrategy[Training]:
    """Return a strategy for trainings; what the host alone obeys is left out."""
    families = {"optimizer": Optimizer, "schedule": Schedule, "phases": Phases}
    clipping = st.none() | value(Clipping, kinds) if members(Clipping, kinds) else st.none()
    drawn = {name: value(family, kinds) for name, family in families.items()}
    return having(Training, kinds, clipping=clipping, **drawn, **_around(kinds)).map(_without_two_decays)


def _around(kinds: Kinds) -> dict[str, Strategy]:
    """Return strategies for the fields of a training that surround an update."""
    seldom = st.sampled_from((True, False, False))
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
    scaled = st.builds(lambda of, factor: Group(parameters=of, rate_factor=factor), pattern, factors)
    return st.one_of(scaled, frozen).map(lambda group: (group,))


def _without_two_decays(training: Training) -> Training:
    given = training.optimizer.own_decay is not None and training.decay is not None
    return training.replacing(lambda t: t.decay, by=None) if given else training


def fitting(training: Training, layers: Iterable[Layer]) -> Training:
    """Return `training` without what the laws of tables among `layers` do not go with."""
    laws = {law for table in _tables(layers) for law in (table.repeated_ids, table.untouched_rows)}
    apart = laws & {"separate", "skip"}
    if not apart:
        return training
    if not apart <= training.optimizer.row_laws:
        training = training.replacing(lambda t: t.optimizer, by=Adam())
    if training.accumulation is not None:
        training = training.replacing(lambda t: t.accumulation, by=None)
    if isinstance(training.decay, CoupledDecay):
        training = training.replacing(lambda t: t.decay, by=None)
    return training


def _tables(layers: Iterable[Layer]) -> list[Table]:
    found: list[Table] = []
    for layer in layers:
        if isinstance(layer, Table):
            found.append(layer)
        elif isinstance(layer, Residual):
            found += [*_tables(layer.layers), *_tables(layer.shortcut)]
    return found
