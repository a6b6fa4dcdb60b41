"""Drawn specs: Keras does what the reference does on twenty-five small ones, and keeps every relation on a few."""

from __future__ import annotations

import pytest
from mtlspec_conformance.metamorphic import Checks
from mtlspec_conformance.relations import RELATIONS
from mtlspec_conformance.search import Search, against_reference
from mtlspec_conformance.specs import cases
from mtlspec_keras import KerasBackend

pytestmark = pytest.mark.filterwarnings("ignore:.*softmax over axis")
"""Keras says that a softmax of one unit is always 1, which the reference finds, too."""

SUBJECT = KerasBackend()
KINDS = SUBJECT.capabilities.kinds
SMALL = cases(kinds=KINDS, max_tasks=3, max_layers=2, max_steps=2)


def test_twenty_five_drawn_cases_conform() -> None:
    search = Search(SMALL, against_reference(SUBJECT))
    assert [found.case.why for found in search.rounds(seed=0, examples=25)] == []
    assert search.fates["judged"] == 25
    assert search.fates["unsupported"] == 0
    assert search.drawn < 45


def test_three_drawn_cases_keep_every_relation() -> None:
    checks = Checks(SUBJECT, RELATIONS)
    search = Search(cases(kinds=KINDS, max_tasks=2, max_layers=1, max_steps=0), checks)
    assert [found.case.why for found in search.rounds(seed=1, examples=3)] == []
    assert sum(checks.run.values()) >= 6
