"""The kit is proven as well: whatever is broken in a comparator, a level or the runner, a check of its own notices."""

from __future__ import annotations

import inspect

import pytest
from broken_kits import BROKEN_KITS, COMPARATORS, BrokenKit
from kit_checks import check_a_small_part_of_an_update_is_seen, check_levels_do_not_disturb_each_other
from mtlspec_conformance import measure

NOTICED = (AssertionError, pytest.fail.Exception, ValueError)
"""What a failing check raises: the last where it unpacks what is not there."""


@pytest.mark.parametrize("kit", BROKEN_KITS, ids=lambda kit: kit.name)
def test_a_broken_kit_is_noticed_by_each_of_its_checks(kit: BrokenKit, monkeypatch: pytest.MonkeyPatch) -> None:
    assert kit.checks
    for check in kit.checks:
        check()
    kit.plant(monkeypatch)
    for check in kit.checks:
        with pytest.raises(NOTICED):
            check()


def test_names_tell_broken_kits_apart() -> None:
    assert len({kit.name for kit in BROKEN_KITS}) == len(BROKEN_KITS)


def test_every_comparator_is_broken_in_some_way() -> None:
    """By its own name, or by the helper that does its work."""
    works = {"_tensor": {"tensors"}, "_number": {"losses"}, "_exact": {"exactly"}, "_keys": {"tensors", "losses"}}
    broken = {name for kit in COMPARATORS for name in works.get(kit.function, {kit.function})}
    returning = inspect.signature(measure.tensors).return_annotation
    comparators = {
        name
        for name, function in vars(measure).items()
        if inspect.isfunction(function)
        and not name.startswith("_")
        and inspect.signature(function).return_annotation == returning
    }
    assert {"tensors", "losses", "exactly", "apart", "same"} <= comparators <= broken


def test_a_small_part_of_an_update_is_seen() -> None:
    check_a_small_part_of_an_update_is_seen()


def test_levels_do_not_disturb_each_other() -> None:
    check_levels_do_not_disturb_each_other()
