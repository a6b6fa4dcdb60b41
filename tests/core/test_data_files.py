"""Tables from Parquet files and from named arrays, which may stay in their files."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from small_specs import id_spec, numeric_spec, table_spec

from mtlspec import compile
from mtlspec.batch import Dataset
from mtlspec.errors import DataError
from mtlspec.mapped_array import ROWS_PER_PART, MappedArray
from mtlspec.spec import Spec
from mtlspec.training import adapt, evaluate, parquet_table, predict, read, train
from mtlspec.training.table import Table
from mtlspec.training.table_file import file_table

CELLS: dict[str, list[Any]] = {
    "a": [1.5, None, 3.0],
    "c": ["red", "blue", None],
    "n": [1, 2, 3],
    "kind": ["x", "y", "x"],
}


def parquet(folder: Path, cells: dict[str, list[Any]] = CELLS) -> Path:
    path = folder / "t.parquet"
    pq.write_table(pa.table(cells), path)
    return path


def only(monkeypatch: pytest.MonkeyPatch, *libraries: str) -> None:
    """Let `libraries` alone read Parquet."""
    kept = tuple(reader for reader in parquet_table.READERS if reader[0] in libraries)
    assert len(kept) == len(libraries)
    monkeypatch.setattr(parquet_table, "READERS", kept)


@pytest.mark.parametrize("library", ["pyarrow.parquet", "polars", "pandas"])
def test_a_parquet_file_is_read_as_a_csv_file_is(tmp_path: Path, library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, library)
    examples = read(numeric_spec(["a", "n"], missing="impute"), file=parquet(tmp_path))
    assert examples.training.inputs["x"].tolist() == [[1.5, 1], [2.25, 2], [3, 3]]
    assert examples.training.targets["kind"].tolist() == [0, 1, 0]
    assert read(id_spec("vocabulary", rows=4), file=parquet(tmp_path)).training.inputs["c"].tolist() == [[3], [2], [0]]


def test_a_date_of_a_parquet_file_is_a_time(tmp_path: Path) -> None:
    days = [date(2024, 1, 1 + i) for i in range(3)]
    split = {"kind": "time", "column": "at", "unit": "day", "held_out": 0.3}
    examples = read(numeric_spec(["n"], split=split), file=parquet(tmp_path, {**CELLS, "at": days}))
    assert examples.training.inputs["x"].ravel().tolist() == [1, 2]


def test_without_a_library_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_table, "READERS", (("no_such_library", parquet_table.READERS[0][1]),))
    with pytest.raises(DataError, match=re.escape("`pip install 'mtlspec[parquet]'`")):
        read(numeric_spec(["a"]), file=parquet(tmp_path))


@pytest.mark.parametrize("library", ["pyarrow.parquet", "polars"])
def test_a_file_that_is_no_parquet_is_refused(tmp_path: Path, library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, library)
    (tmp_path / "t.parquet").write_bytes(b"a,kind\n1,x\n")
    with pytest.raises(DataError, match=re.escape("t.parquet: cannot be read as Parquet: ")):
        read(numeric_spec(["a"]), file=tmp_path / "t.parquet")
    with pytest.raises(DataError, match="no file"):
        read(numeric_spec(["a"]), file=tmp_path / "absent.parquet")


def image_spec(**data: Any) -> Spec:
    """A spec that reads images and two tasks from arrays; `training` has small batches in float64."""
    spec = table_spec(
        inputs=[{"name": "x", "shape": [2, 2, 1]}],
        blocks=[{"name": "b", "layers": ["normalization", "flatten", {"kind": "dense", "units": 3}]}],
        tasks=[
            {"name": "kind", "head": [{"kind": "dense", "units": 3}], "loss": "softmax_cross_entropy"},
            {"name": "size", "head": [{"kind": "dense", "units": 2}], "loss": "squared_error"},
        ],
        data={
            "inputs": [{"name": "x", "columns": ["image"], **data.pop("of_input", {})}],
            "targets": [
                {"name": "kind", "columns": ["label"], "encode": "vocabulary"},
                {"name": "size", "columns": ["sizes"], "weight": "w"},
            ],
            **data,
        },
    )
    training = {"batch_size": 8, "epochs": 2, "precision": "float64"}
    return spec.replacing(lambda s: s.training, by=training)


def arrays(count: int) -> dict[str, np.ndarray[Any, Any]]:
    generator = np.random.default_rng(0)
    sizes = generator.normal(size=(count, 2))
    sizes[1] = np.nan
    return {
        "image": generator.normal(size=(count, 2, 2, 1)).astype(np.float32),
        "label": np.array(["b", "a", "c"])[np.arange(count) % 3],
        "sizes": sizes,
        "w": np.arange(count, dtype=np.float32),
    }


def npy_folder(folder: Path, found: dict[str, np.ndarray[Any, Any]]) -> Path:
    made = folder / "arrays"
    made.mkdir()
    for name, array in found.items():
        np.save(made / f"{name}.npy", array)
    return made


def test_arrays_of_several_axes_fill_inputs_and_targets(tmp_path: Path) -> None:
    found = arrays(7)
    np.savez_compressed(tmp_path / "t.npz", **found)
    examples = read(image_spec(), file=tmp_path / "t.npz")
    data = examples.training
    np.testing.assert_array_equal(data.inputs["x"], found["image"].astype(np.float64))
    assert data.targets["kind"].tolist() == [1, 0, 2, 1, 0, 2, 1]
    assert data.present["size"].tolist() == [True, False, *[True] * 5]
    assert data.weights["size"].tolist() == [0, 0, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("form", ["npz", "npy"])
def test_an_array_chooses_a_length_that_the_document_leaves_open(tmp_path: Path, form: str) -> None:
    steps = np.arange(24.0).reshape(2, 4, 3)
    np.savez(tmp_path / "t.npz", steps=steps, kind=["x", "y"])
    folder = npy_folder(tmp_path, {"steps": steps, "kind": np.array(["x", "y"])})
    spec = table_spec(
        inputs=[{"name": "x", "shape": [None, 3]}],
        blocks=[{"name": "b", "layers": [{"kind": "dense", "units": 2}, "global_max_pool"]}],
        data={"inputs": [{"name": "x", "columns": ["steps"]}]},
    )
    data = read(spec, file=tmp_path / "t.npz" if form == "npz" else folder).training
    np.testing.assert_array_equal(np.asarray(data.inputs["x"]), steps)
    wider = spec.replacing(lambda s: s.inputs[0].shape, by=(None, 2))
    with pytest.raises(
        DataError, match=re.escape("columns fill a known shape, found (null, 2); give the data as an array")
    ):
        read(wider, file=tmp_path / "t.npz")


def test_arrays_of_one_axis_are_columns_like_others(tmp_path: Path) -> None:
    np.savez(
        tmp_path / "t.npz", a=np.array([1.0, np.nan, 5.0]), b=np.array([[1, 2], [3, 4], [5, 6]]), kind=["x", "y", "NA"]
    )
    spec = numeric_spec(["a", "b"], shape=[3], missing="impute")
    data = read(spec, file=tmp_path / "t.npz").training
    assert data.inputs["x"].tolist() == [[1, 1, 2], [3, 3, 4], [5, 5, 6]]
    assert data.present["kind"].tolist() == [True, True, False]
    dropped = read(numeric_spec(["a", "b"], shape=[3], missing="drop"), file=tmp_path / "t.npz").training
    assert dropped.inputs["x"].tolist() == [[1, 1, 2], [5, 5, 6]]


def test_arrays_in_a_folder_stay_in_their_files_until_rows_are_taken(tmp_path: Path) -> None:
    count = ROWS_PER_PART + 7
    found = arrays(count)
    folder = npy_folder(tmp_path, found)
    np.savez(tmp_path / "t.npz", **found)
    spec = image_spec(split={"kind": "fraction", "held_out": 0.25})
    mapped, loaded = (read(spec, file=file) for file in (folder, tmp_path / "t.npz"))
    assert mapped.held_out is not None
    for part in (mapped.training, mapped.held_out):
        kept = part.inputs["x"]
        assert isinstance(kept, MappedArray)
        assert isinstance(kept.source, np.memmap)
        taken = kept[np.array([2, 0])]
        assert not isinstance(taken, np.memmap)
        assert taken.dtype == np.float64
    np.testing.assert_array_equal(np.asarray(mapped.training.inputs["x"]), loaded.training.inputs["x"])
    np.testing.assert_allclose(*(statistics(spec, part.training) for part in (mapped, loaded)), rtol=1e-12)


def statistics(spec: Spec, data: Dataset) -> np.ndarray[Any, Any]:
    program = compile(spec, backend="numpy")
    adapt(program, data)
    return np.concatenate([program.parameters["b[0].mean"], program.parameters["b[0].variance"]])


def test_training_never_reads_a_mapped_input_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = arrays(40)
    spec = image_spec()
    data = read(spec, file=npy_folder(tmp_path, found)).training

    def whole(*arguments: Any, **options: Any) -> Any:
        raise AssertionError("the whole array is read")

    monkeypatch.setattr(MappedArray, "__array__", whole)
    program = compile(spec, backend="numpy")
    history = train(program, data, progress=False)
    assert evaluate(program, data)["kind/loss"] < history.losses[0, 0]
    monkeypatch.undo()
    np.savez(tmp_path / "t.npz", **found)
    other = compile(spec, backend="numpy")
    again = train(other, read(spec, file=tmp_path / "t.npz").training, progress=False)
    np.testing.assert_allclose(history.losses, again.losses, rtol=1e-12)


def test_ids_and_scaled_numbers_are_taken_from_files_too(tmp_path: Path) -> None:
    folder = npy_folder(tmp_path, {"c": np.array([[3], [1]], dtype=np.uint8), "kind": np.array(["x", "y"])})
    data = read(id_spec("numeric", rows=4), file=folder).training
    assert isinstance(data.inputs["c"], MappedArray)
    assert (data.inputs["c"].dtype, data.inputs["c"][:].tolist()) == (np.int64, [[3], [1]])
    scaled = numeric_spec(
        [], shape=[1], inputs=[{"name": "x", "columns": ["c"], "encode": {"kind": "numeric", "scale": 0.5}}]
    )
    assert read(scaled, file=folder).training.inputs["x"][:].tolist() == [[1.5], [0.5]]
    with pytest.raises(DataError, match=re.escape("arrays, row 0: expected an id from 0 to 2, a row of its embedding")):
        read(id_spec("numeric", rows=3), file=folder)


def test_a_number_that_is_missing_in_a_mapped_array_has_a_place(tmp_path: Path) -> None:
    found = arrays(ROWS_PER_PART + 3)
    found["image"][ROWS_PER_PART + 1, 1, 0, 0] = np.nan
    folder = npy_folder(tmp_path, found)
    message = f"input 'x', arrays, row {ROWS_PER_PART + 1}, element [1, 0, 0]: expected a finite number, found nan"
    with pytest.raises(DataError, match=re.escape(message)):
        read(image_spec(), file=folder)
    dropped = read(image_spec(of_input={"missing": "drop"}), file=folder).training
    assert isinstance(dropped.inputs["x"], MappedArray)
    assert len(dropped) == ROWS_PER_PART + 2


def test_a_model_predicts_from_arrays_in_a_folder(tmp_path: Path) -> None:
    spec, found = image_spec(), arrays(9)
    examples = read(spec, file=npy_folder(tmp_path, found))
    program = compile(spec, backend="numpy")
    table = file_table(tmp_path / "arrays")
    inputs = examples.encoders.inputs_of(table, rows=np.arange(4), spec=spec)
    expected = predict(program, {"x": found["image"][:4].astype(np.float64)})
    np.testing.assert_array_equal(predict(program, inputs)["size"], expected["size"])


FITTING: dict[str, Any] = {"image": np.zeros((2, 4)), "label": ["a", "b"], "sizes": np.zeros((2, 2)), "w": [1, 1]}


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (
            {"image": np.zeros((3, 2)), "label": np.zeros(2)},
            "expected arrays of one length on the first axis, found image",
        ),
        ({"image": np.zeros((0, 2))}, "expected arrays with rows, found none"),
        (
            {"image": np.zeros((2, 3, 2)), "label": ["a", "b"], "sizes": np.zeros((2, 2)), "w": [1, 1]},
            "found 1 column of 6",
        ),
        (
            {"image": np.zeros((2, 4)), "label": np.zeros((2, 2)), "sizes": np.zeros((2, 2)), "w": [1, 1]},
            "task 'kind': expected 1",
        ),
        (
            {"image": np.zeros((2, 4)), "label": ["a", "b"], "sizes": np.zeros(2), "w": [1, 1]},
            "task 'size': expected 2 columns",
        ),
        ({"image": np.zeros(2, dtype=complex)}, "array 'image': expected numbers, texts or times, found complex128"),
    ],
)
@pytest.mark.parametrize("form", ["npz", "npy"])
def test_arrays_that_do_not_fit_are_refused(tmp_path: Path, found: dict[str, Any], message: str, form: str) -> None:
    np.savez(tmp_path / "t.npz", **found)
    made = npy_folder(tmp_path, {name: np.asarray(array) for name, array in found.items()})
    with pytest.raises(DataError, match=re.escape(message)):
        read(image_spec(), file=tmp_path / "t.npz" if form == "npz" else made)


def test_files_that_hold_no_arrays_are_refused(tmp_path: Path) -> None:
    def refused(path: Path, message: str) -> None:
        with pytest.raises(DataError, match=re.escape(message)):
            file_table(path)

    refused(tmp_path / "absent.npz", "no file")
    (tmp_path / "t.npz").write_bytes(b"no archive")
    refused(tmp_path / "t.npz", "t.npz: expected an .npz file, as numpy.savez writes it: ")
    np.savez(tmp_path / "objects.npz", a=np.array([{}, {}], dtype=object))
    refused(tmp_path / "objects.npz", "objects.npz: array 'a': expected numbers or texts: ")
    (tmp_path / "empty").mkdir()
    refused(tmp_path / "empty", "expected .npy files in this folder, found none")
    (tmp_path / "empty" / "a.npy").write_bytes(b"no array")
    refused(tmp_path / "empty", "a.npy: expected an array of numbers or texts, as numpy.save writes it: ")
    refused(tmp_path / "empty" / "a.npy", "put it into a folder with the arrays of the labels")


def test_a_vocabulary_needs_one_value_in_each_row() -> None:
    table = Table("t", {"a": np.zeros((2, 3))})
    with pytest.raises(
        DataError, match=re.escape("t: column 'a': expected one value in each row, found the shape (2, 3)")
    ):
        table.column("a").texts(np.arange(2))
