from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file
from small_specs import TASKS, numeric_spec, two_tasks

from mtlspec.backend import Program
from mtlspec.batch import Dataset
from mtlspec.errors import CheckpointError, MtlspecError
from mtlspec.randomness import normal
from mtlspec.registry import compile
from mtlspec.spec import Spec
from mtlspec.tensors import Array
from mtlspec.training import dataset, load, read, save, train

Change = Callable[[dict[str, str], dict[str, Array]], object]


def examples(spec: Spec) -> Dataset:
    x = normal(0, "x", 20).reshape(10, 2)
    return dataset(spec, inputs={"x": x}, targets={"kind": [0, 1] * 5, "size": x.sum(axis=1)})


def trained(spec: Spec, *, steps: int = 4) -> Program:
    program = compile(spec, backend="numpy")
    train(program, examples(spec), steps=steps)
    return program


def test_a_checkpoint_brings_everything_back(tmp_path: Path) -> None:
    spec = two_tasks(optimizer={"kind": "adam", "amsgrad": True}, phases={"kind": "per_task"})
    program = trained(spec)
    encoders = read(numeric_spec(["a"]), frame={"a": [1], "kind": ["x"]}).encoders
    history = train(program, examples(spec), steps=6)
    save(tmp_path / "c.safetensors", program, spec, encoders=encoders, history=history)
    found = load(tmp_path / "c.safetensors")
    assert found.spec == spec
    assert found.spec.digest() == spec.digest()
    assert (found.backend, found.precision) == ("numpy", "float64")
    assert found.encoders == encoders
    assert found.history is not None
    assert found.history.to_json() == history.to_json()
    assert found.state.steps == program.state.steps == (6, 6)
    again = found.program()
    assert again.precision == "float64"
    for path, array in program.parameters.items():
        assert again.parameters[path].dtype == array.dtype
        np.testing.assert_array_equal(again.parameters[path], array, err_msg=path)
    for slot, array in program.state.slots.items():
        np.testing.assert_array_equal(again.state.slots[slot], array, err_msg=str(slot))


def test_training_goes_on_from_a_checkpoint(tmp_path: Path) -> None:
    dropout = {**TASKS[0], "head": [{"kind": "dropout", "rate": 0.5}, {"kind": "dense", "units": 3}]}
    spec = two_tasks(tasks=(dropout, TASKS[1]))
    whole = compile(spec, backend="numpy")
    expected = train(whole, examples(spec))
    part = compile(spec, backend="numpy")
    history = train(part, examples(spec), steps=5)
    save(tmp_path / "c", part, spec, history=history)
    found = load(tmp_path / "c")
    program = found.program()
    assert train(program, examples(spec), history=found.history).to_json() == expected.to_json()
    for path, array in whole.parameters.items():
        np.testing.assert_array_equal(program.parameters[path], array, err_msg=path)


def test_tensors_have_the_names_of_key_paths(tmp_path: Path) -> None:
    spec = two_tasks(optimizer={"kind": "sgd", "momentum": 0.9})
    program = trained(spec)
    save(tmp_path / "c", program, spec)
    with safe_open(tmp_path / "c", framework="numpy") as file:
        assert "parameters/trunk[1].kernel" in file.keys()  # noqa: SIM118  # no mapping
        assert "slots/0/velocity/tasks.kind.head[0].bias" in file.keys()  # noqa: SIM118
        np.testing.assert_array_equal(
            file.get_tensor("parameters/trunk[1].kernel"), program.parameters["trunk[1].kernel"]
        )
        metadata = file.metadata()
    assert json.loads(metadata["document"])["inputs"][0]["name"] == "x"
    assert metadata["model_digest"] == spec.digest(part="model")
    assert "encoders" not in metadata


def test_arrays_that_lie_in_another_order_are_written_right(tmp_path: Path) -> None:
    spec = two_tasks()
    program = compile(spec, backend="numpy")
    turned = np.asfortranarray(np.arange(8.0).reshape(2, 4))
    monkey = type("Turned", (), {"__getattr__": lambda self, name: getattr(program, name)})()
    monkey.parameters = dict(program.parameters) | {"trunk[1].kernel": turned}
    save(tmp_path / "c", monkey, spec)
    np.testing.assert_array_equal(load(tmp_path / "c").parameters["trunk[1].kernel"], turned)


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec, path = two_tasks(), tmp_path / "c"
    save(path, trained(spec), spec)
    before = path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(MtlspecError, match=r"cannot write .*No space left"):
        save(path, trained(spec, steps=8), spec)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def changed(folder: Path, change: Change) -> Path:
    spec, path = two_tasks(optimizer={"kind": "sgd", "momentum": 0.9}), folder / "c"
    save(path, trained(spec), spec)
    with safe_open(path, framework="numpy") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # no mapping
        metadata = dict(file.metadata())
    change(metadata, tensors)
    save_file(tensors, path, metadata)
    return path


KERNEL = "parameters/trunk[1].kernel"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m, t: t.pop(KERNEL), "c: the file lacks parameters/trunk[1].kernel, 1 in all"),
        (lambda m, t: t.update(more=np.zeros(1)), "c: the file has unknown more, 1 in all"),
        (lambda m, t: t.pop("slots/0/velocity/trunk[1].bias"), "the file lacks slots/0/velocity/trunk[1].bias"),
        (lambda m, t: t.update({"slots/7/velocity/b": np.zeros(1)}), "the file has unknown slots/7/velocity/b"),
        (lambda m, t: t.update({KERNEL: np.zeros((2, 3))}), "trunk[1].kernel: expected the shape (2, 4), found (2, 3)"),
        (lambda m, t: m.pop("mtlspec_checkpoint"), "c: no checkpoint: a safetensors file of something else"),
        (lambda m, t: m.update(mtlspec_checkpoint="9"), "expected a checkpoint of format 1, found 9; update mtlspec"),
        (lambda m, t: m.update(document="{"), "c: its metadata cannot be read:"),
        (lambda m, t: m.update(document="{}"), "c: its metadata cannot be read:"),
        (lambda m, t: m.pop("steps"), "c: its metadata cannot be read: 'steps'"),
        (lambda m, t: m.update(model_digest="0"), "c: its document is not the one that it was saved with"),
        (
            lambda m, t: m.update(document=m["document"].replace('"units": 4', '"units": 5')),
            "c: its document is not the one that it was saved with",
        ),
    ],
)
def test_a_file_whose_parts_do_not_belong_together_is_refused(tmp_path: Path, change: Change, message: str) -> None:
    path = changed(tmp_path, change)
    with pytest.raises(CheckpointError, match=re.escape(message)):
        load(path)


def test_a_file_that_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no file"):
        load(tmp_path / "absent")
    (tmp_path / "text").write_text("not tensors", encoding="utf-8")
    with pytest.raises(CheckpointError, match="text: no checkpoint:"):
        load(tmp_path / "text")
    with pytest.raises(CheckpointError):
        load(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda s: s.replacing(lambda s: s.inputs[0].shape, by=(3,)),
            "the inputs x [3] float, found x [2] float",
        ),
        (
            lambda s: s.replacing(lambda s: s.blocks[0].layers[1].units, by=5),
            "trunk[1] expected to make [5], found [4]",
        ),
        (lambda s: s.replacing(lambda s: s.blocks[0].layers[1].bias, by=False), "trunk[1].bias expected to be False"),
        (
            lambda s: s.replacing(lambda s: s.blocks[0].layers, by=(*s.blocks[0].layers, "flatten")),
            "trunk[2] is only in the program",
        ),
        (lambda s: s.replacing(lambda s: s.tasks[0].name, by="sort"), "is only in the"),
        (
            lambda s: s.replacing(lambda s: s.blocks[0].layers[0], by="layer_normalization"),
            "trunk[0] expected to be layer_normalization, found normalization",
        ),
    ],
)
def test_another_model_is_refused(tmp_path: Path, change: Callable[[Spec], Spec], message: str) -> None:
    spec = two_tasks()
    save(tmp_path / "c", trained(spec), spec)
    other = change(spec)
    with pytest.raises(CheckpointError, match=re.escape(message)):
        load(tmp_path / "c").restore(compile(other, backend="numpy"))
    with pytest.raises(CheckpointError, match="the program was made from another spec"):
        save(tmp_path / "c", trained(spec), other)


def test_other_optimizers_take_over_parameters_alone(tmp_path: Path) -> None:
    spec = two_tasks(optimizer={"kind": "sgd", "momentum": 0.9})
    program = trained(spec)
    save(tmp_path / "c", program, spec)
    other = compile(spec.replacing(lambda s: s.training.optimizer, by="adam"), backend="numpy")
    message = "expected 1 phases with first_moment of phase 0, second_moment of phase 0, found 1 phases with velocity"
    with pytest.raises(CheckpointError, match=message):
        load(tmp_path / "c").restore(other)
    load(tmp_path / "c").restore(other, optimizers=False)
    assert other.state.steps == (0,)
    np.testing.assert_array_equal(other.parameters["trunk[1].kernel"], program.parameters["trunk[1].kernel"])


def test_another_precision_takes_over_the_state(tmp_path: Path) -> None:
    spec = two_tasks()
    program = trained(spec)
    save(tmp_path / "c", program, spec)
    single = load(tmp_path / "c").program(precision="float32")
    kernel = single.parameters["trunk[1].kernel"]
    assert kernel.dtype == np.float32
    np.testing.assert_array_equal(kernel, program.parameters["trunk[1].kernel"].astype(np.float32))
    assert single.state.steps == (4,)


def test_damaged_numbers_are_noticed(tmp_path: Path) -> None:
    spec, path = two_tasks(), tmp_path / "c"
    save(path, trained(spec), spec)
    content = bytearray(path.read_bytes())
    content[-5] ^= 0xFF
    path.write_bytes(bytes(content))
    with pytest.raises(CheckpointError, match="the file is damaged"):
        load(path)
