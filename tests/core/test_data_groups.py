"""Rows of a table that are the items of one example: queries with documents, sequences of events."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import CommandLine
from small_specs import table_spec

from mtlspec import render
from mtlspec.errors import DataError
from mtlspec.graph import lower
from mtlspec.spec import Spec
from mtlspec.training import Encoders, Examples, read
from mtlspec.training.groups import groups_of
from mtlspec.training.table import Table

COLUMNS: dict[str, list[Any]] = {
    "query": ["q2", "q1", "q2", "q3", "q1", "q2"],
    "a": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
    "b": [10.0, 20.0, 30.0, 40.0, 50.0, 60.0],
    "site": ["x", "y", "x", "z", "x", "y"],
    "at": ["2024-01-03", "2024-01-01", "2024-01-02", "2024-01-05", "2024-01-04", "2024-01-01"],
    "user": [7, 8, 7, 9, 8, 7],
    "size": [0.2, 0.1, 0.2, 0.3, 0.1, 0.2],
    "part": ["old", "old", "old", "new", "old", "old"],
}


def grouped_spec(*, items: int = 3, **data: Any) -> Spec:
    """A spec of two numbers and a site for each item, a user for each group, and one number to tell for a group."""
    return table_spec(
        inputs=[
            {"name": "numbers", "shape": [items, 2]},
            {"name": "site", "shape": [items], "dtype": "integer"},
            {"name": "user", "shape": [1]},
        ],
        blocks=[
            {"name": "flat", "inputs": ["numbers"], "layers": ["flatten"]},
            {"name": "sites", "inputs": ["site"], "layers": [{"kind": "embedding", "rows": 5, "units": 2}, "flatten"]},
            {"name": "all", "inputs": ["flat", "sites", "user"]},
        ],
        tasks=[{"name": "size", "head": [{"kind": "dense", "units": 1}], "loss": "squared_error"}],
        data={
            "inputs": [
                {"name": "numbers", "columns": ["a", "b"]},
                {"name": "site", "columns": ["site"], "encode": "vocabulary"},
                {"name": "user", "columns": ["user"], "per": "group"},
            ],
            "targets": [{"name": "size", "columns": ["size"], "per": "group"}],
            "group_by": "query",
            **data,
        },
    )


def examples(columns: dict[str, list[Any]] = COLUMNS, *, items: int = 3, **data: Any) -> Examples:
    return read(grouped_spec(items=items, **data), frame=columns)


def test_rows_of_a_group_are_the_items_of_one_example() -> None:
    data = examples().training
    assert data.inputs["numbers"].tolist() == [
        [[1, 10], [3, 30], [6, 60]],
        [[2, 20], [5, 50], [0, 0]],
        [[4, 40], [0, 0], [0, 0]],
    ]
    assert data.inputs["site"].tolist() == [[2, 2, 3], [3, 2, 0], [4, 0, 0]]
    assert data.inputs["user"].tolist() == [[7], [8], [9]]
    assert data.targets["size"].tolist() == [[0.2], [0.1], [0.3]]


def test_without_a_number_of_items_there_are_those_of_the_largest_group() -> None:
    pooled = {"name": "pooled", "inputs": ["numbers"], "layers": [{"kind": "dense", "units": 2}, "global_max_pool"]}
    spec = table_spec(
        inputs=[{"name": "numbers", "shape": [None, 2]}, {"name": "site", "shape": [None], "dtype": "integer"}],
        blocks=[pooled],
        tasks=[
            {"name": "size", "inputs": ["pooled"], "head": [{"kind": "dense", "units": 1}], "loss": "squared_error"},
        ],
        data={
            "inputs": [
                {"name": "numbers", "columns": ["a", "b"]},
                {"name": "site", "columns": ["site"], "encode": "vocabulary"},
            ],
            "targets": [{"name": "size", "columns": ["size"], "per": "group"}],
            "group_by": "query",
            "split": {"kind": "column", "column": "query", "held_out": ["q2"]},
        },
    )
    found = read(spec, frame=COLUMNS)
    assert found.held_out is not None
    assert found.training.inputs["numbers"].tolist() == [[[2, 20], [5, 50]], [[4, 40], [0, 0]]]
    assert found.held_out.inputs["site"].shape == (1, 3)


def test_items_are_sorted_by_a_column_and_groups_stand_as_they_came() -> None:
    by_time = examples(order_by="at").training.inputs["numbers"][..., 0]
    assert by_time.tolist() == [[6, 3, 1], [2, 5, 0], [4, 0, 0]]
    by_number = examples({**COLUMNS, "rank": [2, 9, 10, 1, 8, 2]}, order_by="rank").training.inputs["numbers"][..., 0]
    assert by_number.tolist() == [[1, 6, 3], [5, 2, 0], [4, 0, 0]]


def test_several_columns_name_a_group_together() -> None:
    data = examples(group_by=["query", "site"]).training
    assert data.inputs["numbers"][..., 0].tolist() == [[1, 3, 0], [2, 0, 0], [4, 0, 0], [5, 0, 0], [6, 0, 0]]


def test_labels_and_weights_of_items_that_are_not_there_are_absent() -> None:
    table = Table("t", COLUMNS)
    groups = groups_of(table, np.arange(6), by="query")
    labels = np.array([[value] for value in COLUMNS["a"]])[groups.rows]
    padded = groups.padded(labels, items=4, what="task 'size'", fill=np.nan)
    assert padded.shape == (3, 4, 1)
    np.testing.assert_array_equal(
        padded[..., 0], [[1, 3, 6, np.nan], [2, 5, np.nan, np.nan], [4, np.nan, np.nan, np.nan]]
    )
    np.testing.assert_array_equal(groups.items_of(padded), labels)


def test_dropped_rows_leave_their_group_shorter() -> None:
    columns = {**COLUMNS, "b": [10.0, 20.0, None, None, 50.0, 60.0]}
    inputs = [
        {"name": "numbers", "columns": ["a", "b"], "missing": "drop"},
        {"name": "site", "columns": ["site"], "encode": "vocabulary"},
        {"name": "user", "columns": ["user"], "per": "group"},
    ]
    assert examples(columns, inputs=inputs).training.inputs["numbers"][..., 0].tolist() == [[1, 6, 0], [2, 5, 0]]


@pytest.mark.parametrize(
    "split",
    [
        {"kind": "fraction", "held_out": 0.34},
        {"kind": "group", "column": "query", "held_out": 0.34},
        {"kind": "column", "column": "part", "held_out": ["new"]},
        {"kind": "time", "column": "user", "held_out": 0.3},
    ],
)
def test_a_split_keeps_groups_whole(split: dict[str, Any]) -> None:
    found = examples(split=split)
    assert found.held_out is not None
    kept, left = (set(part.inputs["user"].ravel().tolist()) for part in (found.training, found.held_out))
    assert (kept | left, kept & left, len(left)) == ({7, 8, 9}, set(), 1)
    if split["kind"] in ("column", "time"):
        assert left == {9}
    rows = sum((part.inputs["numbers"][..., 0] != 0).sum() for part in (found.training, found.held_out))
    assert rows == 6


@pytest.mark.parametrize(
    ("changes", "data", "message"),
    [
        (
            {},
            {"split": {"kind": "time", "column": "at", "held_out": 0.4}},
            "data.split: table, row 4: a group of query would stand in both parts; split by query",
        ),
        ({}, {"order_by": "site"}, "table, row 0: column 'site': expected a time as 2013-01-31"),
        ({"query": ["q", None, *["q"] * 4]}, {}, "table, row 1: column 'query': expected a group, found an empty cell"),
        ({"user": [7, 8, 6, 9, 8, 7]}, {}, "input 'user', table, row 2: expected what the group's other rows have"),
        ({"size": [0.2, 0.1, 0.2, 0.3, None, 0.2]}, {}, "task 'size', table, row 4: expected what the group's"),
        ({}, {"items": 2}, "input 'numbers': expected at most 2 items, found 3 rows in the group that begins at table"),
    ],
)
def test_groups_that_do_not_fit_are_refused(changes: dict[str, Any], data: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=re.escape(message)):
        examples(COLUMNS | changes, **data)


def test_columns_fill_an_item_and_not_the_whole_input() -> None:
    spec = grouped_spec()
    assert spec.data is not None
    wide = spec.data.inputs[0].replacing(lambda i: i.columns, by=("a", "b", "user"))
    message = "input 'numbers': the shape [3, 2] holds 2 numbers for each item, found 3 columns"
    with pytest.raises(DataError, match=re.escape(message)):
        examples(inputs=[wide, *spec.data.inputs[1:]])


def test_an_input_without_an_axis_of_items_is_refused() -> None:
    spec = table_spec(
        inputs=[{"name": "x", "shape": []}],
        blocks=[{"name": "b", "layers": [{"kind": "reshape", "shape": [1]}]}],
        tasks=[{"name": "size", "head": [{"kind": "dense", "units": 1}], "loss": "squared_error"}],
        data={
            "inputs": [{"name": "x", "columns": ["a"]}],
            "targets": [{"name": "size", "columns": ["size"], "per": "group"}],
            "group_by": "query",
        },
    )
    message = "input 'x': rows are grouped, and the shape [] has no axis of items; begin its shape with how many items"
    with pytest.raises(DataError, match=re.escape(message)):
        read(spec, frame=COLUMNS)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"group_by": None, "order_by": "at"}, "`order_by:` sorts the items of a group; add `group_by:`"),
        ({"group_by": None}, "`per: group` needs `group_by:`, what a group is"),
        ({"group_by": []}, "group_by"),
    ],
)
def test_a_document_says_what_a_group_is(data: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        grouped_spec(**data)


def test_what_is_predicted_for_a_group_stands_at_each_of_its_rows(mtlspec: CommandLine, tmp_path: Path) -> None:
    document, table, model = tmp_path / "d.yaml", tmp_path / "table.csv", tmp_path / "m.safetensors"
    document.write_text(render(grouped_spec(), explicit=False))
    rows = list(zip(*COLUMNS.values(), strict=True))
    table.write_text("\n".join(",".join(map(str, row)) for row in [tuple(COLUMNS), *rows]) + "\n")
    options = ("--epochs", "2", "--precision", "float64", "--quiet", "-o", model)
    assert mtlspec("train", document, "--backend", "numpy", *options).code == 0
    assert "training" in mtlspec("evaluate", model).out
    told = mtlspec("predict", model, "--data", table).out.split()
    assert told[0] == "size"
    at = dict(zip(COLUMNS["query"], told[1:], strict=True))
    assert told[1:] == [at[query] for query in COLUMNS["query"]]
    assert len(set(told[1:])) == 3
    only = tmp_path / "q1.csv"
    only.write_text("\n".join(",".join(map(str, row)) for row in [tuple(COLUMNS), rows[1], rows[4]]) + "\n")
    again = mtlspec("predict", model, "--data", only).out.split()[1:]
    assert list(map(float, again)) == pytest.approx([float(at["q1"])] * 2, rel=1e-12)


def test_grouping_is_saved_with_the_encoders(tmp_path: Path) -> None:
    found = examples(order_by="at")
    again = Encoders.model_validate_json(found.encoders.model_dump_json(), strict=False)
    table = Table("new", {**COLUMNS, "user": [7, 8, 7, 9, 8, 7]})
    inputs = again.inputs_of(table, rows=again.kept(table), spec=lower(grouped_spec()))
    np.testing.assert_array_equal(inputs["numbers"], found.training.inputs["numbers"])
