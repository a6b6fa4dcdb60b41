"""Drawn specs: PyTorch does what the reference does on two hundred of them, and keeps every relation."""

from __future__ import annotations

import pytest
from mtlspec_conformance.metamorphic import Checks, Relation, checked
from mtlspec_conformance.relations import RELATIONS
from mtlspec_conformance.search import Search, against_reference
from mtlspec_conformance.specs import cases
from mtlspec_conformance.suite import case, manifest
from mtlspec_torch import TorchBackend

SUBJECT = TorchBackend()
KINDS = SUBJECT.capabilities.kinds
SEVERAL = [id for id in manifest() if id.startswith(("tasks/", "phases/", "merge/", "model/"))]


def test_two_hundred_drawn_cases_conform() -> None:
    search = Search(cases(kinds=KINDS), against_reference(SUBJECT))
    assert [found.case.why for found in search.rounds(seed=0, examples=200)] == []
    assert search.fates["judged"] == 200
    assert search.fates["unsupported"] == 0
    assert search.drawn < 300


def test_forty_drawn_cases_keep_every_relation() -> None:
    checks = Checks(SUBJECT, RELATIONS)
    search = Search(cases(kinds=KINDS, max_steps=2), checks)
    assert [found.case.why for found in search.rounds(seed=0, examples=40)] == []
    assert all(checks.run[relation.name] >= 5 for relation in RELATIONS)


@pytest.mark.parametrize("relation", RELATIONS, ids=lambda relation: relation.name)
def test_a_relation_holds_on_the_cases_of_several_tasks(relation: Relation) -> None:
    found = [checked(relation, case(id), SUBJECT) for id in SEVERAL]
    assert {result.verdict for result in found} <= {"conforms", "not_run"}
    assert sum(result.verdict == "conforms" for result in found) >= 8
