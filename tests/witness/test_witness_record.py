"""Batches are cut as said, records come back as they were written, and comparators see what is not the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from mtlspec_conformance import report
from mtlspec_conformance.witness import Batch, Record, Where, compare, reporting
from mtlspec_conformance.witness.batches import read
from mtlspec_conformance.witness.influence import Influence
from mtlspec_conformance.witness.links import linked
from mtlspec_conformance.witness.noise import moved_by_one_ulp, scaled, spread
from mtlspec_conformance.witness.record import Conditions, Origin, RecordError
from witness_data import houses, saved

from mtlspec.errors import DataError
from mtlspec.tensors import Array, Tensors

LOSS = Where("loss", "loss", task="price", batch=0)
UPDATE = Where("step", "update", "a.kernel", batch=0, step=1)
SET_RATE = Where("law", "update at a set rate", "a.kernel", step=3)
LATE_LOSS = Where("trajectory", "loss", task="price", step=5)


def record(**changes: object) -> Record:
    """A small record, with what is given changed."""
    values: dict[Where, Array] = {
        LOSS: np.asarray(2.0),
        UPDATE: np.array([[0.5, -0.25]]),
        SET_RATE: np.array([[1.0, 1.0]]),
        LATE_LOSS: np.asarray(1.0),
    }
    made = Record(
        framework="torch",
        source="new.py:build",
        versions={"torch": "2"},
        dtype="float64",
        conditions=Conditions("0", 4, 5, "float64"),
        tasks=("price",),
        layers={"a": ("a.kernel",)},
        influences={"a": Influence(frozenset(), frozenset({"price"}))},
        roles={"a.kernel": "trainable"},
        native_names={"a.kernel": "a.weight"},
        notes=("a note",),
        start=Tensors({"a.kernel": np.array([[1.0, 2.0]])}),
        values=values,
        noise=dict.fromkeys(values, 1e-15),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def changed(where: Where, value: object) -> Record:
    """The record with another number."""
    plain = record()
    return replace(plain, values={**plain.values, where: np.asarray(value)})


def test_batches_are_consecutive_and_the_last_is_what_is_left(tmp_path: Path) -> None:
    whole = read(saved(tmp_path / "houses.npz", houses()))
    batches = whole.cut(10)
    assert [batch.size for batch in batches] == [10, 10, 4]
    assert np.array_equal(np.concatenate([b.targets["kind"] for b in batches]), whole.targets["kind"])
    assert [batch.size for batch in whole.cut(None)] == [24]


def test_a_mirrored_batch_has_the_same_examples(tmp_path: Path) -> None:
    batch = read(saved(tmp_path / "houses.npz", houses()))
    assert np.array_equal(batch.mirrored.inputs["features"][::-1], batch.inputs["features"])
    assert np.array_equal(batch.mirrored.targets["kind"][::-1], batch.targets["kind"])


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"inputs.x": np.ones((3, 1))}, r"at least one array targets\.NAME, found inputs\.x"),
        ({"targets.y": np.ones(3)}, r"at least one array inputs\.NAME"),
        ({"inputs.x": np.ones(3), "targets.y": np.ones(2)}, r"as many examples in every array, found inputs\.x 3"),
        ({"inputs.x": np.ones(3), "targets.y": np.asarray(1.0)}, r"targets\.y None"),
        ({"inputs.x": np.ones(1), "targets.y": np.ones(1), "weights.z": np.ones(1)}, r"weights\.z has no targets\.z"),
        ({"x": np.ones(1)}, "found the array 'x'"),
        ({"inputs.x": np.array([{}]), "targets.y": np.ones(1)}, "plain arrays"),
    ],
)
def test_arrays_that_make_no_batches_are_refused(arrays: dict[str, Array], said: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=said):
        read(saved(tmp_path / "wrong.npz", arrays))


def test_a_file_that_is_no_npz_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.npz").write_text("1,2,3")
    with pytest.raises(DataError, match="expected an npz file"):
        read(tmp_path / "text.npz")


def test_the_digest_of_batches_names_their_content() -> None:
    batch = Batch({"x": np.arange(3.0)}, {"y": np.arange(3)}, {})
    assert batch.digest() == Batch({"x": np.arange(3.0)}, {"y": np.arange(3)}, {}).digest()
    assert batch.digest() != Batch({"x": np.arange(3.0)}, {"y": np.arange(3.0)}, {}).digest()


def test_a_record_comes_back_as_it_was(tmp_path: Path) -> None:
    written = record(
        origin=Origin("0" * 64, {"b.kernel": "a.kernel"}, {"shape": 1}), noise=dict.fromkeys(record().values, np.inf)
    )
    written.save(tmp_path / "a.record")
    found = Record.load(tmp_path / "a.record")
    assert {w: a.tolist() for w, a in found.values.items()} == {w: a.tolist() for w, a in written.values.items()}
    assert list(found.values) == list(written.values)
    assert found.start_digest() == written.start_digest()
    plain = (found.noise, found.origin, found.influences, found.conditions, found.notes, found.layers)
    assert plain == (
        written.noise,
        written.origin,
        written.influences,
        written.conditions,
        written.notes,
        written.layers,
    )


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04 cut"])
def test_a_file_that_is_no_record_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.record").write_bytes(content)
    with pytest.raises(RecordError, match=r"a\.record: "):
        Record.load(tmp_path / "a.record")


def test_a_record_is_the_same_as_itself() -> None:
    found = compare(record(), record())
    assert found.green
    assert found.parting is None
    assert [result.verdict for result in found.results][-3:] == ["conforms"] * 3


@pytest.mark.parametrize(
    ("where", "value", "level", "step"),
    [
        (LOSS, 2.001, "loss", 1),
        (LOSS, np.nan, "loss", 1),
        (UPDATE, [[0.5, -0.2501]], "step", 1),
        (UPDATE, [[0.5]], "step", 1),
        (SET_RATE, [[1.0, 2.0]], "law", 3),
        (LATE_LOSS, 1.5, "trajectory", 5),
    ],
)
def test_another_number_parts(where: Where, value: object, level: str, step: int) -> None:
    found = compare(record(), changed(where, value))
    assert not found.green
    assert found.parting is not None
    assert (found.parting.level, found.parting.step) == (level, step)


@pytest.mark.parametrize("where", [LOSS, UPDATE, LATE_LOSS], ids=str)
@pytest.mark.parametrize("lacking", ["the first", "the second"])
def test_what_only_one_side_has_parts(where: Where, lacking: str) -> None:
    whole = record()
    beside = Where(where.level, where.kind, "b.kernel" if where.tensor else "", "other", batch=0)
    more = replace(whole, values={**whole.values, beside: np.asarray(1.0)}, noise={**whole.noise, beside: 1e-15})
    found = compare(whole, more) if lacking == "the first" else compare(more, whole)
    assert not found.green
    assert found.parting is not None
    assert found.parting.level == where.level
    assert "on one side alone" in found.parting.text


def test_a_rate_that_only_one_side_shows_is_no_difference() -> None:
    rate = Where("law", "learning rate", step=1)
    shown = replace(record(), values={**record().values, rate: np.asarray(0.1)}, noise={**record().noise, rate: 1e-15})
    assert compare(shown, record()).green


def test_the_first_of_several_differences_is_named() -> None:
    second = changed(LATE_LOSS, 1.5)
    second = replace(second, values={**second.values, UPDATE: np.array([[0.5, -0.3]])})
    parting = compare(record(), second).parting
    assert parting is not None
    assert (parting.level, parting.tensor) == ("step", "a.kernel")


def test_what_no_program_does_by_itself_is_named_last() -> None:
    second = changed(LATE_LOSS, 1.5)
    second = replace(second, values={**second.values, SET_RATE: np.array([[1.0, 2.0]])})
    parting = compare(record(), second).parting
    assert parting is not None
    assert parting.level == "trajectory"


def test_what_is_as_small_as_a_constant_gives_way_to_what_is_not() -> None:
    second = changed(LOSS, 2.0 + 1e-8)
    alone = compare(record(), second).parting
    assert alone is not None
    assert alone.level == "loss"
    assert "try --precision float32" in alone.text
    second = replace(second, values={**second.values, UPDATE: np.array([[0.5, -0.3]])})
    parting = compare(record(), second).parting
    assert parting is not None
    assert parting.level == "step"
    assert "differences below 1e-06, from level loss on, are passed over" in parting.text


def test_noise_of_either_side_widens_the_limit() -> None:
    noisy = replace(changed(LOSS, 2.001), noise={**record().noise, LOSS: 1e-3})
    found = compare(record(), noisy)
    assert found.green
    assert found.results[2].detail.startswith("1 of 1 numbers are mostly rounding")
    assert compare(record(), changed(LOSS, 2.001), passing=1e-2).green


def test_a_parameter_that_only_one_side_trains_parts_at_the_shape() -> None:
    found = compare(record(), record(roles={"a.kernel": "statistic"}))
    assert found.parting is not None
    assert (found.parting.level, found.parting.kind) == ("shape", "role")
    assert "torch" not in found.parting.text.partition("\n")[2]  # two of one framework are the first and the second


@pytest.mark.parametrize("name", ["batches", "batch_size", "steps", "precision"])
def test_records_of_other_conditions_are_not_compared(name: str) -> None:
    other = replace(record().conditions, **{name: "other"})
    with pytest.raises(RecordError, match=f"the records differ in {name}"):
        compare(record(), record(conditions=other))


def test_a_report_of_witnesses_is_whole(tmp_path: Path) -> None:
    reporting.write(tmp_path / "report.jsonl", compare(record(), changed(LOSS, 3.0)), command="mtlspec verify a b")
    found = report.read(tmp_path / "report.jsonl")
    assert found.header.examined == "witness"
    assert {line.level: line.verdict for line in found.lines}["loss"] == "differs"
    assert found.footer.complaints[0].startswith("first parting: level loss, task `price`, step 1: the loss differs")


def test_scaled_errors_of_what_cannot_be_compared_are_infinite() -> None:
    one = np.ones(2)
    assert scaled(one, np.ones(3), 1.0) == np.inf
    assert scaled(np.array([1.0, np.nan]), one, 1.0) == np.inf
    assert scaled(np.array([np.nan, np.nan]), np.array([np.nan, np.nan]), 1.0) == np.inf
    assert scaled(one, np.zeros(2), 0.0) == np.inf
    assert scaled(one * 1e-9, np.zeros(2), 1.0) == pytest.approx(1e-3)


def test_noise_is_no_finer_than_the_last_place_of_a_parameter() -> None:
    plain = {UPDATE: np.array([[1e-6, 0.0]]), LOSS: np.asarray(1.0)}
    start = {"a.kernel": np.array([[1.0, -2.0]])}
    found = spread(plain, [plain, plain], start)
    assert found[UPDATE] == np.spacing(2.0) / 1e-6
    assert found[LOSS] == 0.0


def test_every_number_moves_by_one_ulp() -> None:
    values = {"a": np.array([1.0, -2.0, 3.5], dtype=np.float32)}
    moved = moved_by_one_ulp(values, 0)["a"]
    assert moved.dtype == np.float32
    assert np.array_equal(np.abs(moved - values["a"]) > 0, [True] * 3)
    assert np.all(np.abs(moved - values["a"]) <= np.spacing(np.abs(values["a"])))


def test_predictions_are_compared_in_the_form_in_which_they_are_closest() -> None:
    logits = np.array([[0.5, -1.0, 2.0], [3.0, 0.0, -2.0]])
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    yes = 1 / (1 + np.exp(-logits))
    for found, expected in ((logits, chances), (chances, logits), (logits, yes), (yes, logits), (yes, yes)):
        assert linked(found, expected, 0.0)[0] < 1e-15
    assert linked(logits[:, :1], logits[:, 0], 0.0)[0] == 0.0
    assert linked(logits + 0.1 * logits**2, chances, 0.0)[0] > 1e-2
    assert linked(logits, logits * 1.1, 0.0)[0] == pytest.approx(0.1 / 1.1)


def test_channels_may_stand_first_or_last() -> None:
    image = np.arange(24.0).reshape(1, 2, 3, 4)
    assert linked(np.moveaxis(image, -1, 1), image, 0.0)[0] == 0.0
