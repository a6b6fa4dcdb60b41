from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from small_specs import TASKS, two_tasks
from test_training_run import assert_equal_states, examples, program_of

from mtlspec.errors import MtlspecError
from mtlspec.spec import Spec
from mtlspec.spec.plateau import ReduceOnPlateau
from mtlspec.training import History, checkpoint, save, train
from mtlspec.training.plateau import after, first_standing, lower_is_better

NAN = math.nan
RATE = 0.1


def factors(values: list[float], **fields: Any) -> list[float]:
    """The factor after each epoch; of bare numbers, those that count up are worse."""
    schedule = ReduceOnPlateau(**{"rate": 0.5, "threshold": 0.0, **fields})
    standing, found = first_standing(schedule), []
    for value in values:
        standing = after(standing, value, schedule, rate=RATE)
        found.append(standing.factor)
    return found


FLAT = [1.0] * 8


def test_patience_is_how_many_epochs_wait_or_how_many_may() -> None:
    assert factors(FLAT, patience=2) == [1, 1, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125]
    assert factors(FLAT, patience=2, reduces="beyond_patience") == [1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25]
    assert factors(FLAT[:4], patience=0) == [1, 0.5, 0.25, 0.125]
    assert factors(FLAT[:4], patience=0) == factors(FLAT[:4], patience=0, reduces="beyond_patience")


def test_an_improvement_starts_the_count_again() -> None:
    assert factors([5.0, 6.0, 4.0, 5.0, 5.0], patience=2) == [1, 1, 1, 1, 0.5]


def test_a_cooldown_rests_and_its_last_epoch_may_count() -> None:
    assert factors(FLAT, patience=1, cooldown=2) == [1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125]
    assert factors(FLAT, patience=1, cooldown=2, last_of_cooldown="counts") == [
        1, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125, 0.0625,
    ]  # fmt: skip


def test_an_improvement_is_by_more_than_the_threshold() -> None:
    falling = [10.0, 9.5, 9.0, 8.0]
    assert factors(falling, patience=1, threshold=0.6) == [1, 0.5, 0.5, 0.5]
    assert factors(falling, patience=1, threshold=0.06, threshold_is="relative") == [1, 0.5, 0.5, 0.5]
    assert factors(falling, patience=1, threshold=0.12, threshold_is="relative") == [1, 0.5, 0.25, 0.25]
    assert factors([1.0, 1.5], patience=1, threshold=0.5, mode="max") == [1, 0.5]
    assert factors([1.0, 1.75], patience=1, threshold=0.5, mode="max") == [1, 1]
    assert factors([1.0, 1.5], patience=1, threshold=0.5, mode="max", threshold_is="relative") == [1, 0.5]


def test_it_never_falls_below_the_least_and_small_changes_are_not_made() -> None:
    assert factors(FLAT[:5], patience=1, final=0.2) == [1, 0.5, 0.25, 0.2, 0.2]
    assert factors(FLAT[:4], patience=1, smallest_change=0.25 * RATE) == [1, 0.5, 0.5, 0.5]
    assert factors(FLAT[:4], patience=1, smallest_change=0.24 * RATE) == [1, 0.5, 0.25, 0.25]


def test_what_is_not_finite_is_no_improvement() -> None:
    assert factors([NAN, math.inf, -math.inf, 1.0], patience=1) == [0.5, 0.25, 0.125, 0.125]


@pytest.mark.parametrize(
    ("measure", "lower"),
    [("loss", True), ("kind/loss", True), ("kind/accuracy", False), ("kind/log_loss", True), ("kind/ndcg(k=3)", False)],
)
def test_the_measure_tells_which_way_is_better(measure: str, lower: bool) -> None:
    assert lower_is_better(ReduceOnPlateau(measure=measure)) is lower
    assert lower_is_better(ReduceOnPlateau(measure=measure, mode="min"))
    assert not lower_is_better(ReduceOnPlateau(measure=measure, mode="max"))


def test_laws_are_those_of_the_frameworks() -> None:
    def laws(like: str) -> list[object]:
        spec = two_tasks(schedule="reduce_on_plateau")
        own: Any = Spec.model_validate(spec.to_document() | {"like": like}).training.schedule
        return [own.reduces, own.threshold_is, own.last_of_cooldown, own.smallest_change]

    assert laws("keras") == ["at_patience", "absolute", "counts", 0.0]
    assert laws("torch") == ["beyond_patience", "relative", "rests", 1e-8]


def spec_of(epochs: int = 6, **fields: Any) -> Spec:
    tasks = (TASKS[0] | {"metrics": ["accuracy", {"kind": "top_k_accuracy", "k": 2}]}, TASKS[1])
    schedule = {"kind": "reduce_on_plateau", "patience": 1, "rate": 0.5, **fields}
    return two_tasks(tasks=tasks, schedule=schedule, epochs=epochs, optimizer={"kind": "sgd", "learning_rate": RATE})


def by_epoch(history: History) -> list[float]:
    return [epoch.learning_rate for epoch in history.epochs]


THRESHOLDS = {"loss": 2.0, "size/loss": 2.0, "kind/loss": 0.1}
"""Which some epochs surpass and some do not."""


@pytest.mark.parametrize("measure", ["loss", "size/loss", "kind/accuracy", "kind/top_k_accuracy(k=2)", "kind/loss"])
@pytest.mark.parametrize("part", ["validation", "training"])
def test_training_takes_the_rates_that_the_measures_give(measure: str, part: Any) -> None:
    warm_up = {"steps": 1, "start": 0.5}
    spec = spec_of(measure=measure, examples=part, threshold=THRESHOLDS.get(measure, 0.1), warm_up=warm_up)
    history = train(program_of(spec), examples(spec), validation=examples(spec, 7), progress=False)
    found = [getattr(epoch, part) for epoch in history.epochs]
    values = [e["kind/loss"] + 0.5 * e["size/loss"] if measure == "loss" else e[measure] for e in found]
    schedule = spec.training.schedule
    assert isinstance(schedule, ReduceOnPlateau)
    standing, expected = first_standing(schedule), [1.0]
    for value in values[:-1]:
        standing = after(standing, value, schedule, rate=RATE)
        expected.append(standing.factor)
    per_epoch = len(history) // 6
    rates = np.repeat(expected, per_epoch) * RATE
    rates[0] *= 0.5
    np.testing.assert_allclose(history.learning_rates[:, 0], rates, rtol=1e-15)
    assert 1 < len(set(expected)) < 6, values


@pytest.mark.parametrize("stop", [2, 3, 8, 9])
@pytest.mark.parametrize("measure", ["kind/loss", "kind/accuracy"])
def test_a_run_that_goes_on_from_a_checkpoint_goes_on_exactly(tmp_path: Path, stop: int, measure: str) -> None:
    spec = spec_of(measure=measure, examples="training", threshold=0.2, cooldown=1)
    data = examples(spec)
    whole, parted = program_of(spec), program_of(spec)
    expected = train(whole, data, progress=False)
    first = train(parted, data, steps=stop, progress=False)
    save(tmp_path / "model.safetensors", parted, spec, history=first)
    kept = checkpoint.load(tmp_path / "model.safetensors")
    resumed = program_of(spec)
    kept.restore(resumed)
    history = train(resumed, data, history=kept.history, progress=False)
    assert history.to_json() == expected.to_json()
    assert_equal_states(resumed, whole)
    assert len(set(by_epoch(history))) > 1


def test_a_run_without_its_history_cannot_go_on() -> None:
    spec = spec_of(examples="training")
    program = program_of(spec)
    train(program, examples(spec), steps=3, progress=False)
    with pytest.raises(MtlspecError, match="give the `history` of the run from its beginning, found one from step 3"):
        train(program, examples(spec), progress=False)


def test_a_history_without_the_measure_cannot_go_on() -> None:
    spec = spec_of(measure="kind/accuracy", examples="training")
    program = program_of(spec)
    other = spec.replacing(lambda s: s.training.schedule, by={"kind": "constant"}).training
    history = train(program, examples(spec), epochs=1, training=other, progress=False)
    with pytest.raises(MtlspecError, match="listens to 'kind/accuracy' of the training examples, and epoch 1 has none"):
        train(program, examples(spec), history=history, progress=False)


def test_without_held_out_examples_there_is_nothing_to_listen_to() -> None:
    spec = spec_of()
    with pytest.raises(MtlspecError, match="listens to 'loss' of held-out examples, and there are none; give `validat"):
        train(program_of(spec), examples(spec), progress=False)


def test_an_unknown_measure_is_refused_with_the_nearest() -> None:
    with pytest.raises(ValidationError) as caught:
        spec_of(measure="kind/acuracy")
    (problem,) = caught.value.errors()
    assert problem["loc"] == ("training", "schedule", "measure")
    known = "loss, kind/loss, kind/accuracy, kind/top_k_accuracy(k=2), size/loss"
    assert problem["msg"] == (
        f"no measure 'kind/acuracy'; did you mean 'kind/accuracy'?; known: {known}; add metrics to the task"
    )
