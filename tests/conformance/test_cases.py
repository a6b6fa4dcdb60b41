"""The cases: data that says what it is for, complete, and on firm ground."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mtlspec_conformance.case import Case, joined
from mtlspec_conformance.case_file import content_of, read
from mtlspec_conformance.coverage import untested
from mtlspec_conformance.levels.trajectory import stepped
from mtlspec_conformance.measure import largest
from mtlspec_conformance.suite import case, cases, manifest
from pydantic import ValidationError

import mtlspec
from mtlspec.graph import Parameter, initial_parameters
from mtlspec.spec.layers import Recurrent
from mtlspec.spec.optimizers import GlobalNorm, PerTensorNorm, ValueClipping
from mtlspec.tensors import Rows, Tensors, dense

FOLDER = Path(__file__).parents[2] / "conformance" / "mtlspec_conformance" / "cases"
LARGE = {
    "law/constraint-windows1d": "a gradient for each step, of every constrained kernel of four convolutions",
    "law/constraint-windows2d": "a gradient for each step, of every constrained kernel of four convolutions",
    "law/factors-of-folded-kernels": "a gradient for each step, of kernels that are folded by three kinds of layers",
    "initializer/of-a-transformer": "all digits of the initial values of two encoders, one for each form of fans",
}
"""Cases that cannot be smaller, and what they hold."""
STEPPED = [each.id for each in cases() if each.trajectory is not None]
SCRIPTED = [each.id for each in cases() if each.script is not None]


def _content(id: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((FOLDER / f"{id}.json").read_text(encoding="utf-8"))
    return content


def test_the_manifest_lists_every_file_once() -> None:
    files = {path.relative_to(FOLDER).with_suffix("").as_posix() for path in FOLDER.rglob("*/*.json")}
    assert set(manifest()) == files
    assert len(manifest()) == len(set(manifest()))


def test_no_field_value_of_the_schema_is_untested() -> None:
    assert untested(cases()) == ()


@pytest.mark.parametrize(
    ("word", "gap"),
    [
        ('"approximation": "tanh"', "Gelu.approximation: tanh"),
        ('"silu"', "activation/silu"),
        ('"global_max_pool"', "layer/global_max_pool"),
        ('"ends_old"', "Piecewise.boundary: ends_old"),
        ('"nesterov": true', "Sgd.nesterov: True"),
        ('"delta": 0.3', "Huber.delta: another value than 1.0"),
    ],
)
def test_a_value_that_no_case_has_is_reported(word: str, gap: str) -> None:
    rest = [each for each in cases() if word not in json.dumps(_content(each.id)["spec"])]
    assert len(rest) < len(cases())
    assert gap in untested(rest)


@pytest.mark.parametrize("id", manifest())
def test_a_case_says_what_it_is_and_is_small(id: str) -> None:
    each = case(id)
    assert each.id == id
    assert re.fullmatch(r"[a-z0-9]+/[a-z0-9-]+", id)
    assert each.why.endswith(".")
    assert re.fullmatch(r"\d+\.\d+\.\d+", each.since)
    assert all(1 <= len(batch) <= 8 for batch in each.batches)
    assert each.chance is id.startswith("chance/")
    if each.chance:  # what is drawn is looked at, and drawn again by every reader
        assert _content(id)["parameters"] == "initial"
    else:
        assert _content(id)["parameters"].keys() == {parameter.path for parameter in each.graph.parameters}
        assert all(parameter.shape[-1:] <= (8 * _gates(each, parameter),) for parameter in each.graph.parameters)
    assert len(json.dumps(_content(id))) < (25_000 if id in LARGE else 10_000)
    assert _content(id)["inputs"].keys() == {part.name for part in each.spec.inputs}
    assert len({len(rows) for rows in each.dataset.inputs.values()}) == 1


def _gates(each: Case, parameter: Parameter) -> int:
    """Return how many arrays of units stand side by side in the last axis of a parameter."""
    layer = each.graph.node(parameter.node).layer
    return layer.gates if isinstance(layer, Recurrent) else 1


def test_large_cases_are_large() -> None:
    assert all(len(json.dumps(_content(id))) >= 10_000 for id in LARGE)


@pytest.mark.parametrize("id", manifest())
def test_a_case_is_written_as_it_is_read(id: str) -> None:
    own = case(id)
    again = read(json.loads(json.dumps(content_of(own))))
    assert again.spec == own.spec
    assert content_of(again) == content_of(own)
    for name in ("inputs", "targets", "weights", "present", "dividing_weights"):
        for key, array in getattr(own.dataset, name).items():
            assert np.array_equal(getattr(again.dataset, name)[key], array), (name, key)
    assert [step.denominators.tolist() for step in again.steps] == [step.denominators.tolist() for step in own.steps]


def test_labels_that_are_all_absent_have_the_form_of_the_head() -> None:
    content = _content("loss/squared-error")
    content["targets"] = {"y": [None] * len(content["targets"]["y"])}
    absent = read(content)
    assert absent.dataset.targets["y"].shape == (len(absent.dataset), absent.graph.heads[0].units)
    assert not absent.dataset.present["y"].any()


@pytest.mark.parametrize("change", [{"id": "Loss/x"}, {"more": 1}, {"batches": []}, {"spec": {}}])
def test_a_file_of_another_form_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        read(_content("layer/dense") | change)


@pytest.mark.parametrize("id", STEPPED)
def test_a_trajectory_has_20_or_300_steps_whose_rates_are_not_constant(id: str) -> None:
    each = case(id)
    assert len(each.steps) == (300 if id.startswith("long/") else 20)
    assert sum(len(part) for part in joined(each.steps)) == len(each.steps)
    rates = np.concatenate([step.learning_rates for step in each.steps])
    assert id == "schedule/constant" or len(np.unique(rates)) > 1


def test_rates_touch_zero_and_rise_again() -> None:
    touching = [id for id in STEPPED if any(0 in step.learning_rates for step in case(id).steps)]
    assert len(touching) > len(STEPPED) / 2


@pytest.mark.parametrize("id", [id for id in STEPPED if id.startswith("schedule/")])
def test_the_stored_rates_of_a_schedule_are_those_that_it_gives(id: str) -> None:
    training = case(id).spec.training
    per_epoch = math.ceil(len(case(id).dataset) / training.batch_size)
    own = [training.schedule.factor(t, steps_per_epoch=per_epoch) for t in range(20)]
    stored = [step.learning_rates[0, 0] for step in case(id).steps]
    assert np.allclose(stored, np.asarray(own) * training.optimizer.learning_rate, rtol=1e-14, atol=0)


@pytest.mark.parametrize("id", [id for id in manifest() if id.startswith("initializer/")])
def test_the_stored_initial_values_are_those_of_the_host(id: str) -> None:
    drawn = initial_parameters(case(id).graph)
    for path, stored in case(id).parameters.items():
        assert np.allclose(drawn[path], stored, rtol=1e-14, atol=0), path


@pytest.mark.parametrize("id", SCRIPTED)
def test_scripted_gradients_tell_laws_apart(id: str) -> None:
    script = case(id).script
    sizes = [largest({path: dense(entry) for path, entry in step.items()}) for step in script.gradients]
    assert 0.0 in sizes
    assert any(0 < size < 1e-11 for size in sizes)
    changes = np.sign(np.diff(sizes))
    assert {-1.0, 1.0} <= set(changes.tolist())
    assert 0.0 in script.learning_rates
    assert len(np.unique(script.learning_rates)) > 3


@pytest.mark.parametrize("id", [id for id in SCRIPTED if "clip" in id])
def test_a_clip_is_active_in_some_scripted_steps_and_not_in_others(id: str) -> None:
    each = case(id)
    for phase in (phase for phase in each.graph.phases if phase.parameters):
        assert phase.clipping is not None
        norms: list[float]
        squares = [[_square(step[path]) for path in phase.parameters] for step in each.script.gradients]
        match phase.clipping:
            case GlobalNorm():
                norms = [math.sqrt(sum(own)) for own in squares]
            case PerTensorNorm():
                norms = [math.sqrt(square) for own in squares for square in own]
            case ValueClipping():  # the limit is that of an element
                entries = [dense(step[path]) for step in each.script.gradients for path in phase.parameters]
                norms = [abs(float(value)) for entry in entries for value in entry.flat]
            case _:
                pytest.fail(f"no test of {phase.clipping.kind}")
        beyond = [norm > phase.clipping.limit for norm in norms]
        assert any(beyond) is not id.endswith("inactive")
        assert not all(beyond)


def _square(entry: np.ndarray | Rows) -> float:
    return float(np.sum((entry.values if isinstance(entry, Rows) else entry) ** 2))


def _after(each: Case, parameters: Tensors) -> dict[str, np.ndarray]:
    program = mtlspec.compile(each.spec, backend="numpy", precision="float64")
    program.parameters = parameters
    stepped(program, each, each.steps)
    return {path: np.asarray(array) for path, array in program.parameters.items()}


@pytest.mark.parametrize("id", STEPPED)
def test_a_trajectory_is_stable_under_one_ulp(id: str) -> None:
    """The reference moves by less than a tenth of the limit when its first values do by one unit in the last place."""
    each = case(id)
    nudged = {p.path: _nudged(each.parameters[p.path]) for p in each.graph.parameters if p.role == "trainable"}
    plain, moved = _after(each, each.parameters), _after(each, Tensors({**each.parameters, **nudged}))
    peak = largest({path: plain[path] - each.parameters[path] for path in nudged})
    gap = max(float(np.max(np.abs(moved[path] - plain[path]), initial=0.0)) for path in nudged)
    assert gap < 1e-11 * peak


def _nudged(array: np.ndarray) -> np.ndarray:
    return np.asarray(np.nextafter(array, np.where(np.arange(array.size).reshape(array.shape) % 2, np.inf, -np.inf)))
