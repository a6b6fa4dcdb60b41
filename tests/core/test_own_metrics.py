from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from small_specs import TASKS, two_tasks
from test_training_run import examples, program_of

import mtlspec as mtl
from mtlspec.errors import MtlspecError, SpecError
from mtlspec.spec.metric import OWN, Metric, better_of
from mtlspec.training.own_metrics import FUNCTIONS

NAME = "acme.cost"


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    yield
    for table in (OWN, FUNCTIONS, Metric.kinds):
        table.pop(NAME, None)  # type: ignore[attr-defined]


def cost(predictions: Any, targets: Any, weights: Any) -> float:
    return float(np.average(np.abs(predictions - targets)[:, 0], weights=weights))


def spec_with(*metrics: object) -> mtl.Spec:
    return two_tasks(tasks=(TASKS[0], {**TASKS[1], "metrics": list(metrics)}))


def test_a_registered_metric_is_used_by_its_name() -> None:
    assert mtl.metric(NAME, better="lower")(cost) is cost
    spec = spec_with(NAME, "mean_absolute_error")
    data, program = examples(spec), program_of(spec)
    found = mtl.evaluate(program, data)
    assert found["size/acme.cost"] == pytest.approx(found["size/mean_absolute_error"], rel=1e-14)
    history = mtl.train(program, data, validation=data, epochs=2, progress=False)
    assert history.epochs[1].validation["size/acme.cost"] > 0
    assert better_of("size/acme.cost") == "lower"
    assert mtl.parse(mtl.render(spec)) == spec
    assert mtl.json_schema()["$defs"]["Metric"]["anyOf"][0]["enum"].count(NAME) == 1


def test_the_last_function_of_a_name_counts() -> None:
    mtl.metric(NAME)(lambda predictions, targets, weights: 1.0)
    mtl.metric(NAME, better="lower")(lambda predictions, targets, weights: np.float32(2.0))
    assert mtl.evaluate(program_of(spec_with(NAME)), examples(two_tasks()))["size/acme.cost"] == 2.0
    assert better_of(NAME) == "lower"


def test_a_function_can_be_given_with_the_data() -> None:
    spec = two_tasks()
    program, data = program_of(spec), examples(spec)
    shapes: list[Any] = []

    def seen(predictions: Any, targets: Any, weights: Any) -> float:
        shapes.append((predictions.shape, targets.shape, weights.shape))
        return 3.0

    found = mtl.evaluate(program, data, metrics={"size/acme.cost": cost, "acme.seen": seen})
    assert {"kind/acme.seen", "size/acme.seen", "size/acme.cost"} <= found.keys()
    assert "kind/acme.cost" not in found
    assert shapes == [((8, 3), (8,), (8,)), ((10, 1), (10, 1), (10,))]  # two examples have no kind


def test_an_unknown_name_says_how_to_register_it() -> None:
    mtl.metric(NAME)(cost)
    document = mtl.render(spec_with(NAME)).replace(NAME, "acme.costs")
    with pytest.raises(SpecError) as caught:
        mtl.parse(document)
    (problem,) = caught.value.problems
    assert problem.message.startswith("unknown metric 'acme.costs'; did you mean 'acme.cost'?; register it before the")
    assert "`mtlspec.metric('acme.costs')(function of predictions, targets, weights)`" in problem.message
    assert problem.key_path == "tasks.size.metrics[0]"


@pytest.mark.parametrize("name", ["cost", "acme.", "acme cost", "acme.2"])
def test_a_name_without_a_dot_is_refused(name: str) -> None:
    with pytest.raises(MtlspecError, match="expected a dotted name such as"):
        mtl.metric(name)
    with pytest.raises(MtlspecError, match="expected a dotted name such as"):
        mtl.evaluate(program_of(two_tasks()), examples(two_tasks()), metrics={name: cost})


def test_what_is_no_number_no_task_or_no_direction_is_refused() -> None:
    program, data = program_of(two_tasks()), examples(two_tasks())
    with pytest.raises(MtlspecError, match="expected its function to return a number, found an array"):
        mtl.evaluate(program, data, metrics={NAME: lambda p, t, w: p})  # type: ignore[dict-item, return-value]
    with pytest.raises(MtlspecError, match="unknown task 'sise'; did you mean 'size'"):
        mtl.evaluate(program, data, metrics={"sise/acme.cost": cost})
    with pytest.raises(MtlspecError, match="expected `better` to be 'higher' or 'lower', found 'more'"):
        mtl.metric(NAME, better="more")  # type: ignore[arg-type]
