"""The reference is proven, not trusted: whatever is wrong in it, central differences or a number by hand find it."""

from __future__ import annotations

import pytest
from bent_reference import BENT_GRADIENTS, KINDS, Bend
from bent_values import BENT_VALUES
from terms_of_functions import FUNCTION_TERMS
from terms_of_layers import LAYER_TERMS, NORMALIZATIONS
from terms_of_updates import MODEL_TERMS, UPDATE_TERMS

DROPPED_TERMS = (*NORMALIZATIONS, *LAYER_TERMS, *FUNCTION_TERMS, *MODEL_TERMS, *UPDATE_TERMS)


def assert_found(bend: Bend, patch: pytest.MonkeyPatch, *, match: str | None = None) -> None:
    bend.check()
    bend.plant(patch)
    with pytest.raises(AssertionError, match=match):
        bend.check()


@pytest.mark.parametrize("bend", BENT_GRADIENTS, ids=lambda bend: bend.name)
def test_a_wrong_gradient_is_not_the_slope(bend: Bend, monkeypatch: pytest.MonkeyPatch) -> None:
    assert_found(bend, monkeypatch, match="from the slope")


@pytest.mark.parametrize("bend", BENT_VALUES, ids=lambda bend: bend.name)
def test_a_wrong_value_is_not_the_number_derived_by_hand(bend: Bend, monkeypatch: pytest.MonkeyPatch) -> None:
    assert_found(bend, monkeypatch)


@pytest.mark.parametrize("bend", DROPPED_TERMS, ids=lambda bend: bend.name)
def test_a_plausible_mistake_is_found(bend: Bend, monkeypatch: pytest.MonkeyPatch) -> None:
    assert_found(bend, monkeypatch)


def test_every_kind_is_wrong_in_value_and_every_differentiable_one_in_gradient() -> None:
    assert {bend.kind for bend in BENT_VALUES} == KINDS
    with_slopes = {kind for kind in KINDS if kind.partition("/")[0] not in ("optimizer", "clipping")}
    with_slopes.remove("layer/padding_mask")
    assert {bend.kind for bend in BENT_GRADIENTS} == with_slopes


def test_names_tell_mutants_apart() -> None:
    names = [bend.name for bend in (*BENT_GRADIENTS, *BENT_VALUES, *DROPPED_TERMS)]
    assert len(set(names)) == len(names)


def test_kinds_of_plausible_mistakes_are_known() -> None:
    assert {bend.kind for bend in DROPPED_TERMS} <= KINDS | {"model"}
