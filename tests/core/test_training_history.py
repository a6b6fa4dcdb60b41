from __future__ import annotations

import json
import math
import sys
from typing import Literal

import numpy as np
import pytest

from mtlspec.errors import MtlspecError
from mtlspec.training import Epoch, History

NAN = float("nan")


def steps(first: int, losses: list[list[float]], denominators: list[list[float]]) -> History:
    size = len(losses)
    rates = np.full((size, 1), 0.25)
    return History(
        ("a", "b"), first, np.array(losses), np.arange(float(size)), rates, np.array(denominators, dtype=float)
    )


FIRST = steps(0, [[1.0, 2.0], [4.0, 5.0]], [[4, 2], [2, 0]])
EPOCH = Epoch(1, 2, 0.25, {"a/loss": 2.0, "b/loss": NAN}, {"a/loss": 0.1, "a/auc": NAN})


def test_a_smaller_batch_counts_less() -> None:
    assert FIRST.mean_losses(start=0, stop=2) == {"a": 2.0, "b": 2.0}


def test_the_loss_of_an_epoch_without_labels_is_undefined() -> None:
    assert math.isnan(FIRST.mean_losses(start=1, stop=2)["b"])


def test_a_history_goes_on() -> None:
    later = steps(2, [[3.0, 3.0]], [[1, 1]])
    joined = FIRST.with_epoch(EPOCH) + later
    assert (joined.first_step, joined.last_step, len(joined)) == (0, 3, 3)
    assert joined.losses[:, 0].tolist() == [1, 4, 3]
    assert joined.epochs == (EPOCH,)
    assert joined.mean_losses(start=1, stop=3)["a"] == pytest.approx(11 / 3, rel=1e-15)


def test_histories_with_a_gap_do_not_join() -> None:
    with pytest.raises(MtlspecError, match="expected a history from step 2 on, found one from 3"):
        FIRST + steps(3, [[1.0, 1.0]], [[1, 1]])
    with pytest.raises(MtlspecError, match="expected a history of the tasks"):
        FIRST + History.empty(("a",), phases=1, first_step=2)


def test_json_brings_back_the_same_history() -> None:
    history = FIRST.with_epoch(EPOCH)
    text = history.to_json()
    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    read = History.from_json(text)
    assert read.to_json() == text
    for name in ("losses", "penalties", "learning_rates", "denominators"):
        np.testing.assert_array_equal(getattr(read, name), getattr(history, name))
    assert math.isnan(read.epochs[0].validation["a/auc"])
    assert History.from_json(History.empty(("a",), phases=2).to_json()).losses.shape == (0, 1)


def test_rows_of_epochs_and_steps() -> None:
    history = FIRST.with_epoch(EPOCH)
    (row,) = history.to_rows()
    assert list(row) == [
        "epoch", "step", "learning_rate", "a/loss", "b/loss", "validation/a/loss", "validation/a/auc",
    ]  # fmt: skip
    assert history.to_rows(by="step") == [
        {"step": 1, "learning_rate": 0.25, "a/loss": 1.0, "b/loss": 2.0, "penalty": 0.0},
        {"step": 2, "learning_rate": 0.25, "a/loss": 4.0, "b/loss": 5.0, "penalty": 1.0},
    ]


def test_a_frame_has_the_same_columns() -> None:
    history = FIRST.with_epoch(EPOCH)
    sides: tuple[Literal["epoch", "step"], ...] = ("epoch", "step")
    for by in sides:
        frame = history.to_frame("pandas", by=by)
        assert list(frame.columns) == list(history.to_columns(by=by))
        assert len(frame) == (1 if by == "epoch" else 2)


def test_a_library_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(MtlspecError, match=r"polars is not installed; install it, or use `to_rows\(\)`"):
        FIRST.to_frame("polars")


def test_the_best_epoch_is_the_first_with_the_best_value() -> None:
    history = FIRST
    for epoch, (loss, auc) in enumerate([(0.5, 0.1), (0.2, NAN), (0.2, 0.9), (0.3, 0.4)], start=1):
        history = history.with_epoch(Epoch(epoch, epoch, 0.1, {"a/loss": -loss}, {"a/loss": loss, "a/auc": auc}))
    assert history.best("a/loss").epoch == 2
    assert history.best("a/auc").epoch == 3
    assert history.best("a/loss", examples="training").epoch == 1
    with pytest.raises(MtlspecError, match="no epoch has 'a/aux' of the validation examples; did you mean 'a/auc'"):
        history.best("a/aux")
    with pytest.raises(MtlspecError, match="of the training examples; there are none"):
        FIRST.best("a/loss", examples="training")
