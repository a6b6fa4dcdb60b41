"""A comparison: every run as `train` would make it, at one budget, kept and found again."""

from __future__ import annotations

from pathlib import Path

import pytest
from baseline_runs import SPEC, InThisProcess, compared, with_rate

import mtlspec as mtl
from mtlspec import BackendError, DataError, MtlspecError, Spec, compile
from mtlspec.baselines import Sweep, alone, baseline, compared_examples
from mtlspec.baselines.folder import ABOUT, RUNS
from mtlspec.training import evaluate, train


def trained(spec: Spec, tasks: tuple[str, ...]) -> dict[str, float]:
    """Return what training and evaluation of `spec` come to without a comparison."""
    from mtlspec.baselines.alone import examples_of

    training, held_out = (examples_of(part, tasks) for part in compared_examples(SPEC))
    program = compile(spec, backend="numpy")
    train(program, training, progress=False)
    return evaluate(program, held_out)


def test_the_processes_of_runs_come_to_what_train_does(tmp_path: Path) -> None:
    found = compared(tmp_path / "out")
    assert found.method("joint").records[0].held_out == trained(SPEC, ("kind", "size"))
    own = {**trained(alone(SPEC, "kind"), ("kind",)), **trained(alone(SPEC, "size"), ("size",))}
    assert found.method("alone").records[0].held_out == own
    joint = found.method("joint").records[0]
    assert (joint.steps, joint.parameters) == (30, 12 + 15 + 5)  # 2 epochs of 15 batches; trunk and two heads
    assert found.method("alone").records[0].parameters == 2 * 12 + 15 + 5
    assert joint.memory is not None and joint.memory > 2**20
    assert joint.seconds > 0


def test_every_method_has_every_seed(tmp_path: Path, runs: InThisProcess) -> None:
    found = compared(
        tmp_path, seeds=3, sweep=Sweep(grid=4), variants={"slow": with_rate(SPEC, 1e-3)}, precision="float64"
    )
    assert [(m.name, m.origin, len(m.records)) for m in found.methods] == [
        ("alone", "alone", 3),
        ("joint", "joint", 3),
        ("slow", "variant", 3),
        ("tuned weights", "tuned", 3),
    ]
    assert runs.made == 3 * (2 + 1 + 1) + 3 + 2  # three weights with the first seed, the best with two more
    assert found.seeds == (0, 1, 2)
    records = [record for method in found.methods for record in method.records]
    assert {record.steps for record in records} == {30, 60}  # those of each task alone are added up
    assert len({record.held_out["kind/loss"] for record in found.method("joint").records}) == 3
    tuned = found.method("tuned weights")
    point = next(each for each in found.tried if each.point.weights == tuple(tuned.weights.values()))
    assert tuned.records[0] == point.record


def test_the_seed_of_the_document_splits_the_data_for_all_seeds(tmp_path: Path, runs: InThisProcess) -> None:
    found = compared(tmp_path, seeds=2)
    second = SPEC.replacing(lambda s: s.training.seed, by=1)
    assert found.method("joint").records[1].held_out == trained(second, ("kind", "size"))


def test_a_second_call_makes_only_what_is_missing(tmp_path: Path, runs: InThisProcess) -> None:
    first = compared(tmp_path)
    assert runs.made == 3
    assert compared(tmp_path).to_json() == first.to_json()
    assert runs.made == 3
    compared(tmp_path, seeds=2)
    assert runs.made == 6
    compared(tmp_path, seeds=2, sweep=Sweep(grid=3))
    assert runs.made == 6 + 2 + 1


def test_an_interrupted_comparison_loses_one_run(tmp_path: Path, runs: InThisProcess) -> None:
    runs.interrupted = 2
    with pytest.raises(KeyboardInterrupt):
        compared(tmp_path)
    assert len(list((tmp_path / RUNS).iterdir())) == 2
    runs.interrupted = None
    found = compared(tmp_path)
    assert runs.made == 3
    assert found.method("joint").records[0].held_out == trained(SPEC, ("kind", "size"))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"spec": with_rate(SPEC, 0.5)}, "runs of another document"),
        ({"precision": "float32"}, "runs of another precision: float64 there, float32 now"),
        ({"epochs": 1}, "runs of another number of epochs: the document's there, 1 now"),
        ({"backend": "torch"}, "runs of another backend: numpy there, torch now"),
    ],
)
def test_a_folder_of_something_else_is_noticed(
    tmp_path: Path,
    runs: InThisProcess,
    change: dict[str, object],
    told: str,
) -> None:
    compared(tmp_path)
    with pytest.raises(MtlspecError, match=told):
        compared(tmp_path, **change)  # type: ignore[arg-type]
    assert runs.made == 3


def test_other_data_is_noticed(tmp_path: Path, runs: InThisProcess) -> None:
    compared(tmp_path)
    training, held_out = compared_examples(SPEC)
    held_out.targets["size"][0] += 1
    with pytest.raises(MtlspecError, match="runs of another data"):
        compared(tmp_path, data=(training, held_out))


@pytest.mark.parametrize("content", ["{", "[1]", '{"spec": "0"}'])
def test_a_damaged_record_is_told(tmp_path: Path, runs: InThisProcess, content: str) -> None:
    compared(tmp_path)
    (file,) = (tmp_path / RUNS).glob("joint-*")
    file.write_text(content)
    with pytest.raises(MtlspecError, match="remove it to run it again"):
        compared(tmp_path)
    file.unlink()
    compared(tmp_path)
    assert runs.made == 4


def test_a_damaged_description_is_told(tmp_path: Path, runs: InThisProcess) -> None:
    compared(tmp_path)
    (tmp_path / ABOUT).write_text("{")
    with pytest.raises(MtlspecError, match="cannot be read"):
        compared(tmp_path)


@pytest.mark.parametrize(
    ("variant", "told"),
    [
        (SPEC.replacing(lambda s: s.training.epochs, by=3), "expected `epochs: 2` as in the document, found 3"),
        (SPEC.replacing(lambda s: s.training.batch_size, by=8), "expected `batch_size: 4`"),
        (SPEC.replacing(lambda s: s.tasks[0].metrics, by=("f1",)), "task 'kind' has another `metrics`"),
        (SPEC.replacing(lambda s: s.tasks[1].loss, by="huber"), "task 'size' has another `loss`"),
        (SPEC.replacing(lambda s: s.tasks, by=SPEC.tasks[:1]), "expected the tasks kind, size, found kind"),
        (SPEC.replacing(lambda s: s.inputs[0].shape, by=(3,)), "expected the inputs of the document"),
        (SPEC.replacing(lambda s: s.tasks[0].name, by="kinds"), "has no task 'kinds'; did you mean 'kind'"),
    ],
)
def test_an_unfair_comparison_is_refused(
    tmp_path: Path,
    runs: InThisProcess,
    variant: Spec,
    told: str,
) -> None:
    with pytest.raises(MtlspecError, match=told):
        compared(tmp_path, variants={"other": variant})
    assert runs.made == 0


@pytest.mark.parametrize("name", ["joint", "alone", "tuned weights"])
def test_two_methods_of_one_name_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(MtlspecError, match=f"two methods are called '{name}'"):
        compared(tmp_path, variants={name: SPEC})


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"seeds": 0}, "at least one seed, found 0"),
        ({"steps": 0}, "a number of `steps` from 1, found 0"),
        ({"epochs": 1, "steps": 1}, "found both: 1 and 1"),
    ],
)
def test_numbers_that_make_no_comparison_are_refused(tmp_path: Path, options: dict[str, int], told: str) -> None:
    with pytest.raises(MtlspecError, match=told):
        compared(tmp_path, **options)


def test_without_held_out_examples_there_is_nothing_to_compare_on(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="say which examples are held out by `split:`"):
        compared(tmp_path, SPEC.replacing(lambda s: s.data, by={"synthetic": 80}))


def test_an_unknown_backend_is_told_before_anything_is_made(tmp_path: Path) -> None:
    with pytest.raises(BackendError, match="no backend 'nunpy'; did you mean 'numpy'"):
        compared(tmp_path / "out", backend="nunpy")
    assert not (tmp_path / "out").exists()


def test_the_public_names_are_there() -> None:
    assert mtl.baseline is baseline
    assert mtl.Sweep is Sweep
    with pytest.raises(AttributeError, match="no attribute 'baselin'"):
        mtl.baselin  # noqa: B018
