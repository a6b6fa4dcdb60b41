"""What cannot be recorded or compared is refused with what was expected, what was found, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from mtlspec_conformance.witness import Record, compare
from mtlspec_conformance.witness.process import Job, WitnessError, outcomes, record
from mtlspec_conformance.witness.record import RecordError
from witness_data import houses, saved

PROGRAMS = Path(__file__).parent / "wrong_programs.py"


def price_only() -> dict[str, np.ndarray]:
    return {name: array for name, array in houses().items() if name != "targets.kind"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("wrong")
    saved(found / "price.npz", price_only())
    saved(found / "houses.npz", houses())
    saved(found / "nameless.npz", {"features": np.ones((3, 6))})
    saved(found / "other.npz", {name: array[:12] for name, array in price_only().items()})
    (found / "twins.yaml").write_text("left: west\nright: east\n")
    (found / "mistakes.yaml").write_text("left: wset\nright.kernel: east.bias\nleft.bias: east\n")
    (found / "open.yaml").write_text("left: east\nright:\n")
    (found / "syntax.py").write_text("def build(:\n")
    return found


@pytest.fixture(scope="module")
def said(folder: Path) -> Mapping[str, str | None]:
    """What each recording says, by name; all are made by one process."""
    start = Job("torch", str(PROGRAMS), "plain", str(folder / "price.npz"), str(folder / "plain.record"), steps=2)
    begun = replace(start, steps=None, origin=str(folder / "plain.record"))

    def program(function: str, **changes: str) -> Job:
        return replace(start, function=function, output=str(folder / f"{function}.record"), **changes)

    other = replace(program("other_twins"), steps=None, origin=str(folder / "twins.record"))
    jobs = {
        "plain": start,
        "twins": program("twins"),
        "root": program("root"),
        "raising": program("raising"),
        "a_model": program("a_model"),
        "not_a_function": program("not_a_function"),
        "absent": program("absent"),
        "no file": replace(start, file=str(folder / "absent.py")),
        "syntax": replace(start, file=str(folder / "syntax.py")),
        "noisy": program("noisy"),
        "whole_loss": program("whole_loss"),
        "unknown_output": program("unknown_output"),
        "weight_of_nothing": program("weight_of_nothing"),
        "two_tasks": program("two_tasks"),
        "extra task": replace(start, batches=str(folder / "houses.npz")),
        "nameless": replace(start, batches=str(folder / "nameless.npz")),
        "no batches": replace(start, batches=str(folder / "absent.npz")),
        "narrow": replace(begun, function="narrow"),
        "other batches": replace(begun, batches=str(folder / "other.npz")),
        "other steps": replace(begun, steps=3),
        "no record": replace(begun, origin=str(folder / "price.npz")),
        "ambiguous": other,
        "mapped": replace(other, names=str(folder / "twins.yaml")),
        "mistakes": replace(other, names=str(folder / "mistakes.yaml")),
        "open map": replace(other, names=str(folder / "open.yaml")),
    }
    return dict(zip(jobs, outcomes(list(jobs.values())), strict=True))


@pytest.mark.parametrize("name", ["plain", "twins", "root", "mapped"])
def test_what_can_be_recorded_is(name: str, said: Mapping[str, str | None]) -> None:
    assert said[name] is None


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("raising", ["wrong_programs.py:raising raised NameError: name 'undefined_name' is not defined", "line "]),
        ("a_model", ["returned Linear: expected what mtlspec_torch.witness(...) returns"]),
        ("not_a_function", ["has no function 'not_a_function'; it has", "plain"]),
        ("absent", ["has no function 'absent'"]),
        ("no file", ["there is no Python file"]),
        ("syntax", ["raised SyntaxError"]),
        ("noisy", ["draws numbers of its own", "task 'price'", "switch off"]),
        ("whole_loss", ["the loss of task 'price' has the shape", "expected one number"]),
        ("weight_of_nothing", ["weights of cost: expected tasks with a loss: price"]),
        ("unknown_output", ["the model's outputs lack price; found: cost"]),
        ("two_tasks", ["1 outputs for 2 names: price, kind"]),
        ("extra task", ["whose tasks are price: expected targets.price; found targets.price, targets.kind"]),
        ("nameless", ["found the array 'features'; expected inputs.NAME, targets.TASK"]),
        ("no batches", ["absent.npz: No such file"]),
        ("narrow", ["not every layer has a counterpart", "0: bias (4,), kernel (6, 4)", "0: bias (3,), kernel (6, 3)"]),
        ("other batches", ["was recorded on other batches than", "both need the same file"]),
        ("other steps", ["was recorded with steps 2, not 3"]),
        ("no record", ["expected a record of version 1"]),
        ("open map", ["fill in the other name of right"]),
    ],
)
def test_a_mistake_is_told(name: str, parts: list[str], said: Mapping[str, str | None]) -> None:
    message = said[name]
    assert message is not None
    assert [part for part in parts if part not in message] == []


def test_layers_that_nothing_tells_apart_are_shown_with_a_map_to_fill_in(said: Mapping[str, str | None]) -> None:
    message = said["ambiguous"]
    assert message is not None
    assert "cannot tell which layer of torch is which of torch (2 assignments fit)" in message
    assert "could be east, west" in message
    assert "pass --map names.yaml" in message
    assert message.splitlines()[-2:] == ["left:  # east or west", "right:  # east or west"]


def test_everything_wrong_with_a_map_is_told_at_once(said: Mapping[str, str | None]) -> None:
    message = said["mistakes"]
    assert message is not None
    assert "wset: torch has no such layer or parameter; did you mean 'west'?" in message
    assert "right.kernel: east.bias: the shapes are (6, 1) and (1,)" in message
    assert "left.bias: east: one is a layer and the other a parameter" in message


def test_a_given_map_is_followed(said: Mapping[str, str | None], folder: Path) -> None:
    assert said["mapped"] is None
    found = compare(Record.load(folder / "twins.record"), Record.load(folder / "other_twins.record"))
    assert found.green
    assert found.names["left.kernel"] == "west.kernel"
    assert np.array_equal(found.second.start["west.kernel"], found.first.start["left.kernel"])


def test_what_is_not_a_number_is_never_the_same(said: Mapping[str, str | None], folder: Path) -> None:
    assert said["root"] is None
    itself = Record.load(folder / "root.record")
    found = compare(itself, itself)
    assert not found.green
    assert found.parting is not None
    assert found.parting.level == "forward"
    assert "is not the same" in found.parting.text


def test_records_of_other_starts_are_not_compared(said: Mapping[str, str | None], folder: Path) -> None:
    assert said["plain"] is None
    with pytest.raises(RecordError, match="not recorded from the same start: record the second with --from"):
        compare(Record.load(folder / "plain.record"), Record.load(folder / "twins.record"))


def test_a_backend_without_witnesses_says_so(folder: Path) -> None:
    job = Job("numpy", str(PROGRAMS), "plain", str(folder / "price.npz"), str(folder / "numpy.record"))
    with pytest.raises(WitnessError, match="backend 'numpy' takes no witnesses"):
        record(job)
    with pytest.raises(WitnessError, match="no backend 'trch'; did you mean 'torch'\\?"):
        record(replace(job, framework="trch"))


def test_a_framework_that_is_not_installed_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "torch.py").write_text("raise ModuleNotFoundError(\"No module named 'torch'\", name='torch')\n")
    monkeypatch.syspath_prepend(tmp_path)
    job = Job("torch", str(PROGRAMS), "plain", str(folder / "price.npz"), str(folder / "none.record"))
    with pytest.raises(WitnessError, match=r"witnesses of 'torch' need PyTorch: pip install 'mtlspec\[torch\]'"):
        record(job)


def test_a_process_that_dies_is_told(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "dying.py").write_text(
        "import os\ndef build():\n    print('last words', flush=True)\n    os._exit(9)\n"
    )
    job = Job("torch", str(tmp_path / "dying.py"), "build", str(folder / "price.npz"), str(folder / "none.record"))
    with pytest.raises(WitnessError, match=r"dying.py:build ended with exit code 9\nlast words"):
        record(job)
