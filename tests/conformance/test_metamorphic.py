"""Metamorphic checks: each holds for the reference wherever its conditions do, and each sees what only it can see."""

from __future__ import annotations

import pytest
from interactions import Planted
from mtlspec_conformance.metamorphic import LIMITS, Checks, Relation, checked
from mtlspec_conformance.relations import RELATIONS
from mtlspec_conformance.suite import case, cases
from mtlspec_conformance.wrapper import Wrapper
from planted import Narrow, NotCompiling, Reference
from unrelated import (
    BREAKING,
    DividedByBatch,
    FirstTaskTwice,
    MeanOverTasks,
    RateForgottenByTrain,
    WeightsByAlphabet,
    WeightsNormalized,
    WeightsSquared,
)

SHORT = [each for each in cases() if len(each.steps) <= 20]
BY_NAME = {relation.name: relation for relation in RELATIONS}
SHARED = case("tasks/three-share-one-trunk")


@pytest.mark.parametrize("relation", RELATIONS, ids=lambda relation: relation.name)
def test_a_relation_holds_for_the_reference_on_every_case_that_it_applies_to(relation: Relation) -> None:
    found = [checked(relation, each, Reference()) for each in SHORT]
    assert {result.verdict for result in found} == {"conforms", "not_run"}
    assert sum(result.verdict == "conforms" for result in found) >= 20
    assert all(result.detail for result in found if result.verdict == "not_run")


@pytest.mark.parametrize("relation", RELATIONS, ids=lambda relation: relation.name)
def test_a_relation_holds_in_float32(relation: Relation) -> None:
    result = checked(relation, SHARED, Reference(), "float32")
    assert result.verdict == "conforms"
    assert result.precision == "float32"


@pytest.mark.parametrize("name", BREAKING)
def test_the_mistake_of_a_relation_is_seen_by_it(name: str) -> None:
    result = checked(BY_NAME[name], SHARED, Planted(BREAKING[name]))
    assert result.verdict == "differs"
    assert result.worst is not None
    assert result.worst.where.startswith(("gradient", "update"))


@pytest.mark.parametrize(
    ("wrapper", "relations"),
    [
        (FirstTaskTwice, {"permuted", "halved"}),
        (WeightsByAlphabet, {"permuted", "renamed", "halved", "idle"}),
        (WeightsSquared, {"halved", "scaled"}),
        (MeanOverTasks, {"halved", "idle"}),
        (WeightsNormalized, {"scaled"}),
        (DividedByBatch, {"split"}),
        (RateForgottenByTrain, {"scaled"}),
    ],
)
def test_a_mistake_is_seen_by_these_relations_and_no_other(wrapper: type[Wrapper], relations: set[str]) -> None:
    broken = Planted(wrapper)
    assert {each.name for each in RELATIONS if checked(each, SHARED, broken).verdict == "differs"} == relations


@pytest.mark.parametrize(
    ("name", "id", "why"),
    [
        ("permuted", "layer/dense", "one task"),
        ("permuted", "phases/summed", "that of their optimizers"),
        ("renamed", "layer/dropout", "key path"),
        ("idle", "phases/summed", "an optimizer more"),
        ("scaled", "law/adam", "only sgd"),
        ("scaled", "law/clip-global-norm", "clip"),
        ("split", "layer/batch-normalization", "whole batch"),
        ("split", "layer/dropout", "row"),
        ("split", "tasks/batch-of-one", "one example"),
    ],
)
def test_a_case_that_does_not_meet_a_condition_says_which(name: str, id: str, why: str) -> None:
    result = checked(BY_NAME[name], case(id), Reference())
    assert result.verdict == "not_run"
    assert why in result.detail


def test_what_is_not_claimed_is_unsupported_and_what_raises_an_error() -> None:
    assert checked(BY_NAME["renamed"], case("activation/softplus"), Narrow()).verdict == "unsupported"
    assert checked(BY_NAME["renamed"], SHARED, NotCompiling()).verdict == "error"


def test_all_relations_are_one_check_that_counts_what_it_left_out() -> None:
    checks = Checks(Reference(), RELATIONS)
    assert checks(case("layer/dropout")) is None
    assert checks.run == {"halved": 1, "idle": 1, "scaled": 1}
    assert {name for name, _ in checks.left_out} == {"permuted", "renamed", "split"}
    assert "split: 0 of 1" in str(checks)
    result = Checks(Planted(BREAKING["split"]), RELATIONS)(SHARED)
    assert result is not None
    assert result.level == "relation split"


def test_the_limit_of_float32_is_that_of_float64_by_their_rounding() -> None:
    assert LIMITS["float64"] < LIMITS["float32"] < 1e-3
