from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from small_specs import TASKS, two_tasks

from mtlspec.batch import Dataset
from mtlspec.errors import DataError
from mtlspec.graph import lower
from mtlspec.spec import Spec
from mtlspec.training import Chunk, dataset, order, plan, steps_per_epoch

NAN = float("nan")


def ten(spec: Spec) -> Dataset:
    kind = [0, 1, 2, NAN, 0, NAN, NAN, NAN, NAN, 1]
    return dataset(spec, inputs={"x": np.arange(20.0).reshape(10, 2)}, targets={"kind": kind, "size": np.arange(10.0)})


def chunks(spec: Spec, start: int, stop: int, **options: Any) -> list[Chunk]:
    return list(plan(ten(spec), lower(spec), training=spec.training, start=start, stop=stop, **options))


def each_step(found: list[Chunk]) -> list[tuple[Any, ...]]:
    return [
        (chunk.first + k, *(part[k].tolist() for part in (s.rows, s.learning_rates, s.weights, s.denominators)))
        for chunk in found
        for s in (chunk.steps,)
        for k in range(len(s))
    ]


def test_an_epoch_shows_every_example_once() -> None:
    spec = two_tasks()
    for epoch in range(3):
        found = chunks(spec, 3 * epoch, 3 * epoch + 3)
        assert [chunk.steps.rows.shape for chunk in found] == [(2, 4), (1, 2)]
        assert sorted(row for chunk in found for row in chunk.steps.rows.ravel()) == list(range(10))


def test_each_epoch_has_an_order_of_its_own() -> None:
    training = two_tasks().training
    orders = {tuple(order(10, epoch=epoch, training=training).tolist()) for epoch in range(5)}
    assert len(orders) == 5
    assert tuple(order(10, epoch=3, training=training).tolist()) in orders
    other = two_tasks(seed=1).training
    assert order(10, epoch=0, training=other).tolist() != order(10, epoch=0, training=training).tolist()


def test_without_shuffling_the_order_is_that_of_the_data() -> None:
    found = chunks(two_tasks(shuffle=False), 0, 3)
    assert [chunk.steps.rows.tolist() for chunk in found] == [[[0, 1, 2, 3], [4, 5, 6, 7]], [[8, 9]]]


def test_what_does_not_fill_a_batch_can_be_dropped() -> None:
    spec = two_tasks(shuffle=False, last_batch="drop")
    assert steps_per_epoch(10, spec.training) == 2
    assert [chunk.steps.rows.tolist() for chunk in chunks(spec, 0, 2)] == [[[0, 1, 2, 3], [4, 5, 6, 7]]]
    with pytest.raises(DataError, match="expected at least one batch of 4 examples, found 3; set `last_batch: keep`"):
        steps_per_epoch(3, spec.training)


def test_fewer_examples_than_a_batch_are_one_batch() -> None:
    assert steps_per_epoch(3, two_tasks().training) == 1


@pytest.mark.parametrize("cut", range(10))
def test_a_plan_can_be_cut_anywhere(cut: int) -> None:
    spec = two_tasks(schedule={"kind": "exponential", "rate": 0.9})
    assert each_step(chunks(spec, 0, cut) + chunks(spec, cut, 9)) == each_step(chunks(spec, 0, 9))


@pytest.mark.parametrize("size", [1, 2, 3, 64])
def test_the_size_of_chunks_changes_no_step(size: int) -> None:
    spec = two_tasks(batch_size=2)
    found = chunks(spec, 0, 11, steps_per_chunk=size)
    assert each_step(found) == each_step(chunks(spec, 0, 11))
    assert max(len(chunk.steps) for chunk in found) == min(size, 5)


@pytest.mark.parametrize(
    ("reduction", "denominators", "found"),
    [("present", [3, 1, 1], [3, 1, 1]), ("batch", [4, 4, 2], [4, 4, 2]), ("weight_sum", [3, 1, 1], [3, 1, 1])],
)
def test_denominators_are_those_of_the_law(reduction: str, denominators: list[float], found: list[float]) -> None:
    loss = {"kind": "softmax_cross_entropy", "reduction": reduction}
    spec = two_tasks(tasks=({**TASKS[0], "loss": loss}, TASKS[1]), shuffle=False)
    parts = chunks(spec, 0, 3)
    assert np.concatenate([chunk.steps.denominators for chunk in parts])[:, 0].tolist() == denominators
    assert np.concatenate([chunk.denominators for chunk in parts])[:, 0].tolist() == found


@pytest.mark.parametrize("reduction", ["present", "batch", "weight_sum"])
def test_denominators_equal_those_of_single_batches(reduction: Any) -> None:
    loss = {"kind": "softmax_cross_entropy", "reduction": reduction}
    spec = two_tasks(tasks=({**TASKS[0], "loss": loss}, TASKS[1]), batch_size=3)
    weights = {"kind": np.linspace(0.1, 0.7, 10)}
    full = ten(spec)
    data = dataset(spec, inputs=full.inputs, targets=full.targets, weights=weights, present=full.present)
    for chunk in plan(data, lower(spec), training=spec.training, start=0, stop=8):
        for rows, found in zip(chunk.steps.rows, chunk.steps.denominators, strict=True):
            assert found[0] == data.batch(rows, {"kind": reduction, "size": "batch"}).denominators["kind"]


def test_a_batch_without_labels_is_divided_by_one() -> None:
    spec = two_tasks(shuffle=False, batch_size=2)
    (chunk,) = chunks(spec, 3, 4)
    assert chunk.denominators.tolist() == [[0, 2]]
    assert chunk.steps.denominators.tolist() == [[1, 2]]


def test_rates_and_weights_come_from_the_spec() -> None:
    phases = {"kind": "per_task"}
    schedule = {"kind": "step", "every": 1, "rate": 0.5, "unit": "epoch"}
    spec = two_tasks(optimizer={"kind": "sgd", "learning_rate": 0.1}, schedule=schedule, phases=phases)
    rates = np.concatenate([chunk.steps.learning_rates for chunk in chunks(spec, 0, 9)])
    assert rates.tolist() == [[0.1, 0.1]] * 3 + [[0.05, 0.05]] * 3 + [[0.025, 0.025]] * 3
    weights = np.concatenate([chunk.steps.weights for chunk in chunks(spec, 0, 9)])
    assert weights.tolist() == [[1.0, 0.5]] * 9
