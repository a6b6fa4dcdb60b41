"""The case of a user's document: what training would really take, held to every level."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from mtlspec_conformance import report
from mtlspec_conformance.case_file import content_of, read
from mtlspec_conformance.own import own_case
from mtlspec_conformance.runner import results
from mtlspec_conformance.symmetries import Symmetric
from mtlspec_conformance.verification import verify
from planted import Reference
from planted_differences import Frozen

import mtlspec as mtl
from mtlspec.batch import Dataset
from mtlspec.cli import app
from mtlspec.comparison.runs import training_examples
from mtlspec.errors import BackendError, MtlspecError
from mtlspec.graph import lower
from mtlspec.spec import Spec
from mtlspec.training.batches import order

EXAMPLES = Path(__file__).parents[2] / "examples"
LEVELS = ["shape", "forward", "loss", "gradient", "step", "law", "trajectory", "interchange"]
DOCUMENT = """
mtlspec: 1
inputs: [{name: x, shape: [4]}]
blocks: [{name: trunk, layers: [{kind: dense, units: 8, activation: tanh}]}]
tasks:
  - {name: kind, head: [{kind: dense, units: 3}], loss: softmax_cross_entropy}
  - {name: size, head: [{kind: dense, units: 1}], loss: squared_error, weight: 0.5}
training: {batch_size: 48, seed: 3, optimizer: {kind: adam, learning_rate: 0.01}}
"""


@pytest.fixture
def spec() -> Spec:
    return mtl.parse(DOCUMENT)


@pytest.fixture
def data(spec: Spec) -> Dataset:
    return training_examples(spec, lower(spec), Path())


def test_the_batches_are_those_of_training_with_the_last_of_the_epoch(spec: Spec, data: Dataset) -> None:
    case = own_case(spec, data)
    rows = order(len(data), epoch=0, training=spec.training)
    assert len(case.batches) == 3
    for batch, taken in zip(case.batches, (rows[:48], rows[48:96], rows[-(len(data) % 48) :]), strict=True):
        assert np.array_equal(batch.inputs["x"], data.inputs["x"][taken])
        assert np.array_equal(batch.targets["kind"], data.targets["kind"][taken])
    assert [len(step.rows[0]) for step in case.steps[:10]] == [48] * 10


def test_only_the_examples_that_are_needed_are_kept(spec: Spec, data: Dataset) -> None:
    case = own_case(spec, data, steps=2)
    assert len(case.dataset) == 2 * 48 + len(data) % 48
    assert len(case.steps) == 2


def test_every_level_applies_and_the_reference_conforms(spec: Spec, data: Dataset) -> None:
    done = list(results(Reference(), suite=[own_case(spec, data, name="My Model")]))
    assert [(result.case, result.level) for result in done] == [("own/my-model", level) for level in LEVELS]
    assert {result.verdict for result in done} == {"conforms"}


def test_few_steps_are_no_interchange(spec: Spec, data: Dataset) -> None:
    levels = {
        steps: [r.level for r in results(Reference(), suite=[own_case(spec, data, steps=steps)])] for steps in (10, 11)
    }
    assert levels == {10: LEVELS[:-1], 11: LEVELS}


def test_the_case_travels_as_a_file(spec: Spec, data: Dataset) -> None:
    case = own_case(spec, data)
    again = read(content_of(case))
    assert again.spec == case.spec
    assert np.array_equal(again.steps[-1].learning_rates, case.steps[-1].learning_rates)
    assert all(np.array_equal(again.parameters[path], array) for path, array in case.parameters.items())


def test_a_backend_that_differs_is_named_with_the_place(spec: Spec, data: Dataset, tmp_path: Path) -> None:
    case = own_case(spec, data)
    reference, frozen = verify(case, backends=["numpy", "planted_differences:Frozen"])
    assert reference.green
    assert not frozen.green
    found = {result.level: result for result in frozen.results}
    assert found["loss"].verdict == "conforms"
    assert found["gradient"].verdict == "differs"
    assert found["gradient"].first is not None
    assert found["gradient"].first.where == "gradient of trunk[0].bias, total, batch 0"
    frozen.write(tmp_path / "frozen.jsonl", case)
    written = report.read(tmp_path / "frozen.jsonl")
    assert written.header.examined == "document"
    assert written.case(case.id).spec == spec
    assert {result.verdict for result in results(Frozen(), suite=[written.case(case.id)], level="gradient")} == {
        "differs",
        "not_run",
    }


@pytest.mark.parametrize("names", [[], ["numpy", "numpy"], ["nimpy"]])
def test_other_names_than_different_backends_are_refused(spec: Spec, data: Dataset, names: list[str]) -> None:
    with pytest.raises(MtlspecError):
        list(verify(own_case(spec, data, steps=2), backends=names))


def test_a_backend_without_what_the_document_needs_is_refused() -> None:
    soft = mtl.parse(DOCUMENT.replace("tanh", "softplus"))
    case = own_case(soft, training_examples(soft, lower(soft), Path()), steps=2)
    with pytest.raises(BackendError, match="'planted:Narrow' does not have activation/softplus"):
        list(verify(case, backends=["planted:Narrow"]))


def _run(*arguments: str | Path) -> int:
    with pytest.raises(SystemExit) as left:
        app([str(argument) for argument in arguments], prog_name="mtlspec")
    assert isinstance(left.value.code, int)
    return left.value.code


def test_the_command_writes_report_and_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = tmp_path / "own.yaml"
    document.write_text(DOCUMENT)
    page, lines = tmp_path / "own.html", tmp_path / "own.jsonl"
    assert _run("verify", document, "--backends", "numpy", "--report", lines, "--page", page) == 0
    told = capsys.readouterr()
    assert "numpy: 8 conform, 0 differ, of 8" in told.out
    assert "synthetic" in told.err
    assert report.read(lines).footer.of == 8
    assert "own/own" in page.read_text()


def test_a_document_with_data_is_verified_on_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("verify", EXAMPLES / "penguins.yaml", "--backends", "numpy") == 0
    told = capsys.readouterr()
    assert "8 conform" in told.out
    assert "synthetic" not in told.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("none.yaml",),
        ("own.yaml", "--backends", "nimpy"),
        ("own.yaml", "--backends", "numpy", "--data", "x.csv"),
        ("own.yaml", "--backends", "numpy", "--report", "no/such/folder.jsonl"),
        ("own.yaml", "--backends", "numpy", "--precision", "as_built"),
        (),
    ],
    ids=["no document", "no backend", "data without its section", "no folder", "precision of witnesses", "nothing"],
)
def test_bad_input_exits_with_2_and_writes_nothing(
    arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own.yaml").write_text(DOCUMENT)
    monkeypatch.chdir(tmp_path)
    assert _run("verify", *arguments) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["own.yaml"]


SOFT = """
mtlspec: 1
inputs: [{name: x, shape: [4]}]
blocks: [{name: trunk, layers: [{kind: dense, units: 8, activation: relu}, batch_normalization]}]
tasks: [{name: size, head: [{kind: dense, units: 4}, batch_normalization, {kind: dense, units: 1}], loss: huber}]
training: {batch_size: 16, optimizer: {kind: adam, learning_rate: 0.01, epsilon: 1e-12}}
"""
"""A bias before a batch normalization has no gradient but rounding, which Adam makes whole steps of."""


def test_rounding_of_a_document_on_soft_ground_is_no_difference() -> None:
    soft = mtl.parse(SOFT)
    case = own_case(soft, training_examples(soft, lower(soft), Path()))
    found = {result.level: result for result in results(Symmetric(Reference(), 3), suite=[case])}
    assert {result.verdict for result in found.values()} == {"conforms"}
    assert "the reference itself moves" in found["step"].detail
    assert found["law"].detail == ""
    frozen = {result.level: result.verdict for result in results(Frozen(), suite=[case])}
    assert frozen["gradient"] == frozen["step"] == "differs"
