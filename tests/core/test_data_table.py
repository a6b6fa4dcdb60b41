from __future__ import annotations

import gzip
import re
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_specs import id_spec, numeric_spec, table_spec

from mtlspec.errors import DataError
from mtlspec.graph import lower
from mtlspec.spec import Spec
from mtlspec.training import Encoders, read, read_table

TABLE = "a,b,c,kind,g\n1,10,red,x,1\n2,20,blue,y,1\n3,30,red,z,2\n4,40,,x,2\n"


def written(folder: Path, text: str = TABLE) -> Path:
    (folder / "table.csv").write_text(text, encoding="utf-8")
    return folder


def test_columns_fill_an_input_in_order(tmp_path: Path) -> None:
    examples = read(numeric_spec(["b", "a"]), directory=written(tmp_path))
    assert examples.training.inputs["x"].tolist() == [[10, 1], [20, 2], [30, 3], [40, 4]]
    assert examples.training.targets["kind"].tolist() == [0, 1, 2, 0]
    assert examples.held_out is None


def test_a_star_stands_for_any_run_of_characters(tmp_path: Path) -> None:
    text = "p_10,kind,p_2,q[1]\n1,x,2,3\n"
    examples = read(numeric_spec(["p_*", "q[*"], shape=[3]), directory=written(tmp_path, text))
    assert examples.training.inputs["x"].tolist() == [[1, 2, 3]]


def test_columns_fill_an_image_row_by_row(tmp_path: Path) -> None:
    text = "p0,p1,p2,p3,kind\n1,2,3,4,x\n"
    examples = read(numeric_spec(["p*"], shape=[2, 2, 1]), directory=written(tmp_path, text))
    assert examples.training.inputs["x"].tolist() == [[[[1], [2]], [[3], [4]]]]


def test_compressed_files_hold_the_same_table(tmp_path: Path) -> None:
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(TABLE.encode()))
    with zipfile.ZipFile(tmp_path / "t.csv.zip", "w") as archive:
        archive.writestr("t.csv", TABLE)
        archive.writestr("__MACOSX/t.csv", "")
    for name in ("t.csv.gz", "t.csv.zip"):
        examples = read(numeric_spec(["a"]), file=tmp_path / name)
        assert examples.training.inputs["x"].tolist() == [[1], [2], [3], [4]]


def test_quoted_cells_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    text = '\ufeffa,kind\n1,"x, or\n ""y"""\n\n2,z\n'
    spec = numeric_spec(["a"])
    encoders = read(spec, directory=written(tmp_path, text)).encoders
    assert encoders.targets[0].vocabulary == ('x, or\n "y"', "z")
    table = read_table(spec.data, directory=tmp_path) if spec.data else None
    assert table is not None
    assert [table.place(row) for row in (0, 1)] == ["table.csv:3", "table.csv:5"]


def test_a_vocabulary_of_an_input_leaves_room_for_missing_and_unknown(tmp_path: Path) -> None:
    examples = read(id_spec("vocabulary", rows=4), directory=written(tmp_path))
    assert examples.encoders.inputs[0].vocabulary == ("blue", "red")
    assert examples.training.inputs["c"].tolist() == [[3], [2], [3], [0]]
    table = read_table(id_spec("vocabulary", rows=4).data, frame={"c": ["green", "blue"]})  # type: ignore[arg-type]
    new = examples.encoders.inputs_of(table, rows=np.arange(2), spec=id_spec("vocabulary", rows=4))
    assert new["c"].tolist() == [[1], [2]]


def test_numbers_in_a_vocabulary_are_sorted_as_numbers(tmp_path: Path) -> None:
    text = "c,kind\n10,x\n9,x\n-1,y\n"
    examples = read(id_spec("vocabulary", rows=5), directory=written(tmp_path, text))
    assert examples.encoders.inputs[0].vocabulary == ("-1", "9", "10")


def test_columns_of_one_input_share_a_vocabulary(tmp_path: Path) -> None:
    text = "from,to,kind\nA,B,x\nB,C,y\n"
    examples = read(id_spec("vocabulary", rows=5, columns=("from", "to")), directory=written(tmp_path, text))
    assert examples.training.inputs["c"].tolist() == [[2, 3], [3, 4]]


def test_hash_buckets_are_crc32(tmp_path: Path) -> None:
    spec = id_spec({"kind": "hash_buckets", "buckets": 7}, rows=8)
    ids = read(spec, directory=written(tmp_path)).training.inputs["c"].ravel().tolist()
    assert ids == [1 + zlib.crc32(b"red") % 7, 1 + zlib.crc32(b"blue") % 7, 1 + zlib.crc32(b"red") % 7, 0]


def test_numeric_ids_are_taken_as_they_are(tmp_path: Path) -> None:
    spec = id_spec("numeric", rows=5, columns=("a",))
    assert read(spec, directory=written(tmp_path)).training.inputs["c"].tolist() == [[1], [2], [3], [4]]


def test_a_scale_multiplies_numbers_and_labels(tmp_path: Path) -> None:
    spec = table_spec(
        inputs=[{"name": "x", "shape": []}],
        blocks=[{"name": "b", "layers": [{"kind": "reshape", "shape": [1]}]}],
        tasks=[{"name": "mass", "head": [{"kind": "dense", "units": 1}], "loss": "squared_error"}],
        data={
            "inputs": [{"name": "x", "columns": ["a"], "encode": {"kind": "numeric", "scale": 2.0}}],
            "targets": [{"name": "mass", "columns": ["b"], "encode": {"kind": "numeric", "scale": 0.5}}],
        },
    )
    examples = read(spec, directory=written(tmp_path))
    assert examples.training.inputs["x"].tolist() == [2, 4, 6, 8]
    assert examples.training.targets["mass"].tolist() == [[5], [10], [15], [20]]


GAPS = "a,b,kind\n1,10,x\n,20,y\nNA,30,z\n4,,x\n"


def test_an_empty_cell_is_an_error_by_default(tmp_path: Path) -> None:
    message = (
        "table.csv:3: column 'a': expected a number, found an empty cell; set `missing: drop` or `missing: impute`"
    )
    with pytest.raises(DataError, match=re.escape(message)):
        read(numeric_spec(["a", "b"]), directory=written(tmp_path, GAPS))


def test_an_example_with_an_empty_cell_can_be_dropped(tmp_path: Path) -> None:
    examples = read(numeric_spec(["a", "b"], missing="drop"), directory=written(tmp_path, GAPS))
    assert examples.training.inputs["x"].tolist() == [[1, 10]]


@pytest.mark.parametrize(("by", "fill"), [("mean", 7 / 3), ("median", 2.0), ("constant", -1.0)])
def test_an_empty_cell_can_be_imputed(tmp_path: Path, by: str, fill: float) -> None:
    text = "a,kind\n1,x\n,y\n4,x\n2,x\n"
    spec = numeric_spec(["a"], missing={"kind": "impute", "by": by, "value": -1.0})
    examples = read(spec, directory=written(tmp_path, text))
    assert examples.training.inputs["x"].ravel().tolist() == [1, fill, 4, 2]


def test_indicators_follow_the_columns(tmp_path: Path) -> None:
    spec = numeric_spec(["a", "b"], shape=[4], missing={"kind": "impute", "indicator": True, "by": "constant"})
    examples = read(spec, directory=written(tmp_path, GAPS))
    assert examples.training.inputs["x"].tolist() == [[1, 10, 0, 0], [0, 20, 1, 0], [0, 30, 1, 0], [4, 0, 0, 1]]


def test_imputed_statistics_come_from_the_training_part_alone(tmp_path: Path) -> None:
    text = "a,kind,part\n1,x,train\n,x,train\n3,x,train\n100,x,test\n,x,test\n"
    split = {"kind": "column", "column": "part", "held_out": ["test"]}
    examples = read(numeric_spec(["a"], missing="impute", split=split), directory=written(tmp_path, text))
    assert examples.encoders.inputs[0].fills == (2.0,)
    assert examples.held_out is not None
    assert examples.held_out.inputs["x"].ravel().tolist() == [100, 2]


def test_a_vocabulary_comes_from_the_training_part_alone(tmp_path: Path) -> None:
    text = "c,kind,part\nred,x,train\nblue,x,train\ngreen,x,test\n"
    split = {"kind": "column", "column": "part", "held_out": ["test"]}
    examples = read(id_spec("vocabulary", rows=4, split=split), directory=written(tmp_path, text))
    assert examples.encoders.inputs[0].vocabulary == ("blue", "red")
    assert examples.held_out is not None
    assert examples.held_out.inputs["c"].tolist() == [[1]]


def test_an_unknown_label_of_the_held_out_part_is_an_error(tmp_path: Path) -> None:
    text = "a,kind,part\n1,cat,train\n2,dog,train\n3,cats,test\n"
    split = {"kind": "column", "column": "part", "held_out": ["test"]}
    message = "table.csv:4: column 'kind': unknown label 'cats'; did you mean 'cat'?; training has cat, dog"
    with pytest.raises(DataError, match=re.escape(message)):
        read(numeric_spec(["a"], split=split), directory=written(tmp_path, text))


def test_labels_may_be_absent_and_weighted(tmp_path: Path) -> None:
    text = "a,y,seen,w\n1,0.5,1,2\n2,NA,1,1\n3,7,0,1\n"
    spec = table_spec(
        inputs=[{"name": "x", "shape": [1]}],
        blocks=[],
        tasks=[{"name": "y", "head": [{"kind": "dense", "units": 1}], "loss": "squared_error"}],
        data={
            "inputs": [{"name": "x", "columns": ["a"]}],
            "targets": [{"name": "y", "columns": ["y"], "present": "seen", "weight": "w"}],
        },
    )
    data = read(spec, directory=written(tmp_path, text)).training
    assert data.present["y"].tolist() == [True, False, False]
    assert data.weights["y"].tolist() == [2, 0, 0]
    assert data.targets["y"].tolist() == [[0.5], [0], [0]]
    with pytest.raises(DataError, match=re.escape("`present` of task 'y', table.csv:3: expected 1 or 0, found 2")):
        read(spec, directory=written(tmp_path, text.replace("NA,1", "NA,2")))


def test_a_yes_or_no_label_is_read_by_its_vocabulary(tmp_path: Path) -> None:
    tasks = [{"name": "kind", "head": [{"kind": "dense", "units": 1}], "loss": "sigmoid_cross_entropy"}]
    spec = numeric_spec(["a"]).replacing(lambda s: s.tasks, by=tuple(tasks))
    data = read(spec, directory=written(tmp_path, "a,kind\n1,no\n2,yes\n3,\n")).training
    assert data.targets["kind"].tolist() == [[0], [1], [0]]
    assert data.present["kind"].tolist() == [True, True, False]
    with pytest.raises(DataError, match="the head has labels of 2 values, found 3 values: maybe, no, yes"):
        read(spec, directory=written(tmp_path, "a,kind\n1,no\n2,yes\n3,maybe\n"))


def test_a_label_may_say_whether_a_number_is_above_a_limit_or_a_cell_is_empty(tmp_path: Path) -> None:
    loss, head = "sigmoid_cross_entropy", [{"kind": "dense", "units": 1}]
    late = {"name": "late", "columns": ["delay"], "encode": {"kind": "above", "limit": 15.0}}
    gone = {"name": "gone", "columns": ["delay"], "encode": "empty"}
    spec = table_spec(
        inputs=[{"name": "x", "shape": [1]}],
        blocks=[],
        tasks=[{"name": name, "head": head, "loss": loss} for name in ("late", "gone")],
        data={"inputs": [{"name": "x", "columns": ["a"]}], "targets": [late, gone]},
    )
    data = read(spec, directory=written(tmp_path, "a,delay\n1,15\n2,15.5\n3,NA\n")).training
    assert data.targets["late"].ravel().tolist() == [0, 1, 0]
    assert data.present["late"].tolist() == [True, True, False]
    assert data.targets["gone"].ravel().tolist() == [0, 0, 1]
    assert data.present["gone"].tolist() == [True, True, True]
    as_input = numeric_spec(["a"], inputs=[{"name": "x", "columns": ["a"], "encode": "empty"}])
    refused(as_input, "input 'x': empty is for targets only", tmp_path)


def test_encoders_survive_json(tmp_path: Path) -> None:
    examples = read(id_spec("vocabulary", rows=4), directory=written(tmp_path))
    assert Encoders.model_validate_json(examples.encoders.model_dump_json(), strict=False) == examples.encoders


def test_a_frame_is_read_as_a_file_is(tmp_path: Path) -> None:
    import pandas as pd

    spec = numeric_spec(["a", "b"], missing="impute")
    frame = pd.read_csv(written(tmp_path, GAPS) / "table.csv")
    from_file, from_frame = read(spec, directory=tmp_path), read(spec, frame=frame)
    assert from_frame.encoders == from_file.encoders
    np.testing.assert_array_equal(from_frame.training.inputs["x"], from_file.training.inputs["x"])
    np.testing.assert_array_equal(from_frame.training.targets["kind"], from_file.training.targets["kind"])


def test_missing_cells_of_a_nullable_frame_are_missing() -> None:
    import pandas as pd

    frame = pd.DataFrame({"a": pd.array([1, None, 3], dtype="Int64"), "kind": ["x", None, "y"]})
    data = read(numeric_spec(["a"], missing={"kind": "impute", "by": "constant", "value": 9.0}), frame=frame).training
    assert data.inputs["x"].ravel().tolist() == [1, 9, 3]
    assert data.present["kind"].tolist() == [True, False, True]


def test_columns_may_be_a_mapping_of_arrays() -> None:
    data = read(numeric_spec(["a"]), frame={"a": np.array([1.5, 2.5]), "kind": ["x", "y"]}).training
    assert data.inputs["x"].ravel().tolist() == [1.5, 2.5]


def test_targets_may_be_missing_where_only_inputs_are_wanted(tmp_path: Path) -> None:
    spec = numeric_spec(["a"])
    encoders = read(spec, directory=written(tmp_path)).encoders
    table = read_table(spec.data, frame={"a": [7.0]})  # type: ignore[arg-type]
    assert encoders.inputs_of(table, rows=encoders.kept(table), spec=lower(spec))["x"].tolist() == [[7.0]]
    with pytest.raises(DataError, match="table: no column 'kind'"):
        encoders.dataset_of(table, rows=encoders.kept(table), spec=spec)


def test_a_task_whose_columns_are_not_there_has_no_labels(tmp_path: Path) -> None:
    tasks = [
        {"name": "kind", "head": [{"kind": "dense", "units": 3}], "loss": "softmax_cross_entropy"},
        {"name": "size", "head": [{"kind": "dense", "units": 1}], "loss": "squared_error"},
    ]
    targets = [{"name": "kind", "columns": ["kind"], "encode": "vocabulary"}, {"name": "size", "columns": ["b"]}]
    spec = table_spec(
        inputs=[{"name": "x", "shape": [1]}],
        blocks=[],
        tasks=tasks,
        data={"inputs": [{"name": "x", "columns": ["a"]}], "targets": targets},
    )
    encoders = read(spec, directory=written(tmp_path)).encoders
    table = read_table(spec.data, frame={"a": [7.0], "kind": ["y"]})  # type: ignore[arg-type]
    data = encoders.dataset_of(table, rows=encoders.kept(table), spec=spec)
    assert data.targets["kind"].tolist() == [1]
    assert data.present["size"].tolist() == [False]


def test_a_file_of_a_package_is_read_without_importing_it() -> None:
    import sys

    targets = [{"name": "kind", "columns": ["species"], "encode": "vocabulary"}]
    place: dict[str, Any] = {"package": "palmerpenguins", "file": "data/penguins.csv", "targets": targets}
    spec = numeric_spec(["bill_*", "flipper_length_mm"], shape=[3], missing="drop", **place)
    examples = read(spec)
    assert len(examples.training) == 342
    assert examples.encoders.targets[0].vocabulary == ("Adelie", "Chinstrap", "Gentoo")
    assert examples.encoders.inputs[0].columns == ("bill_length_mm", "bill_depth_mm", "flipper_length_mm")
    assert np.bincount(examples.training.targets["kind"]).tolist() == [151, 68, 123]
    assert "palmerpenguins" not in sys.modules


def refused(spec: Spec, message: str, folder: Path, **where: Any) -> None:
    with pytest.raises(DataError, match=re.escape(message)):
        read(spec, **(where or {"directory": folder}))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,kind\n1,x\n2\n", "table.csv:3: expected 2 cells, as in the header, found 1"),
        ("a,a,kind\n1,1,x\n", "table.csv:1: column 'a' occurs twice; rename one"),
        ("a,kind\n", "table.csv: expected rows below the header, found none"),
        ("", "table.csv: expected a header that names the columns, found nothing"),
        ("a;kind\n1;x\n", "table.csv:1: expected cells separated by commas, found ';'"),
        ("aa,kind\n1,x\n", "table.csv: no column 'a'; did you mean 'aa'?; it has aa, kind"),
        ("a,kind\n1,x\nten,y\n", "table.csv:3: column 'a': expected a number, found 'ten'"),
        ("a,kind\n1,x\ninf,y\n", "table.csv:3: column 'a': expected a finite number, found 'inf'"),
        ('a,kind\n1,"x\n', "table.csv:2: not CSV:"),
        ("a,kind\n1,p\n2,q\n3,r\n4,s\n", "task 'kind': the head has 3 units, found 4 values: p, q, r, s"),
    ],
)
def test_a_bad_file_is_refused_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    refused(numeric_spec(["a"]), message, written(tmp_path, text))


def test_files_that_are_no_tables_are_refused(tmp_path: Path) -> None:
    spec = numeric_spec(["a"])
    refused(spec, "no file", tmp_path)
    (tmp_path / "t.csv").write_bytes(b"a,kind\n\xff,x\n")
    refused(spec, "t.csv: expected UTF-8, found another encoding at byte 7", tmp_path, file=tmp_path / "t.csv")
    (tmp_path / "t.csv.gz").write_bytes(b"a,kind\n")
    refused(spec, "t.csv.gz: cannot be read:", tmp_path, file=tmp_path / "t.csv.gz")
    (tmp_path / "t.csv.zip").write_bytes(b"a,kind\n")
    refused(spec, "t.csv.zip: cannot be read:", tmp_path, file=tmp_path / "t.csv.zip")
    with zipfile.ZipFile(tmp_path / "two.csv.zip", "w") as archive:
        archive.writestr("a.csv", TABLE)
        archive.writestr("b.csv", TABLE)
    refused(spec, "expected one .csv file in the archive, found 2", tmp_path, file=tmp_path / "two.csv.zip")
    (tmp_path / "t.xlsx").write_bytes(b"")
    message = (
        "t.xlsx: expected .csv, .csv.gz, .csv.zip, .parquet, .npz or a folder of .npy files; read other files into"
    )
    refused(spec, message, tmp_path, file=tmp_path / "t.xlsx")


def test_packages_that_do_not_hold_the_file_are_refused(tmp_path: Path) -> None:
    absent = numeric_spec(["a"], package="no_such_package", file="t.csv")
    refused(absent, "package 'no_such_package' is not installed", tmp_path)
    outside = numeric_spec(["a"], package="palmerpenguins", file="../secret.csv")
    refused(outside, "'../secret.csv' leads out of the package 'palmerpenguins'", tmp_path)


def test_columns_that_do_not_fill_the_shape_are_refused(tmp_path: Path) -> None:
    folder = written(tmp_path)
    refused(numeric_spec(["a"], shape=[3]), "input 'x': the shape [3] holds 3 numbers, found 1 column;", folder)
    indicated = numeric_spec(["a", "b"], shape=[3], missing={"kind": "impute", "indicator": True})
    refused(indicated, "the shape [3] holds 3 numbers, found 2 columns and 2 indicators, 4 in all", folder)
    refused(numeric_spec(["z*"]), "table.csv: no column matches 'z*'; it has a, b, c, kind, g", folder)


def test_encoders_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    folder = written(tmp_path)
    message = "input 'c': its embedding needs 4 rows, found 3 (2 values in the training part, 1 id for an empty and 1"
    refused(id_spec("vocabulary", rows=3), message, folder)
    buckets = id_spec({"kind": "hash_buckets", "buckets": 7}, rows=7)
    refused(buckets, "input 'c': its embedding needs 8 rows, found 7 (7 buckets and 1 for an empty cell)", folder)
    refused(id_spec("numeric", rows=4, columns=("a",)), "input 'c', table.csv:5: expected an id from 0 to 3", folder)
    floats = numeric_spec(["c"]).replacing(lambda s: s.data.inputs[0].encode, by="vocabulary")  # type: ignore[union-attr]
    refused(floats, "input 'x': vocabulary makes ids; declare the input `dtype: integer`", folder)
    hashed = [{"name": "kind", "columns": ["kind"], "encode": {"kind": "hash_buckets", "buckets": 3}}]
    refused(numeric_spec(["a"], targets=hashed), "task 'kind': hash_buckets is for inputs only", folder)
    several = [{"name": "kind", "columns": ["kind", "c"], "encode": "vocabulary"}]
    message = "task 'kind': expected 1 column, one that holds the class, found 2: kind, c"
    refused(numeric_spec(["a"], targets=several), message, folder)
    empty = numeric_spec(["a"], missing="impute")
    refused(empty, "column 'a': every cell of the training part is empty", written(tmp_path, "a,kind\n,x\n,y\n"))
    dropped = numeric_spec(["a"], missing="drop")
    refused(dropped, "every row has an empty cell in a column with `missing: drop`", tmp_path)


def test_a_vocabulary_makes_no_numbers(tmp_path: Path) -> None:
    tasks = ({"name": "kind", "head": [{"kind": "dense", "units": 1}], "loss": "squared_error"},)
    spec = numeric_spec(["a"]).replacing(lambda s: s.tasks, by=tasks)
    message = "task 'kind': a vocabulary makes class indices, squared_error reads numbers; use `encode: numeric`"
    refused(spec, message, written(tmp_path))


def test_frames_that_are_no_tables_are_refused() -> None:
    spec = numeric_spec(["a"])
    refused(spec, "table: expected a data frame in memory", Path(), frame=3)
    refused(spec, "expected columns of one length, found a 2, kind 1", Path(), frame={"a": [1, 2], "kind": ["x"]})
    refused(spec, "column 'a': expected one value in each row, found (1, 2)", Path(), frame={"a": np.zeros((1, 2))})
    refused(spec, "table: expected rows, found none", Path(), frame={"a": [], "kind": []})
    frame = {"a": [1, None], "kind": ["x", "y"]}
    refused(spec, "table, row 1: column 'a': expected a number, found an empty cell", Path(), frame=frame)


def test_a_document_without_data_has_nothing_to_read() -> None:
    spec = numeric_spec(["a"]).replacing(lambda s: s.data, by=None)
    refused(spec, "the document has no `data:` section", Path(), directory=".")
