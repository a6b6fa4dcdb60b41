"""The mutants: each is killed at its level, and every level sees something first."""

from __future__ import annotations

from dataclasses import replace

import pytest
from mtlspec_conformance.levels import LEVELS
from mtlspec_conformance.mutants import MUTANTS, Mutant
from mtlspec_conformance.mutants.mutant import MutantBackend
from mtlspec_conformance.mutants.trial import trials
from mtlspec_conformance.runner import results
from mtlspec_conformance.suite import case, manifest
from planted import Narrow, Reference

from mtlspec.tensors import Tensors

NONE = Mutant("none", "Makes no mistake.", "forward", ("layer/dense",))


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_the_mutant_is_killed_at_its_level(mutant: Mutant) -> None:
    (trial,) = trials(Reference(), [mutant])
    assert trial.fate == "killed", trial.result


def test_names_are_unique_and_cases_known() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
    for mutant in MUTANTS:
        assert set(mutant.cases) <= set(manifest())
        assert all(LEVELS[mutant.level].applies(case(id)) for id in mutant.cases)
        assert mutant.mistake.endswith(".")


@pytest.mark.parametrize("level", LEVELS)
def test_a_level_sees_a_mutant_that_no_level_before_it_sees(level: str) -> None:
    before = list(LEVELS)[: list(LEVELS).index(level)]
    assert any(_conforms_before(mutant, before) for mutant in MUTANTS if mutant.level == level)


def _conforms_before(mutant: Mutant, levels: list[str]) -> bool:
    backend = MutantBackend(Reference(), mutant)
    found = [result for id in mutant.cases for result in results(backend, suite=[case(id)])]
    return all(result.verdict == "conforms" for result in found if result.level in levels)


def test_a_wrapper_without_a_mistake_conforms_wherever_mutants_are_tried() -> None:
    """What kills the mutants is their mistake, not the wrapper or a program that another mutant left behind."""
    backend = MutantBackend(Reference(), NONE)
    for id in sorted({id for mutant in MUTANTS for id in mutant.cases}):
        assert {result.verdict for result in results(backend, suite=[case(id)])} == {"conforms"}, id


def test_programs_are_shared_without_harm() -> None:
    found = list(trials(Reference(), (*MUTANTS, NONE)))
    assert [trial.fate for trial in found[:-1]] == ["killed"] * len(MUTANTS)
    assert found[-1].fate == "survived"
    assert not found[-1].good


def test_a_mutant_that_raises_is_not_killed() -> None:
    def raising(program: object, graph: object) -> object:
        raise TypeError("an accident")

    (trial,) = trials(Reference(), [replace(NONE, program=raising)])  # type: ignore[arg-type]
    assert trial.fate == "error"
    assert not trial.good


def test_a_mutant_of_a_kind_that_is_not_claimed_does_not_count() -> None:
    (trial,) = trials(Narrow(), [replace(NONE, cases=("activation/softplus",))])
    assert trial.fate == "unsupported"
    assert trial.good


def test_a_mutant_is_wrong_and_its_backend_is_not() -> None:
    frozen = next(mutant for mutant in MUTANTS if mutant.name == "bias-frozen")
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
