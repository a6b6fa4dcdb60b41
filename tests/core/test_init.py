"""`mtlspec init`: the document that it drafts trains as it stands, and tells what was found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from command_line import CommandLine

from mtlspec import Spec, load
from mtlspec.spec.losses import SoftmaxCrossEntropy
from mtlspec.training.csv_table import path_in_package


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def drafted(mtlspec: CommandLine, data: Path, *options: str) -> tuple[Spec, str]:
    """The spec and the text of the document drafted for `data`, after it was validated and has learned from it."""
    outcome = mtlspec("init", data, "-o", "made.yaml", "--force", *options)
    assert (outcome.code, outcome.err) == (0, "")
    checked = mtlspec("validate", "made.yaml", "--data")
    assert (checked.code, checked.err) == (0, "")
    trained = mtlspec("train", "made.yaml", "--backend", "numpy", "--quiet", "--history", "history.json")
    assert (trained.code, trained.err) == (0, "")
    losses = np.array(json.loads(Path("history.json").read_text())["losses"]).sum(axis=1)
    assert losses[-5:].mean() < losses[:5].mean()
    return load("made.yaml"), Path("made.yaml").read_text()


def cells(count: int = 200) -> dict[str, list[Any]]:
    """Columns of every sort, some with empty cells; `price` and `sold` follow from the others."""
    generator = np.random.default_rng(0)
    length, width = generator.uniform(10, 90, count), generator.normal(size=count)
    city = [("Rome", "Oslo", "New York")[i] for i in generator.integers(0, 3, count)]
    return {
        "row": list(range(100, 100 + count)),
        "length (cm)": [None if i % 9 == 0 else round(x, 2) for i, x in enumerate(length)],
        "width": [round(x, 4) for x in width],
        "city": city,
        "rooms": [1 + i % 4 for i in range(count)],
        "street": [f"Street {i}" for i in range(count)],
        "no": ["x"] * count,
        "seen": [f"2024-{1 + i // 28:02d}-{1 + i % 28:02d}" for i in range(count)],
        "price": [None if i % 7 == 0 else round(1000 * (2 + width[i] + (city[i] == "Rome")), 1) for i in range(count)],
        "sold": ["yes" if x > 40 else "no" for x in length],
    }


def csv(path: Path, columns: dict[str, list[Any]]) -> Path:
    rows = zip(*columns.values(), strict=True)
    lines = [",".join("" if cell is None else str(cell) for cell in row) for row in rows]
    path.write_text("\n".join([",".join(columns), *lines]) + "\n")
    return path


def test_the_penguins_are_drafted(mtlspec: CommandLine) -> None:
    file = path_in_package("palmerpenguins", "data/penguins.csv")
    spec, text = drafted(mtlspec, file, "--tasks", "species,sex,body_mass_g")
    assert [task.name for task in spec.tasks] == ["species", "sex", "body_mass_g"]
    assert [task.loss.kind for task in spec.tasks] == [
        "softmax_cross_entropy",
        "sigmoid_cross_entropy",
        "squared_error",
    ]
    assert [part.name for part in spec.inputs] == ["gaps", "island", "year"]
    assert "# 3 values: Biscoe, Dream, Torgersen" in text
    assert "- bill_length_mm # 32.1 to 59.6, 164 distinct, 0.58 % missing" in text
    assert "encode: {kind: numeric, scale: 1e-3}} # 2700 to 6300, 94 distinct, 0.58 % missing" in text


def test_columns_of_every_sort_are_drafted(mtlspec: CommandLine, tmp_path: Path) -> None:
    spec, text = drafted(mtlspec, csv(tmp_path / "homes.csv", cells()))
    assert [task.name for task in spec.tasks] == ["price", "sold"]
    assert [part.name for part in spec.inputs] == ["numbers", "gaps", "city", "rooms"]
    assert spec.data is not None
    assert [part.columns for part in spec.data.inputs] == [("width",), ("length (cm)",), ("city",), ("rooms",)]
    assert spec.data.split is not None
    assert spec.data.split.model_dump() == {"kind": "time", "column": "seen", "unit": "day", "held_out": 0.2}
    assert spec.data.file == "homes.csv"
    assert "# Nobody said what is to be told: these are the last columns." in text
    assert "# left out: row (100 to 299, 200 distinct); nearly every row has a value of its own" in text
    assert '# left out: "no" (one value, x); it tells nothing' in text
    assert "# left out: street (200 values: " in text
    assert "# left out: seen (2024-01-01T00:00:00 to 2024-08-04T00:00:00, 200 distinct); times are no input" in text
    assert '- "length (cm)" # ' in text


def test_parquet_is_drafted_as_csv_is(mtlspec: CommandLine, tmp_path: Path) -> None:
    columns = cells() | {"sold": [x != "no" for x in cells()["sold"]]}
    pq.write_table(pa.table(columns), tmp_path / "homes.parquet")
    spec, _ = drafted(mtlspec, tmp_path / "homes.parquet")
    other, _ = drafted(mtlspec, csv(tmp_path / "homes.csv", cells()))
    assert (spec.inputs, spec.blocks, spec.tasks) == (other.inputs, other.blocks, other.tasks)


@pytest.mark.parametrize("form", ["npz", "npy"])
def test_arrays_are_drafted(mtlspec: CommandLine, tmp_path: Path, form: str) -> None:
    generator = np.random.default_rng(0)
    image = generator.normal(size=(90, 3, 3, 1)).astype(np.float32)
    found = {"image": image, "age": generator.normal(size=90), "label": (image[:, 0, 0, 0] > 0).astype(np.uint8)}
    np.savez(tmp_path / "t.npz", **found)
    (tmp_path / "folder").mkdir()
    for name, array in found.items():
        np.save(tmp_path / "folder" / f"{name}.npy", array)
    spec, text = drafted(mtlspec, tmp_path / ("t.npz" if form == "npz" else "folder"), "--tasks", "label")
    assert {part.name: part.shape for part in spec.inputs} == {"numbers": (1,), "image": (3, 3, 1)}
    assert "columns: [image]} # [3, 3, 1] in each row, -" in text


def test_names_are_made_of_letters_and_differ(mtlspec: CommandLine, tmp_path: Path) -> None:
    columns = {
        "2nd": ["a", "b", "a", "b", "a", "b"],
        "trunk": ["c", "d", "d", "c", "c", "d"],
        "größe*": ["x", "y", "y", "x", "x", "y"],
        "# odd: 'name'": ["0", "1", "0", "1", "1", "1"],
    }
    spec, _ = drafted(mtlspec, csv(tmp_path / "t.csv", columns), "--tasks", "# odd: 'name'")
    assert [part.name for part in spec.inputs] == ["column_2nd", "trunk_2", "gr_e"]
    assert spec.data is not None
    assert [part.columns for part in spec.data.inputs] == [("2nd",), ("trunk",), ("größe*",)]
    assert [(task.name, spec.data.targets[0].encode.kind) for task in spec.tasks] == [("odd_name", "numeric")]


def test_many_values_are_hashed(mtlspec: CommandLine, tmp_path: Path) -> None:
    columns = {"user": [f"u{i % 1100}" for i in range(2400)], "y": [(i % 1100) * 0.01 for i in range(2400)]}
    spec, _ = drafted(mtlspec, csv(tmp_path / "t.csv", columns))
    assert spec.data is not None
    assert spec.data.inputs[0].encode.model_dump() == {"kind": "hash_buckets", "buckets": 1000}


def test_a_table_that_is_too_small_is_not_split(mtlspec: CommandLine, tmp_path: Path) -> None:
    columns = {"a": ["0.5", "1.5", "2.5", "4.5"], "kind": ["w", "x", "y", "z"]}
    spec, _ = drafted(mtlspec, csv(tmp_path / "t.csv", columns))
    assert isinstance(spec.tasks[0].loss, SoftmaxCrossEntropy)
    assert spec.data is not None
    assert spec.data.split is None


def test_a_document_is_never_written_over_unasked(mtlspec: CommandLine, tmp_path: Path) -> None:
    table = csv(tmp_path / "homes.csv", cells())
    first = mtlspec("init", table)
    assert first.code == 0
    assert first.out.startswith(
        "homes.yaml: 200 rows; tasks price, sold (a guess: see --tasks)\n  left out: row: nearly"
    )
    assert first.out.endswith("next: mtlspec train homes.yaml --backend torch\n")
    Path("homes.yaml").write_text("mine")
    again = mtlspec("init", table)
    assert (again.code, again.out) == (2, "")
    assert again.err == "homes.yaml is there already; give another name by -o, or write over it by --force\n"
    assert Path("homes.yaml").read_text() == "mine"
    assert mtlspec("init", table, "--force").code == 0
    assert load("homes.yaml").tasks[0].name == "price"


@pytest.mark.parametrize(
    ("columns", "options", "message"),
    [
        (cells(), ("--tasks", "pice"), "homes.csv: no column 'pice'; did you mean 'price'?; it has row, "),
        (
            cells(),
            ("--tasks", "street"),
            "column 'street' cannot be a task: it has 200 distinct texts, more classes than",
        ),
        (cells(), ("--tasks", "seen"), "column 'seen' cannot be a task: it holds times"),
        (cells(), ("--tasks", "no"), "column 'no' cannot be a task: there is nothing to tell (one value, x)"),
        ({"a": ["x", "y"], "b": ["x", "x"]}, ("--tasks", "a"), "no column is left to tell the tasks a by"),
        ({"a": ["x", "x"]}, (), "no column can be told by the others; name one by --tasks"),
    ],
)
def test_what_cannot_be_drafted_is_refused_and_nothing_written(
    mtlspec: CommandLine, tmp_path: Path, columns: dict[str, list[Any]], options: tuple[str, ...], message: str
) -> None:
    outcome = mtlspec("init", csv(tmp_path / "homes.csv", columns), *options)
    assert outcome.code == 2
    assert message in outcome.err
    assert not Path("homes.yaml").exists()
    assert mtlspec("init", "absent.csv").err == "no file 'absent.csv'\n"
