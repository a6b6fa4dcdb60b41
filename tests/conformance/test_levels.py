"""The levels: each compares something, and nothing that a comparator returns is dropped."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import pytest
from mtlspec_conformance.levels import LEVELS
from mtlspec_conformance.measure import Agreement
from mtlspec_conformance.pair import Pair
from mtlspec_conformance.runner import levels_of, results
from mtlspec_conformance.suite import case, cases
from planted import Reference

from mtlspec.spec import Task
from mtlspec.spec.losses import SquaredError

PACKAGE = Path(__file__).parents[2] / "conformance" / "mtlspec_conformance"
COMPARING = [*sorted((PACKAGE / "levels").glob("*.py")), PACKAGE / "pair.py"]


@pytest.mark.parametrize("path", COMPARING, ids=lambda path: path.stem)
def test_no_statement_drops_the_findings_of_a_call(path: Path) -> None:
    """A call that stands alone can only be one that returns nothing to consume."""
    alone = [
        ast.unparse(node.value.func)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    ]
    assert set(alone) <= {
        "pair.reset",
        "_give_up_digits",
        "_last_phase_alone",
        "_put_other",
        "program.place",
        "program.update",
        "_update",
        "stepped",
        "losses.append",
        "penalties.append",
        "parameters.append",
        "states.append",
    }


@pytest.mark.parametrize("level", LEVELS)
def test_a_level_names_what_it_compares(level: str) -> None:
    findings = list(LEVELS[level].findings(Pair(case("law/adam"), Reference())))
    assert len(findings) > 3
    assert all(isinstance(finding, Agreement) and finding.where for finding in findings)


def test_every_level_has_cases() -> None:
    for level in LEVELS.values():
        assert sum(level.applies(each) for each in cases()) >= 10


def test_the_reference_conforms_to_itself() -> None:
    found = list(results(Reference()))
    assert {result.verdict for result in found} == {"conforms"}
    assert len(found) == sum(len(levels_of(each)) for each in cases())


def test_a_trajectory_is_compared_at_the_marks_in_three_ways() -> None:
    where = [finding.where for finding in LEVELS["trajectory"].findings(Pair(case("layer/dense"), Reference()))]
    for mark in (1, 2, 5, 10, 20):
        for way in ("`train` in several calls", "single steps"):
            assert f"update of trunk[0].kernel, {way}, step {mark}" in where
    assert "update of trunk[0].kernel of 20 steps together, step 20" in where


def test_each_task_alone_has_its_gradient_compared() -> None:
    pair = Pair(case("tasks/three-share-one-trunk"), Reference())
    where = [finding.where for finding in LEVELS["gradient"].findings(pair)]
    for what in ("total", "task kind alone", "task flags alone", "task size alone"):
        assert f"gradient of trunk[0].kernel, {what}, batch 0" in where


def test_a_model_without_parameters_has_nothing_to_move() -> None:
    long = case("long/one-call-of-300")
    bare = long.spec.replacing(lambda spec: spec.blocks, by=())
    bare = bare.replacing(lambda spec: spec.tasks, by=tuple(_headless(task) for task in bare.tasks))
    assert LEVELS["interchange"].applies(long)
    assert not LEVELS["interchange"].applies(replace(long, spec=bare))


def _headless(task: Task) -> Task:
    return Task(name=task.name, head=(), loss=SquaredError())
