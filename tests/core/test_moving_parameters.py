"""What a document may say of the parameters that move: patterns, groups, averages and accumulation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from programs import A, B, assign, one_number, program_of, update
from pydantic import ValidationError

import mtlspec as mtl
from mtlspec.graph import lower
from mtlspec.spec import Spec
from mtlspec.spec.patterns import matches
from mtlspec.training.batches import plan

TABLE: dict[str, Any] = {"kind": "embedding", "rows": 3, "units": 1}


def _with_table(training: dict[str, Any], **laws: Any) -> dict[str, Any]:
    return {
        "inputs": [{"name": "x", "shape": [1], "dtype": "integer"}],
        "tasks": [
            {
                "name": "a",
                "head": [TABLE | laws, {"kind": "flatten"}, {"kind": "dense", "units": 1}],
                "loss": "squared_error",
            }
        ],
        "training": training,
    }


@pytest.mark.parametrize(
    ("pattern", "path", "found"),
    [
        ("trunk[0].kernel", "trunk[0].kernel", True),
        ("trunk[0].*", "trunk[0].bias", True),
        ("trunk[0]*", "trunk0.bias", False),
        ("*.bias", "a.b.bias", True),
        ("*.bias", "a.biases", False),
        ("trunk[?].*", "trunk[3].bias", True),
        ("trunk[?].*", "trunk[13].bias", False),
    ],
)
def test_patterns_are_of_key_paths(pattern: str, path: str, found: bool) -> None:
    assert matches(pattern, path) is found


@pytest.mark.parametrize(
    ("training", "told"),
    [
        ({"groups": [{"parameters": "tasks.a"}]}, r"did you mean 'tasks\.a\*'"),
        ({"groups": [{"parameters": "task.a.hed*"}]}, r"near it: 'tasks\.a\.head"),
        ({"groups": [{"parameters": "*"}, {"parameters": "*.a.*"}]}, "the first match holds"),
        ({"groups": [{"parameters": "*", "decay": 0.1}]}, "add `decay:"),
        ({"groups": [{"parameters": "*", "frozen": True, "rate_factor": 2.0}]}, "leave `rate_factor` out"),
        ({"decay": {"kind": "coupled", "rate": 0.1, "exclude": ["*.biases"]}}, "matches no parameter"),
        ({"decay": {"kind": "decoupled", "rate": 0.1}, "optimizer": "adamw"}, "adamw decays by itself"),
    ],
    ids=str,
)
def test_what_cannot_be_meant_is_told(training: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        Spec.model_validate(one_number(training))


@pytest.mark.parametrize(
    ("training", "laws", "told"),
    [
        ({"optimizer": "adamax"}, {"repeated_ids": "separate"}, "set `repeated_ids: sum`"),
        ({"optimizer": "adafactor"}, {"untouched_rows": "skip"}, "set `untouched_rows: decay`"),
        ({"accumulation": {"batches": 2}}, {"untouched_rows": "skip"}, "gradients of several batches"),
        ({"decay": {"kind": "coupled", "rate": 0.1}}, {"repeated_ids": "separate"}, "gives every row"),
        ({}, {"untouched_rows": "skip", "constraint": {"kind": "unit_norm"}}, r"use `axes: \[1\]`"),
        ({}, {"constraint": {"kind": "unit_norm", "axes": [2]}}, "from 0 to 1"),
        ({}, {"constraint": {"kind": "max_norm", "limit": 1.0, "axes": [1, 1]}}, "different `axes`"),
    ],
    ids=str,
)
def test_what_does_not_tell_rows_apart_is_refused(training: dict[str, Any], laws: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        Spec.model_validate(_with_table(training, **laws))
    allowed = {"groups": [{"parameters": "*.table", "frozen": True}]}
    if training and "groups" not in training:
        Spec.model_validate(_with_table(training | allowed, **laws))


def test_what_is_frozen_is_in_no_phase_and_has_no_penalty() -> None:
    document = one_number({"groups": [{"parameters": A, "frozen": True}]})
    document["tasks"][0]["head"] = [{"kind": "dense", "units": 1, "bias": False, "kernel_penalty": {"l2": 1.0}}]
    graph = lower(Spec.model_validate(document))
    assert graph.phases[0].parameters == (B,)
    assert graph.trainable == (A, B)
    assert graph.penalized == ()


def test_evaluation_uses_averages_where_the_document_says_so() -> None:
    data_of = {"inputs": {"x": np.ones((4, 1))}, "targets": {"a": np.zeros((4, 1)), "b": np.zeros((4, 1))}}
    for evaluated, found in ((True, 2.0), (False, 0.0)):
        average = {"keeps": 0.5, "evaluated": evaluated}
        spec = Spec.model_validate(one_number({"optimizer": "sgd", "average": average}))
        program = program_of(spec.to_document())
        assign(program, {A: 5.0, B: 0.0})
        assert mtl.averaged_parameters(program)[A].item() == 5.0
        for gradient in (1.0, 4.0):
            update(program, {A: gradient, B: 0.0}, 1.0)
        assert mtl.averaged_parameters(program)[A].item() == 2.0
        data = mtl.dataset(spec, **data_of)
        assert mtl.evaluate(program, data)["a/loss"] == found**2
        assert mtl.predict(program, data_of["inputs"])["a"][0, 0] == found
        assert program.parameters[A].item() == 0.0


@pytest.mark.parametrize(("counts", "wanted"), [("updates", [0, 0, 1, 1, 2, 2]), ("batches", [0, 1, 2, 3, 4, 5])])
def test_a_schedule_counts_updates_or_batches(counts: str, wanted: list[int]) -> None:
    schedule = {"kind": "exponential", "rate": 0.5}
    training = {
        "optimizer": {"kind": "sgd", "learning_rate": 1.0},
        "accumulation": {"batches": 2, "schedule_counts": counts},
        "schedule": schedule,
        "batch_size": 1,
    }
    spec = Spec.model_validate(one_number(training))
    arrays = {name: np.zeros((3, 1)) for name in "ab"}
    data = mtl.dataset(spec, inputs={"x": np.zeros((3, 1))}, targets=arrays)
    chunks = plan(data, lower(spec), training=spec.training, start=0, stop=6)
    rates = np.concatenate([chunk.steps.learning_rates[:, 0] for chunk in chunks])
    assert rates.tolist() == [0.5**time for time in wanted]
