"""The mutants: each is killed at its level and at none before it, and every level sees something alone."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from mtlspec_conformance.levels import LEVELS
from mtlspec_conformance.mutants import MUTANTS, Mutant
from mtlspec_conformance.mutants.console import show_table
from mtlspec_conformance.mutants.grafting import Graft, grafted
from mtlspec_conformance.mutants.ledger import TRAPS, holding
from mtlspec_conformance.mutants.mutant import Compiled, MutantBackend
from mtlspec_conformance.mutants.trap import Trap
from mtlspec_conformance.mutants.trial import Row, alone, complaints, mutants_of, rows, trials
from mtlspec_conformance.runner import results
from mtlspec_conformance.suite import case, manifest
from mtlspec_numpy import layers
from planted import Narrow, Reference
from rich.console import Console

from mtlspec.spec import layers as kinds
from mtlspec.spec.law import laws_of
from mtlspec.spec.schema import FAMILIES
from mtlspec.tensors import Tensors

ROOT = Path(__file__).parents[2]
NONE = Mutant("none", "Makes no mistake.", "forward", ("layer/dense",))
SAME = Mutant(
    "same", "Makes no mistake.", "forward", ("layer/dense",), grafts=(Graft(layers.LAYERS, kinds.Dense, layers.dense),)
)
COMPILED: Compiled = {}


@cache
def row(index: int) -> Row:
    """What every level makes of one mutant of the reference."""
    (found,) = rows(Reference(), [MUTANTS[index]], compiled=COMPILED)
    return found


def table() -> list[Row]:
    return [row(index) for index in range(len(MUTANTS))]


@pytest.mark.parametrize("index", range(len(MUTANTS)), ids=[mutant.name for mutant in MUTANTS])
def test_the_mutant_is_seen_at_its_level_first_and_raises_at_none(index: int) -> None:
    assert MUTANTS[index].level in row(index).seen_by
    assert row(index).complaints == ()


@pytest.mark.parametrize("level", LEVELS)
def test_a_level_sees_a_mutant_that_every_other_level_misses(level: str) -> None:
    assert alone(table())[level]


def test_nothing_is_wrong_with_the_table_and_the_docs_show_it() -> None:
    assert complaints(table()) == ()
    found = importlib.util.spec_from_file_location("make_mutants", ROOT / "docs" / "make_mutants.py")
    assert found is not None and found.loader is not None
    script = importlib.util.module_from_spec(found)
    found.loader.exec_module(script)
    assert (ROOT / "docs" / "mutants.md").read_text() == script.page(table()), "run: python docs/make_mutants.py"


def test_names_are_unique_and_cases_known() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
    for mutant in MUTANTS:
        assert set(mutant.cases) <= set(manifest())
        assert all(LEVELS[mutant.level].applies(case(id)) for id in mutant.cases)
        assert mutant.mistake.endswith(".")
        assert not mutant.earlier or mutant.earlier.endswith(".")


def _told(mutant: Mutant, **sights: str) -> tuple[str, ...]:
    return Row(mutant, {level: sights.get(level, "silent") for level in LEVELS}).complaints  # type: ignore[misc]


def test_what_is_wrong_with_a_row_is_told() -> None:
    reasoned = replace(NONE, earlier="Because.")
    assert _told(NONE, forward="killed", loss="killed") == ()
    assert _told(reasoned, shape="killed", forward="killed") == ()
    assert _told(NONE) == ("none: not seen at level forward, which it is for",)
    assert _told(NONE, loss="killed") == ("none: not seen at level forward, which it is for",)
    assert "seen first at level shape" in _told(NONE, shape="killed", forward="killed")[0]
    assert "and none sees it" in _told(reasoned, forward="killed")[0]
    assert _told(NONE, forward="killed", step="error") == ("none: an error at level step",)
    assert Row(NONE, {}).complaints == ()


def _named(name: str) -> Mutant:
    return next(mutant for mutant in MUTANTS if mutant.name == name)


def test_a_level_that_sees_nothing_alone_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    alone_in_step, seen_in_step_too = rows(Reference(), [_named("live-parameters"), _named("epsilon-of-keras")])
    assert alone_in_step.seen_by == ("step",)
    assert complaints([alone_in_step]) == ()
    assert complaints([alone_in_step, seen_in_step_too]) == ("level law: sees no mutant that every other level misses",)
    monkeypatch.setitem(LEVELS, "idle", replace(LEVELS["shape"], name="idle"))
    assert complaints([alone_in_step]) == ("level idle: sees no mutant that every other level misses",)


@pytest.mark.parametrize("mutant", [NONE, SAME], ids=lambda mutant: mutant.name)
def test_what_makes_no_mistake_conforms_wherever_mutants_are_tried(mutant: Mutant) -> None:
    """What kills the mutants is their mistake, not the wrapper or a program that another mutant left behind."""
    backend = MutantBackend(Reference(), mutant)
    for id in sorted({id for mutant in MUTANTS for id in mutant.cases}):
        assert {result.verdict for result in results(backend, suite=[case(id)])} == {"conforms"}, id


def test_programs_are_shared_without_harm() -> None:
    chosen = [mutant for mutant in MUTANTS if mutant.cases == ("layer/dense",)]
    found = list(trials(Reference(), (*chosen, NONE)))
    assert [trial.fate for trial in found[:-1]] == ["killed"] * len(chosen)
    assert found[-1].fate == "survived"
    assert not found[-1].good


def test_a_graft_is_in_place_only_while_its_own_program_computes() -> None:
    owners = {id(graft.owner): graft.owner for mutant in MUTANTS for graft in (*mutant.grafts, *mutant.host)}
    before = {key: dict(owner if isinstance(owner, dict) else vars(owner)) for key, owner in owners.items()}
    (found,) = trials(Reference(), [_named("padding-counted")])
    assert found.fate == "killed"
    assert {key: dict(o if isinstance(o, dict) else vars(o)) for key, o in owners.items()} == before


def test_a_graft_is_taken_out_when_its_program_raises() -> None:
    with pytest.raises(ZeroDivisionError), grafted(SAME.grafts), grafted((Graft(layers.LAYERS, kinds.Dense, None),)):
        assert layers.LAYERS[kinds.Dense] is None
        raise ZeroDivisionError
    assert layers.LAYERS[kinds.Dense] is layers.dense


def test_mutants_planted_in_the_reference_are_no_other_backends() -> None:
    class Foreign:
        name = "foreign"
        capabilities = Reference.capabilities

        def compile(self, *arguments: Any, **labels: Any) -> Any:
            raise NotImplementedError

    assert mutants_of(Reference()) == MUTANTS
    assert mutants_of(Foreign()) == tuple(mutant for mutant in MUTANTS if not mutant.of_the_reference)


def test_a_mutant_that_raises_is_not_killed() -> None:
    def raising(program: object, graph: object) -> object:
        raise TypeError("an accident")

    mutant = replace(NONE, program=raising)  # type: ignore[arg-type]
    (trial,) = trials(Reference(), [mutant])
    assert trial.fate == "error"
    assert not trial.good
    (found,) = rows(Reference(), [mutant])
    assert found.sights["forward"] == "error"


def test_a_mutant_of_a_kind_that_is_not_claimed_does_not_count() -> None:
    mutant = replace(NONE, cases=("activation/softplus",))
    (trial,) = trials(Narrow(), [mutant])
    assert trial.fate == "unsupported"
    assert trial.good
    (found,) = rows(Narrow(), [mutant])
    assert found.sights == {}


def test_a_mutant_is_wrong_and_its_backend_is_not() -> None:
    frozen = _named("bias-frozen")
    each = case("layer/dense")
    gradients = []
    for backend in (Reference(), MutantBackend(Reference(), frozen)):
        program = backend.compile(each.graph, precision="float64", device="cpu")
        program.parameters = Tensors(each.parameters)
        gradients.append(program.value_with_gradient(on=each.batches[0], weights=each.spec.weights).gradients)
    right, wrong = gradients
    assert right["trunk[0].bias"].any()
    assert not wrong["trunk[0].bias"].any()
    assert (right["trunk[0].kernel"] == wrong["trunk[0].kernel"]).all()


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap.what[:50])
def test_a_trap_is_held_by_a_mutant_and_its_cases_or_by_a_test_of_the_host(trap: Trap) -> None:
    held = holding(trap)
    assert held.mutants or held.tests
    assert not held.mutants or held.cases
    assert set(held.mutants) <= {mutant.name for mutant in MUTANTS}
    assert set(held.cases) <= set(manifest())
    assert all((ROOT / test).is_file() for test in held.tests)


def _fields(*, laws_alone: bool) -> set[str]:
    return {
        f"{kind.model_fields['kind'].default}.{field.alias or name}"
        for family in FAMILIES
        for kind in family.kinds.values()
        for name, field in kind.model_fields.items()
        if not laws_alone or _parts(laws_of(field))
    }


def _parts(laws: Any) -> bool:
    return laws is not None and any(laws[like] != laws["published"] for like in ("keras", "torch"))


def test_every_law_of_the_spec_is_in_a_trap() -> None:
    found = {law for trap in TRAPS for law in trap.laws}
    assert _fields(laws_alone=True) <= found <= _fields(laws_alone=False)


def test_the_console_shows_every_mutant_and_what_is_wrong() -> None:
    told = Console(record=True, width=200, file=StringIO())
    good = Row(NONE, {level: "killed" if level == "forward" else "silent" for level in LEVELS})
    unseen = Row(replace(NONE, name="unseen"), dict.fromkeys(LEVELS, "not applicable"))
    show_table(told, "numpy", [good, unseen, Row(replace(NONE, name="foreign"), {})])
    text = told.export_text()
    assert "unseen: not seen at level forward, which it is for" in text
    assert "unsupported" in text
    assert "forward 1" in text
    assert "mutants of numpy: 1 killed at their level, 1 unsupported, of 3" in text
