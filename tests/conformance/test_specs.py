"""Strategies over the schema: all of it, valid by construction, and plain in the end."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import seed as seeded
from hypothesis.strategies import SearchStrategy
from interactions import (
    BatchOfOneSqueezed,
    NanWithoutLabels,
    Planted,
    SecondCrossEntropyUnweighted,
    ThirdHeadDetached,
    ZeroWeightUnset,
)
from mtlspec_conformance.case import Case
from mtlspec_conformance.case_file import read
from mtlspec_conformance.coverage import covered, untested
from mtlspec_conformance.fuzz import fuzzed, replayed, write
from mtlspec_conformance.measure import Disagreement
from mtlspec_conformance.reduction import reduced
from mtlspec_conformance.search import Found, Search, against_reference
from mtlspec_conformance.specs import cases, layers, optimizers, specs, value
from mtlspec_conformance.specs.trainings import trainings
from mtlspec_conformance.stability import stable, unsteady
from mtlspec_conformance.suite import case
from mtlspec_conformance.suite import cases as cases_of_the_suite
from mtlspec_conformance.verdicts import Result
from mtlspec_conformance.wrapper import Wrapper
from planted import Narrow, NotCompiling, Reference

from mtlspec.graph import lower
from mtlspec.profiles import PROFILES
from mtlspec.registry import kinds_of
from mtlspec.spec import Block, Kind, Layer, Optimizer, Schedule, Spec, Task, Training
from mtlspec.spec.groups import Group
from mtlspec.tensors import Tensors

CORE = PROFILES["core-1"].kinds


def drawn(strategy: SearchStrategy[Any], count: int, seed: int = 0) -> list[Any]:
    """Return `count` values, the same every time."""
    found: list[Any] = []

    def keep(each: Any) -> None:
        found.append(each)

    chosen = settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    seeded(seed)(chosen(given(strategy)(keep)))()
    return found


NAMES = ("mask", "memory", "values", "weights", "reuses", "exchanges")
"""Fields that name other tensors or blocks: strategies draw none, since what they name would have to fit."""
APART = (Spec, Task, Block, Training, Group)
"""Values that only make sense within a whole spec."""


def test_what_is_drawn_has_every_value_of_every_field() -> None:
    start, found = case("layer/dense"), drawn(specs(), 400)
    assert len({spec.digest() for spec in found}) > 330
    alone = [one for cls in covered() if cls not in APART for one in drawn(value(cls), 200)]
    held = [replace(start, spec=each) for each in (*found, *alone, *drawn(trainings(), 150))]
    gaps = [gap for gap in untested(held) if gap.partition(":")[0].rpartition(".")[2] not in NAMES]
    assert [gap for gap in gaps if not gap.startswith("Poisson.input: ")] == []  # a drawn rate would have to be above 0


def test_a_drawn_case_has_data_of_every_sort() -> None:
    found: list[Case] = drawn(cases(), 200)
    assert any(len(each.batches[0]) == 1 for each in found)
    assert any(len({len(rows) for rows in each.rows}) > 1 for each in found)
    assert any(not np.any(each.dataset.present[t][each.rows[0]]) for each in found for t in each.graph.tasks)
    assert any(0 in each.trajectory.learning_rates for each in found if each.trajectory)
    assert any(np.ptp(each.trajectory.task_weights, axis=0).any() for each in found if each.trajectory)
    assert any(each.trajectory and np.ptp(each.trajectory.learning_rates, axis=1).any() for each in found)
    assert any(each.script for each in found)
    assert any(part.dtype == "integer" for each in found for part in each.spec.inputs)
    assert any(len(np.unique(ids)) < ids.size for each in found for ids in _ids(each))
    assert any(len(parameter.tasks) >= 3 for each in found for parameter in each.graph.parameters)
    assert any(not parameter.tasks for each in found for parameter in each.graph.parameters)
    assert sum(map(stable, found)) > 140


def _ids(each: Case) -> list[np.ndarray]:
    return [array for array in each.dataset.inputs.values() if array.dtype == np.int64]


def test_nothing_is_drawn_beyond_the_kinds_that_are_given() -> None:
    for kinds in (CORE, CORE | PROFILES["phases-1"].kinds, CORE | PROFILES["conv-1"].kinds):
        assert all(kinds_of(lower(spec)) <= kinds for spec in drawn(specs(kinds=kinds), 60))


def test_the_limits_of_a_draw_are_kept() -> None:
    found: list[Spec] = drawn(specs(max_tasks=2, max_layers=1, max_blocks=1, max_inputs=1), 100)
    assert max(len(spec.tasks) for spec in found) == 2
    assert all(len(spec.blocks) <= 1 and len(spec.inputs) == 1 for spec in found)
    assert all(len(block.layers) <= 1 for spec in found for block in spec.blocks)
    assert all(len(each.steps) <= 2 for each in drawn(cases(max_steps=2), 30))


def test_layers_fit_the_shape_that_they_read() -> None:
    for chain in drawn(layers((4, 3, 2), from_data=True), 100):
        shape = (4, 3, 2)
        for layer in chain:
            if layer.kind == "residual":
                break
            shape = layer.signature(shape).shape


@pytest.mark.parametrize(
    ("strategy", "family"), [(value(Layer), Layer), (optimizers(), Optimizer), (value(Schedule), Schedule)]
)
def test_a_family_is_drawn_whole(strategy: SearchStrategy[Any], family: type[Kind]) -> None:
    assert {each.kind for each in drawn(strategy, 1000)} == set(family.kinds)


@pytest.mark.parametrize("tasks", [1, 2])
def test_specs_shrink_to_the_plain(tasks: int) -> None:
    """What Hypothesis itself makes of a strategy, for tests other than those of the kit."""
    chosen = settings(database=None, deadline=None, derandomize=True, max_examples=200)
    plainest = find(specs(max_layers=1, max_inputs=1), lambda spec: len(spec.tasks) >= tasks, settings=chosen)
    assert len(plainest.tasks) == tasks >= len(lower(plainest).nodes)
    kinds = kinds_of(lower(plainest))
    assert "loss/squared_error" in kinds
    if tasks > 1:  # another loss changes all that is drawn after it, which Hypothesis does not always try
        kinds = {kind for kind in kinds if not kind.startswith("loss/")}
    assert kinds <= {"layer/dense", "loss/squared_error", "optimizer/sgd"}
    assert plainest.blocks == ()
    assert plainest.like == "published"


@pytest.mark.parametrize(
    ("wrapper", "level", "tasks", "nodes"),
    [
        (ThirdHeadDetached, "gradient", 3, 4),
        (NanWithoutLabels, "loss", 1, 1),
        (BatchOfOneSqueezed, "forward", 1, 1),
        (ZeroWeightUnset, "gradient", 2, 2),
        (SecondCrossEntropyUnweighted, "gradient", 2, 2),
    ],
)
def test_a_mistake_of_several_parts_is_found_and_made_small(
    wrapper: type[Wrapper], level: str, tasks: int, nodes: int
) -> None:
    subject = Planted(wrapper)
    search = Search(cases(kinds=CORE | {"clipping/global_norm", "penalty/l1_l2"}), against_reference(subject))
    found = next(search.rounds(seed=0, examples=200))
    assert found.result.level == level
    assert len(found.case.spec.tasks) <= tasks
    assert len(found.case.graph.nodes) <= nodes
    assert [len(rows) for rows in found.case.rows] == [1]
    assert found.case.trajectory is found.case.script is None
    assert len(found.case.spec.inputs) == 1


def test_a_finding_is_set_aside_and_the_search_goes_on() -> None:
    subject = Planted(BatchOfOneSqueezed)
    search = Search(cases(max_tasks=2, max_layers=1, max_steps=0, kinds=CORE), against_reference(subject))
    assert len(list(search.rounds(seed=1, examples=70))) == len(search.found)
    assert search.found[0].signature == ("forward", "logits")
    assert search.fates["known"] > 0
    assert search.fates["judged"] >= 70


def test_a_search_is_repeated_by_its_seed() -> None:
    def run(seed: int) -> tuple[list[str], dict[Any, int]]:
        search = Search(cases(max_steps=0, kinds=CORE), against_reference(Planted(ZeroWeightUnset)))
        return [found.case.id for found in search.rounds(seed=seed, examples=15)], dict(search.fates)

    assert run(5) == run(5)
    assert run(5)[0]


def test_a_search_ends_with_its_time() -> None:
    search = Search(cases(), against_reference(Reference()), until=0.0)
    assert list(search.rounds(seed=0)) == []
    assert search.drawn == 0


def test_an_error_is_a_finding_and_where_nothing_else_is_left_the_search_ends() -> None:
    search = Search(cases(max_steps=0, kinds=CORE), against_reference(NotCompiling()))
    (found,) = search.rounds(seed=0, examples=70)
    assert found.result.verdict == "error"
    assert "ZeroDivisionError" in found.case.why
    assert search.fates["known"] > 0


def test_a_search_that_judged_nothing_is_not_good() -> None:
    search = Search(specs_beyond_the_claims(), against_reference(Narrow()))
    assert not fuzzed(search, "narrow", seed=0, examples=5)
    assert search.fates["judged"] == 0
    assert search.fates["unsupported"] > 0


def specs_beyond_the_claims() -> SearchStrategy[Case]:
    kinds = CORE | {"activation/softplus"}
    return cases(max_steps=0, kinds=kinds).filter(lambda each: "activation/softplus" in kinds_of(each.graph))


def test_a_finding_is_written_as_a_case_file_and_replayed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    subject = Planted(ZeroWeightUnset)
    search = Search(cases(max_steps=0, kinds=CORE), against_reference(subject))
    assert not fuzzed(search, "planted", seed=3, examples=10, folder=tmp_path)
    (path, *_) = sorted(tmp_path.iterdir())
    said = capsys.readouterr().out
    assert "seed 3" in said
    assert "loss: squared_error" in said
    assert f"--replay {path}" in said
    assert "judged of" in said
    assert not replayed(against_reference(subject), "planted", path)
    assert replayed(against_reference(Reference()), "numpy", path)


def test_the_file_of_a_finding_is_a_case_with_an_id_of_its_content(tmp_path: Path) -> None:
    said = Disagreement("gradient of trunk[0].kernel", 1.0, "expected 1, found 2")
    own = Found(case("layer/dense"), Result("layer/dense", "gradient", "differs", worst=said)).named()
    again = read(json.loads(write(own, tmp_path).read_text()))
    assert again.id == own.case.id == own.result.case
    assert again.id.startswith("found/")
    assert "at level gradient: gradient of trunk[0].kernel: expected 1, found 2" in again.why


def _of(id: str, change: Callable[[np.ndarray], np.ndarray], *, inputs: bool = False) -> Case:
    """Return a case of the suite with its parameters, or its inputs, changed."""
    own = case(id)
    if inputs:
        changed = {name: change(array) for name, array in own.dataset.inputs.items()}
        return replace(own, dataset=replace(own.dataset, inputs=changed))
    floats = {p.path for p in own.graph.parameters if p.role == "trainable"}
    arrays = {path: change(array) if path in floats else array for path, array in own.parameters.items()}
    return replace(own, parameters=Tensors(arrays))


@pytest.mark.parametrize("id", ["layer/dense", "law/adam", "layer/batch-normalization", "activation/relu"])
def test_an_ordinary_case_is_on_firm_ground(id: str) -> None:
    assert unsteady(case(id)) is None
    assert stable(case(id))


@pytest.mark.parametrize(
    ("odd", "why"),
    [
        (_of("layer/layer-normalization", np.ones_like), "equal numbers"),
        (_of("layer/batch-normalization", np.ones_like, inputs=True), "equal numbers"),
        (_of("activation/relu", np.zeros_like), ""),
    ],
    ids=["a feature alone", "equal examples", "a kink"],
)
def test_an_odd_case_is_not_on_firm_ground(odd: Case, why: str) -> None:
    found = unsteady(odd)
    assert found is not None
    assert why in str(found)


def test_a_cross_entropy_of_labels_that_are_right_beyond_doubt_is_not_judged() -> None:
    far = _of("loss/sigmoid-of-one-label", lambda array: 20 * array)
    found = [unsteady(replace(far, rows=(np.asarray([row]),), trajectory=None)) for row in range(4)]
    assert any("all but 0" in str(each) for each in found)
    assert unsteady(case("loss/sigmoid-of-one-label")) is None


def test_the_kit_does_not_import_hypothesis() -> None:
    code = "import sys, mtlspec_conformance; sys.exit('hypothesis' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("id", ["model/three-phases", "layer/residual-with-shortcut", "law/table-skip-adam"])
def test_a_case_that_always_shows_it_is_reduced_to_next_to_nothing(id: str) -> None:
    small = reduced(case(id), lambda each: True)
    assert len(small.spec.tasks) == len(small.spec.inputs) == 1
    assert small.graph.nodes == ()
    assert [len(rows) for rows in small.rows] == [1]
    assert small.trajectory is small.script is None


@pytest.mark.parametrize("kind", ["layer/embedding", "layer/conv2d", "loss/softmax_cross_entropy", "optimizer/adamw"])
def test_what_shows_it_is_kept(kind: str) -> None:
    found = next(each for each in cases_of_the_suite() if kind in kinds_of(each.graph))
    small = reduced(found, lambda each: kind in kinds_of(each.graph))
    assert kind in kinds_of(small.graph)
    assert len(small.graph.nodes) <= 2


def test_numbers_stay_where_their_shape_does() -> None:
    own = case("tasks/three-share-one-trunk")
    small = reduced(own, lambda each: each.parameters.keys() == own.parameters.keys())
    kept = {path for path, array in own.parameters.items() if np.array_equal(small.parameters[path], array)}
    assert kept
    assert small.trajectory is None
