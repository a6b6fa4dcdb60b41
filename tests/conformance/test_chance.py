"""The level chance: what is drawn is held against what the document says, not against the code that draws it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from mtlspec_conformance.distributions import CUT, ENOUGH, SHRINKAGE, TRUNCATED_KURTOSIS, distribution, fans
from mtlspec_conformance.levels import LEVELS
from mtlspec_conformance.levels.kept_elements import kept_elements
from mtlspec_conformance.levels.taken_rows import taken_rows
from mtlspec_conformance.masks import shown_in
from mtlspec_conformance.measure import Disagreement
from mtlspec_conformance.mutants.grafting import Graft
from mtlspec_conformance.mutants.mutant import Mutant
from mtlspec_conformance.mutants.rewriting import having
from mtlspec_conformance.mutants.trial import rows
from mtlspec_conformance.odds import expected_near, independent, spread, uncorrelated
from mtlspec_conformance.pair import Pair
from mtlspec_conformance.suite import case, cases
from mtlspec_conformance.wrapper import Wrapper
from mtlspec_numpy import layers, model
from planted import Reference

from mtlspec import randomness
from mtlspec.backend import ProgramState
from mtlspec.graph import Graph
from mtlspec.randomness import dropout_kept, dropout_key, normal, permutation, uniform
from mtlspec.spec import layers as kinds
from mtlspec.spec.initializers import Initializer

initial = import_module("mtlspec.graph.initial")
batches = import_module("mtlspec.training.batches")
SYMMETRIC, GAUSSIAN = initial._symmetric, initial._gaussian
CHANCE = [each.id for each in cases() if each.chance]


def _host(name: str, case: str, *grafts: Graft) -> Mutant:
    return Mutant(name, "A mistake of the host.", "chance", (f"chance/{case}",), host=grafts)


def _gain(factor: float) -> tuple[Graft, Graft]:
    return (
        Graft(initial, "_symmetric", lambda limit, *rest: SYMMETRIC(factor * limit, *rest)),
        Graft(initial, "_gaussian", lambda deviation, *rest: GAUSSIAN(factor * deviation, *rest)),
    )


def _kept(change: Callable[..., Any]) -> Graft:
    """Return another mask in the reference; `change` is given the right one's arguments."""
    return Graft(layers, "dropout_kept", change)


def _buffered(seed: int, name: str, size: int) -> Any:
    """Return an order that moves nothing further than a buffer of 16."""
    return np.argsort(np.arange(size) + 16 * uniform(seed, name, size), kind="stable")


def _scaled_by_rate(layer: kinds.Dropout, x: Any, parameters: Any, mode: Any) -> Any:
    found = layers.dropout(layer, x, parameters, mode)
    return replace(found, output=found.output * (1 - layer.rate)) if mode.training else found


def _dropping_always(layer: kinds.Dropout, x: Any, parameters: Any, mode: Any) -> Any:
    return layers.dropout(layer, x, parameters, replace(mode, training=True))


HOSTS = (
    *(
        _host(f"gain {factor} in {case}", case, *_gain(factor))
        for factor in (0.95, 1.05)
        for case in ("uniform-laws", "normal-laws", "fans-of-a-convolution", "fans-of-a-table", "fan-of-a-bias")
    ),
    _host(
        "mask of every node",
        "dropout-of-a-half",
        Graft(model, "dropout_key", lambda seed, path: dropout_key(seed, "a node")),
    ),
    _host(
        "mask of eight elements",
        "dropout-of-a-tenth",
        _kept(
            lambda key, step, rows, elements, rate: np.repeat(
                dropout_kept(key, step, rows, elements // 8, rate), 8, axis=1
            )
        ),
    ),
    _host(
        "mask of 64 elements again and again",
        "dropout-of-a-tenth",
        _kept(
            lambda key, step, rows, elements, rate: np.tile(
                dropout_kept(key, step, rows, 64, rate), (1, elements // 64)
            )
        ),
    ),
    _host(
        "rate a little larger",
        "dropout-of-a-half",
        _kept(lambda key, step, rows, elements, rate: dropout_kept(key, step, rows, elements, rate + 0.04)),
    ),
    _host("scaled by the rate", "dropout-of-four-fifths", Graft(layers.LAYERS, kinds.Dropout, _scaled_by_rate)),
    _host("dropping always", "dropout-of-a-tenth", Graft(layers.LAYERS, kinds.Dropout, _dropping_always)),
    _host("shuffled in a buffer", "order-of-the-examples", Graft(batches, "permutation", _buffered)),
    _host(
        "one order of all epochs, not of all seeds",
        "order-in-whole-batches",
        Graft(batches, "permutation", lambda seed, name, size: permutation(seed, "order", size)),
    ),
    _host(
        "shuffled although it should not be",
        "order-of-the-data",
        Graft(batches, "order", lambda size, epoch, training: permutation(training.seed, f"{epoch}", size)),
    ),
    _host(
        "an example is never taken",
        "order-of-the-examples",
        Graft(batches, "permutation", lambda seed, name, size: np.maximum(permutation(seed, name, size), 1)),
    ),
)


@pytest.mark.parametrize("mutant", HOSTS, ids=lambda mutant: mutant.name)
def test_a_mistake_of_the_host_is_seen_here_alone(mutant: Mutant) -> None:
    """What reference and subject take from the host, they have in common."""
    (row,) = rows(Reference(), [mutant])
    assert row.seen_by == ("chance",)
    assert row.complaints == ()


def test_a_seed_that_is_ignored_is_seen_where_another_is_asked_for() -> None:
    def fixed(graph: Graph) -> Graph:
        changed: Graph = having(graph, seed=case("chance/dropout-of-a-half").graph.seed)
        return changed

    (row,) = rows(Reference(), [Mutant("one seed", "Ignores it.", "chance", ("chance/dropout-of-a-half",), fixed)])
    assert row.seen_by == ("chance",)


def test_the_cases_show_each_initializer_mask_and_order() -> None:
    initializers = {type(p.initializer) for id in CHANCE for p in case(id).graph.parameters if _counts(p.shape)}
    constant, dependent = {"zeros", "ones", "constant", "identity", "unit_forget"}, {"orthogonal"}
    independent = set(Initializer.kinds) - constant - dependent
    assert independent <= {cls.model_fields["kind"].default for cls in initializers}
    assert dependent <= {p.initializer.kind for id in CHANCE for p in case(id).graph.parameters}
    assert sum(len(shown_in(case(id).graph)) for id in CHANCE) == 4
    for field, values in (("shuffle", {True, False}), ("last_batch", {"keep", "drop"})):
        assert {getattr(case(id).spec.training, field) for id in CHANCE} == values


def _counts(shape: tuple[int, ...]) -> bool:
    return math.prod(shape) >= ENOUGH


def test_the_level_looks_at_nothing_that_a_case_does_not_have() -> None:
    pair = Pair(case("chance/uniform-laws"), Reference())
    assert list(kept_elements(pair)) == []
    assert all(LEVELS["chance"].applies(case(id)) for id in CHANCE)
    assert not LEVELS["chance"].applies(case("layer/dropout"))


def test_fans_are_those_of_the_graph() -> None:
    """Written down twice: here from shapes, there from layers."""
    for each in cases():
        for parameter in each.graph.parameters:
            if parameter.leaf in ("kernel", "bias", "table"):
                assert fans(parameter, each.graph) == (parameter.fan_in, parameter.fan_out), (each.id, parameter.path)


def test_the_moments_of_a_truncated_law_are_those_of_its_density() -> None:
    grid = np.linspace(-CUT, CUT, 200_001)
    density = np.exp(-(grid**2) / 2)
    density /= density.sum()
    variance = float(density @ grid**2)
    assert math.isclose(SHRINKAGE, math.sqrt(variance), rel_tol=1e-5)
    assert math.isclose(TRUNCATED_KURTOSIS, float(density @ grid**4) / variance**2, rel_tol=1e-5)


@pytest.mark.parametrize("id", [id for id in CHANCE if "order" not in id and "dropout" not in id])
def test_the_laws_are_far_from_their_bounds(id: str) -> None:
    """The verdict does not hang on a lucky seed: others give it as well."""
    graph = case(id).graph
    for seed in range(1, 6):
        other = initial.initial_parameters(graph.model_copy(update={"seed": seed}))
        for parameter in graph.parameters:
            law = distribution(parameter, graph)
            if law is not None and _counts(parameter.shape):
                found = spread(parameter.path, other[parameter.path], law)
                assert not any(isinstance(finding, Disagreement) for finding in found), (seed, found)


def test_odds_are_bounded_on_both_sides() -> None:
    assert not isinstance(expected_near("x", 3.9, 0.0, 1.0), Disagreement)
    for off in (-4.1, 4.1):
        found = expected_near("x", off, 0.0, 1.0)
        assert isinstance(found, Disagreement)
        assert "4.1 standard errors off" in found.reason
    mask = uniform(0, "mask", ENOUGH) < 0.3
    assert isinstance(independent("x", mask, mask, share=0.3), Disagreement)
    assert isinstance(independent("x", mask, ~mask, share=0.3), Disagreement)
    assert not isinstance(independent("x", mask, uniform(0, "other", ENOUGH) < 0.3, share=0.3), Disagreement)


def test_series_that_cannot_be_compared_are_not_independent() -> None:
    one = np.arange(99)
    for other in (np.arange(98), np.zeros(99), one, one[::-1]):
        assert isinstance(uncorrelated("x", one, other), Disagreement)


def test_a_normal_law_is_not_a_uniform_one_of_the_same_variance() -> None:
    graph = case("chance/normal-laws").graph
    law = distribution(graph.by_path["he[0].kernel"], graph)
    assert law is not None
    drawn = uniform(0, "flat", ENOUGH)
    told = spread("x", law.deviation * math.sqrt(12) * (drawn - 0.5), law)
    assert [isinstance(finding, Disagreement) for finding in told] == [False, False, True, True]
    assert not any(
        isinstance(finding, Disagreement) for finding in spread("x", law.deviation * normal(0, "x", 4096), law)
    )


class _OneStepAhead(Wrapper):
    """Says that it has made a step more than it has."""

    def read_state(self) -> ProgramState:
        state = self.inner.state
        return ProgramState(state.slots, tuple(count + 1 for count in state.steps))


def test_rows_that_another_backend_would_not_take_are_seen() -> None:
    pair = Pair(case("chance/order-of-the-examples"), Reference())
    assert not [finding.where for finding in taken_rows(pair) if isinstance(finding, Disagreement)]
    pair.subject = _OneStepAhead(pair.subject, pair.graph)
    seen = [finding.where for finding in taken_rows(pair) if isinstance(finding, Disagreement)]
    assert "rows of every step" in seen


def test_randomness_is_not_reseeded_by_a_pair() -> None:
    pair = Pair(case("chance/dropout-of-a-half"), Reference())
    assert pair.reseeded.graph.seed == pair.graph.seed + 1
    assert pair.subject.graph.seed == pair.graph.seed
    assert randomness.dropout_key(pair.graph.seed, "a") != randomness.dropout_key(pair.graph.seed + 1, "a")
