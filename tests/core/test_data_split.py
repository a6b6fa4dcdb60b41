from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from small_specs import numeric_spec, two_tasks

from mtlspec.errors import DataError
from mtlspec.spec import Spec
from mtlspec.training import Examples, read

COLUMNS: dict[str, list[Any]] = {
    "a": list(range(20)),
    "kind": ["x"] * 20,
    "year": [2000 + i % 4 for i in range(20)],
    "person": [f"p{i // 4}" for i in range(20)],
}


def parts(
    split: object, *, seed: int = 0, columns: dict[str, list[Any]] = COLUMNS, **data: Any
) -> tuple[list[float], ...]:
    examples: Examples = read(numeric_spec(["a"], split=split, seed=seed, **data), frame=columns)
    assert examples.held_out is not None
    return examples.training.inputs["x"].ravel().tolist(), examples.held_out.inputs["x"].ravel().tolist()


def test_a_fraction_is_drawn_from_the_seed() -> None:
    training, held_out = parts({"kind": "fraction", "held_out": 0.25})
    assert len(held_out) == 5
    assert sorted(training + held_out) == list(range(20))
    assert training == sorted(training)
    assert held_out == sorted(held_out) != list(range(5))
    assert parts({"kind": "fraction", "held_out": 0.25}) == (training, held_out)
    assert parts({"kind": "fraction", "held_out": 0.25}, seed=1) != (training, held_out)


@pytest.mark.parametrize(("share", "count"), [(0.001, 1), (0.999, 19)])
def test_no_part_is_empty(share: float, count: int) -> None:
    assert len(parts({"kind": "fraction", "held_out": share})[1]) == count


def test_a_column_says_who_is_held_out() -> None:
    training, held_out = parts({"kind": "column", "column": "year", "held_out": ["2003", "2001"]})
    assert held_out == [1, 3, 5, 7, 9, 11, 13, 15, 17, 19]
    assert training == [0, 2, 4, 6, 8, 10, 12, 14, 16, 18]


def test_no_group_is_in_both_parts() -> None:
    training, held_out = parts({"kind": "group", "column": "person", "held_out": 0.4})
    assert {i // 4 for i in training} & {i // 4 for i in held_out} == set()
    assert len({i // 4 for i in held_out}) == 2
    assert len(training) + len(held_out) == 20


def test_several_columns_name_a_group_together() -> None:
    days = {"month": [1 + i // 10 for i in range(20)], "day": [1 + i // 5 % 2 for i in range(20)]}
    split = {"kind": "group", "column": ["month", "day"], "held_out": 0.25}
    _, held_out = parts(split, columns=COLUMNS | days)
    assert len(held_out) == 5
    assert len({i // 5 for i in held_out}) == 1


def dates(count: int, *, hours: int) -> list[str]:
    start = datetime(2024, 2, 27, 1)
    return [(start + timedelta(hours=hours * i)).isoformat() + "Z" for i in range(count)]


def test_the_latest_times_are_held_out_wherever_they_stand() -> None:
    found = list(reversed(dates(20, hours=6)))  # five days and a bit, latest first
    _, held_out = parts({"kind": "time", "column": "at", "held_out": 0.25}, columns=COLUMNS | {"at": found})
    assert held_out == [0, 1, 2, 3, 4]


def test_a_day_is_never_in_both_parts() -> None:
    columns = COLUMNS | {"at": dates(20, hours=6)}  # 27, 28, 29 February, 1 and 2 March
    training, held_out = parts({"kind": "time", "column": "at", "unit": "day", "held_out": 0.3}, columns=columns)
    assert held_out == [12, 13, 14, 15, 16, 17, 18, 19]
    assert training == list(range(12))
    _, month = parts({"kind": "time", "column": "at", "unit": "month", "held_out": 0.01}, columns=columns)
    assert month == held_out


@pytest.mark.parametrize(
    "cells", [list(range(20)), [str(i) for i in range(20)], [date(2024, 1, 1 + i) for i in range(20)]]
)
def test_times_are_numbers_texts_or_dates(cells: list[Any]) -> None:
    assert parts({"kind": "time", "column": "at"}, columns=COLUMNS | {"at": cells})[1] == [16, 17, 18, 19]


def test_examples_are_dropped_before_the_split() -> None:
    columns = COLUMNS | {"a": [None, *range(1, 20)]}
    training, held_out = parts({"kind": "fraction", "held_out": 0.5}, columns=columns, missing="drop")
    assert sorted(training + held_out) == list(range(1, 20))


@pytest.mark.parametrize(
    ("split", "changes", "message"),
    [
        (
            {"kind": "column", "column": "year", "held_out": ["2005"]},
            {},
            "table: column 'year': no cell holds '2005'; did you mean '2003'?; it has 2000, 2001, 2002, 2003",
        ),
        (
            {"kind": "column", "column": "kind", "held_out": ["x"]},
            {},
            "table: column 'kind': every example is held out; none is left for training",
        ),
        ({"kind": "group", "column": "persons"}, {}, "table: no column 'persons'; did you mean 'person'?"),
        (
            {"kind": "group", "column": "person"},
            {"person": ["p", None, *["q"] * 18]},
            "table, row 1: column 'person': expected a group, found an empty cell",
        ),
        (
            {"kind": "group", "column": "person"},
            {"person": ["p"] * 20},
            "data.split: expected at least 2 groups to split, found 1",
        ),
        (
            {"kind": "time", "column": "kind"},
            {},
            "row 0: column 'kind': expected a time as 2013-01-31 or 2013-01-31T09:30:00Z, or a number, found 'x'",
        ),
        (
            {"kind": "time", "column": "year", "unit": "day"},
            {},
            "row 0: column 'year': expected a date or time, found the number 2000; leave `unit:` out for numbers",
        ),
        (
            {"kind": "time", "column": "year"},
            {"year": [2000, None, *[2001] * 18]},
            "table, row 1: column 'year': expected a time, found an empty cell",
        ),
        (
            {"kind": "time", "column": "year", "unit": "day"},
            {"year": [date(2000, 1, 1)] * 20},
            "data.split: expected at least 2 different days to split, found 1",
        ),
        (
            {"kind": "fraction"},
            {name: cells[:1] for name, cells in COLUMNS.items()},
            "data.split: expected at least 2 examples to split, found 1",
        ),
    ],
)
def test_a_split_that_leaves_nothing_is_refused(split: object, changes: dict[str, list[Any]], message: str) -> None:
    with pytest.raises(DataError, match=re.escape(message)):
        parts(split, columns=COLUMNS | changes)


def synthetic_spec(split: object = None, size: int = 400) -> Spec:
    return Spec.model_validate(
        {
            "inputs": [{"name": "x", "shape": [3]}, {"name": "c", "shape": [], "dtype": "integer"}],
            "blocks": [
                {"name": "e", "inputs": ["c"], "layers": [{"kind": "embedding", "rows": 5, "units": 2}]},
                {"name": "both", "inputs": ["x", "e"], "layers": [{"kind": "dense", "units": 8, "activation": "relu"}]},
            ],
            "tasks": [
                {"name": "classes", "head": [{"kind": "dense", "units": 3}], "loss": "softmax_cross_entropy"},
                {
                    "name": "soft",
                    "head": [{"kind": "dense", "units": 2}],
                    "loss": {"kind": "softmax_cross_entropy", "targets": "probabilities"},
                },
                {"name": "flags", "head": [{"kind": "dense", "units": 2}], "loss": "sigmoid_cross_entropy"},
                {"name": "number", "head": [{"kind": "dense", "units": 1}], "loss": "squared_error"},
            ],
            "data": {"synthetic": size} | ({"split": split} if split else {}),
        }
    )


def test_synthetic_examples_fit_the_spec() -> None:
    examples = read(synthetic_spec({"kind": "fraction", "held_out": 0.25}))
    assert examples.held_out is not None
    assert (len(examples.training), len(examples.held_out)) == (300, 100)
    data = examples.training
    assert data.inputs["x"].shape == (300, 3)
    assert set(data.inputs["c"].tolist()) == {0, 1, 2, 3, 4}
    assert set(data.targets["classes"].tolist()) == {0, 1, 2}
    assert set(map(tuple, data.targets["soft"].tolist())) == {(0.0, 1.0), (1.0, 0.0)}
    assert set(data.targets["flags"].ravel().tolist()) == {0.0, 1.0}
    assert examples.encoders.inputs == ()


def test_synthetic_numbers_are_nearly_linear_in_what_the_teacher_sees() -> None:
    data = read(synthetic_spec()).training
    features = np.concatenate([data.inputs["x"], np.eye(5)[data.inputs["c"]]], axis=1)
    number = data.targets["number"].ravel()
    solution = np.linalg.lstsq(features, number, rcond=None)[0]
    residual = number - features @ solution
    assert 0.08 < residual.std() < 0.12
    assert number.std() > 0.5


def test_synthetic_examples_follow_from_the_seed() -> None:
    first, second = (read(synthetic_spec()).training for _ in range(2))
    np.testing.assert_array_equal(first.inputs["x"], second.inputs["x"])
    other = read(synthetic_spec().replacing(lambda s: s.training.seed, by=1)).training
    assert not np.array_equal(first.inputs["x"], other.inputs["x"])


def test_synthetic_examples_have_no_columns() -> None:
    with pytest.raises(DataError, match="column needs a column, and synthetic data has none; use `kind: fraction`"):
        read(synthetic_spec({"kind": "column", "column": "c", "held_out": ["1"]}))
    with pytest.raises(DataError, match="the document's data is synthetic: it has no columns"):
        read(synthetic_spec(), frame={"x": [1]})


def test_all_examples_are_for_training_without_a_split() -> None:
    assert read(numeric_spec(["a"]), frame=COLUMNS).held_out is None
    assert two_tasks().data is None
