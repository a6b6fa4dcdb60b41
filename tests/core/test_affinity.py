"""What one task's step does to another's loss, by hand; nothing is left of it; groupings against every partition."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_specs import two_tasks

import mtlspec as mtl
from mtlspec import Batch, MtlspecError, Program, Spec, compile, lower, train
from mtlspec.affinities import Affinity, Grouping, Probe, affinity, groupings
from mtlspec.affinities.plot import plot_affinity
from mtlspec.training import batches, synthetic

KERNEL = "trunk[0].kernel"


def one_weight(**training: Any) -> Spec:
    """Return a spec in which one number w is the prediction of the tasks a and b for the input 1."""
    trunk = {"name": "trunk", "layers": [{"kind": "dense", "units": 1, "bias": False}]}
    tasks = [{"name": name, "loss": "squared_error", "weight": weight} for name, weight in (("a", 1.0), ("b", 3.0))]
    optimizer = {"kind": "sgd", "learning_rate": 0.1}
    return Spec.model_validate(
        {
            "inputs": [{"name": "x", "shape": [1]}],
            "blocks": [trunk],
            "tasks": tasks,
            "training": {"precision": "float64", "optimizer": optimizer, **training},
        }
    )


def program_of(spec: Spec) -> Program:
    """Return the program with w = 0."""
    program = compile(spec, backend="numpy")
    program.parameters = {KERNEL: np.zeros((1, 1))}
    return program


def batch(a: float = 1.0, b: float = 2.0, *, b_is_there: bool = True) -> Batch:
    weights = {"a": np.ones(1), "b": np.full(1, float(b_is_there))}
    targets = {"a": np.array([[a]]), "b": np.array([[b]])}
    return Batch({"x": np.ones((1, 1))}, targets, weights, {"a": 1.0, "b": 1.0})


# (w - y)²: the losses at w = 0 are 1 and 4. A step of a to 0.2 leaves 0.64 and 3.24; one of b to 0.4 0.36 and 2.56.
BY_HAND = [[0.36, 0.19], [0.64, 0.36]]


@pytest.mark.parametrize("step", ["gradient", "optimizer"])
def test_an_affinity_is_the_share_of_the_loss_that_a_step_takes(step: Any) -> None:
    found = Probe(program_of(one_weight()), step).measure(on=batch(), learning_rates=np.array([0.1]))
    assert found == pytest.approx(np.array(BY_HAND), rel=1e-14)


def test_a_step_that_harms_is_below_zero() -> None:
    found = Probe(program_of(one_weight())).measure(on=batch(b=-1.0), learning_rates=np.array([0.1]))
    assert found == pytest.approx(np.array([[0.36, -0.44], [-0.44, 0.36]]), rel=1e-14)


@pytest.mark.parametrize(("gradient", "steps"), [("own", 1), ("summed", 2)])
def test_a_step_moves_what_the_phases_of_the_document_move(gradient: str, steps: int) -> None:
    spec = one_weight(phases={"kind": "per_task", "gradient": gradient})
    found = Probe(program_of(spec)).measure(on=batch(), learning_rates=np.array([0.1, 0.1]))
    assert found[0] == pytest.approx([1 - (1 - 0.2 * steps) ** 2, 1 - (2 - 0.2 * steps) ** 2 / 4], rel=1e-14)


def test_a_rate_factor_holds_for_the_step() -> None:
    spec = one_weight(groups=[{"parameters": "trunk*", "rate_factor": 0.5}])
    found = Probe(program_of(spec)).measure(on=batch(), learning_rates=np.array([0.1]))
    assert found[0] == pytest.approx([1 - 0.9**2, 1 - 1.9**2 / 4], rel=1e-14)


def test_a_penalty_is_in_the_step_of_the_optimizer_and_not_in_that_of_the_gradient() -> None:
    layer = {"kind": "dense", "units": 1, "bias": False, "kernel_penalty": {"l2": 10.0}}
    spec = one_weight().replacing(lambda s: s.blocks[0].layers, by=(layer,))
    program = program_of(spec)
    program.parameters = {KERNEL: np.full((1, 1), 0.5)}
    plain, whole = (
        Probe(program, step).measure(on=batch(), learning_rates=np.array([0.1])) for step in ("gradient", "optimizer")
    )
    # at w = 0.5 the slope of a is -1, and that of the penalty 2·10·w = 10
    assert plain[0, 0] == pytest.approx(1 - 0.4**2 / 0.25, rel=1e-14)
    assert whole[0, 0] == pytest.approx(1 - (1 - (0.5 + 0.1 - 1.0)) ** 2 / 0.25, rel=1e-14)


def test_only_what_is_shared_moves() -> None:
    spec = two_tasks(optimizer={"kind": "sgd", "learning_rate": 0.1})
    program = compile(spec, backend="numpy")
    data = synthetic(lower(spec), size=4, seed=0)
    (part,) = batches(spec, data)
    found = Probe(program).measure(on=part, learning_rates=np.array([0.1]))
    before, start = program.losses(on=part), program.parameters
    gradients = program.value_with_gradient(on=part, weights={"kind": 1.0, "size": 0.0}).gradients
    shared = ("trunk[1].kernel", "trunk[1].bias")
    program.parameters = {path: start[path] - 0.1 * gradients[path] for path in shared}
    after = program.losses(on=part)
    assert found[0] == pytest.approx([1 - after[task] / before[task] for task in ("kind", "size")], rel=1e-12)
    assert Probe(program).shared == shared


def test_a_task_without_labels_has_no_affinity() -> None:
    found = Probe(program_of(one_weight())).measure(on=batch(b_is_there=False), learning_rates=np.array([0.1]))
    assert found[0, 0] == pytest.approx(0.36)
    assert np.isnan(found).tolist() == [[False, True], [True, True]]


@pytest.mark.parametrize("step", ["gradient", "optimizer"])
def test_the_training_is_that_without_a_look(step: Any) -> None:
    layers = ({"kind": "dense", "units": 4}, "batch_normalization", {"kind": "dropout", "rate": 0.5})
    training = {"optimizer": "adam", "clipping": {"kind": "global_norm", "limit": 0.1}}
    spec = two_tasks(**training).replacing(lambda s: s.blocks[0].layers, by=layers)
    data = synthetic(lower(spec), size=18, seed=0)
    watched, plain = (compile(spec, backend="numpy") for _ in range(2))
    probe, found = Probe(watched, step), []
    reductions = {task.name: task.loss.reduction for task in spec.tasks}

    def watch(chunk: mtl.training.Chunk) -> None:
        part = data.batch(chunk.steps.rows[0], reductions)
        found.append(probe.measure(on=part, learning_rates=chunk.steps.learning_rates[0]))

    histories = [
        train(watched, data, progress=False, steps_per_chunk=2, watch=watch),
        train(plain, data, progress=False, steps_per_chunk=2),
    ]
    assert (histories[0].losses == histories[1].losses).all()
    assert all((watched.parameters[path] == plain.parameters[path]).all() for path in plain.parameters)
    assert len(found) == 3 * 3  # of five batches in each of three epochs: 1, 3, and the partial one
    assert np.isfinite(found).all()


def test_affinity_is_the_mean_over_the_training() -> None:
    spec = two_tasks()
    data = synthetic(lower(spec), size=16, seed=0)
    found = affinity(spec, backend="numpy", data=data, steps=8, every=2)
    assert found.at == (0, 2, 4, 6)
    assert found.mean == pytest.approx(found.measurements.mean(axis=0))
    first = Probe(compile(spec, backend="numpy"))
    mtl.adapt(first._program, data)
    start = first.measure(on=next(iter(batches(spec, data))), learning_rates=np.array([1e-3]))
    assert (found.measurements[0] == start).all()
    assert mtl.affinity is affinity


def partitions(names: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], ...]]:
    """Yield every partition."""
    if not names:
        yield ()
        return
    first, *rest = names
    for part in partitions(tuple(rest)):
        yield ((first,), *part)
        for index, group in enumerate(part):
            yield (*part[:index], (first, *group), *part[index + 1 :])


def test_a_grouping_is_the_best_of_every_partition() -> None:
    tasks = ("a", "b", "c", "d", "e")
    affinities = np.sin(np.arange(25.0) ** 2).reshape(5, 5)

    def score(part: tuple[tuple[str, ...], ...]) -> float:
        found = 0.0
        for group in part:
            for onto in group:
                others = [affinities[tasks.index(name), tasks.index(onto)] for name in group if name != onto]
                found += sum(others) / len(others) if others else 0.0
        return found

    every = list(partitions(tasks))
    assert len(every) == 52  # Bell's number of five
    for number, found in enumerate(groupings(tasks, affinities), start=1):
        best = max((part for part in every if len(part) == number), key=score)
        assert found.number == number
        assert found.score == pytest.approx(score(best), abs=1e-12)
        assert {frozenset(group) for group in found.groups} == {frozenset(group) for group in best}


def matrix(values: list[list[float]], tasks: tuple[str, ...] = ("a", "b", "c")) -> Affinity:
    return Affinity("digest", tasks, (0,), np.array([values]), 1)


def test_tasks_that_help_each_other_are_put_together() -> None:
    found = matrix([[0.5, 0.2, -0.1], [0.3, 0.5, -0.2], [-0.3, 0.1, 0.5]])
    assert found.grouping() == Grouping((("a", "b"), ("c",)), pytest.approx(0.5))
    assert found.grouping().text == "a + b | c"
    # a gets (0.3 - 0.3)/2, b (0.2 + 0.1)/2, c (-0.1 - 0.2)/2
    assert found.grouping(1) == Grouping((("a", "b", "c"),), pytest.approx(0.0))
    assert found.grouping(3) == Grouping((("a",), ("b",), ("c",)), 0.0)
    assert found.to_json(groups=3)["grouping"] == {"groups": [["a"], ["b"], ["c"]], "score": 0.0}
    assert found.to_json()["affinity"]["c"] == {"a": -0.3, "b": 0.1, "c": 0.5}


def test_tasks_that_only_harm_stay_alone() -> None:
    assert matrix([[0.5, -0.1], [-0.1, 0.5]], ("a", "b")).grouping().text == "a | b"


@pytest.mark.parametrize("groups", [0, 4])
def test_more_groups_than_tasks_are_refused(groups: int) -> None:
    with pytest.raises(MtlspecError, match=f"expected from 1 to 3 groups, one for each task, found {groups}"):
        matrix([[0.0] * 3] * 3).grouping(groups)


def test_what_is_not_known_is_not_grouped() -> None:
    found = matrix([[0.5, np.nan], [0.1, 0.5]], ("a", "b"))
    assert found.ungroupable == "no batch has labels of both 'a' and 'b'"
    assert found.to_json()["affinity"]["a"]["b"] is None
    many = Affinity("digest", tuple(f"t{i}" for i in range(13)), (0,), np.zeros((1, 13, 13)), 1)
    assert not many.groupable
    with pytest.raises(MtlspecError, match="there are 13 tasks"):
        many.grouping()


def test_a_pair_counts_where_it_is_known() -> None:
    measurements = np.array([[[0.2, np.nan], [0.4, 0.0]], [[0.4, 0.1], [np.nan, 0.0]]])
    found = Affinity("digest", ("a", "b"), (0, 1), measurements, 2)
    assert found.mean == pytest.approx(np.array([[0.3, 0.1], [0.4, 0.0]]))


def test_a_heat_map_is_the_same_for_the_same_numbers(tmp_path: Path) -> None:
    for name in ("a.svg", "b.svg"):
        plot_affinity(matrix([[0.5, np.nan, -0.1], [0.3, 0.5, -0.2], [-0.3, 0.1, 0.5]]), tmp_path / name)
    text = (tmp_path / "a.svg").read_text()
    assert text == (tmp_path / "b.svg").read_text()
    assert all(f"<!-- {label} -->" in text for label in ("+0.3", "+0.5", "step of"))


@pytest.mark.parametrize(
    ("spec", "options", "told"),
    [
        (two_tasks(tasks=two_tasks().to_document()["tasks"][:1]), {}, "needs two or more, found one"),
        (two_tasks(), {"every": 0}, "a number of `every` from 1, found 0"),
        (two_tasks(), {"steps": 0}, "a number of `steps` from 1, found 0"),
        (two_tasks(groups=[{"parameters": "trunk*", "frozen": True}]), {}, "no parameter that is trained serves two"),
        (two_tasks(accumulation={"batches": 2}), {"step": "optimizer"}, "take the step `gradient`"),
    ],
)
def test_what_cannot_be_measured_is_told(spec: Spec, options: dict[str, Any], told: str) -> None:
    with pytest.raises(MtlspecError, match=told):
        affinity(spec, backend="numpy", **options)
