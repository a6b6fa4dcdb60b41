"""A task alone: the spec without the other tasks, and without the blocks that would then serve nobody."""

from __future__ import annotations

from collections.abc import Iterator

from mtlspec.batch import Dataset
from mtlspec.errors import MtlspecError
from mtlspec.spec import Spec, Training
from mtlspec.spec.decay import Decay
from mtlspec.spec.model import Block, Task
from mtlspec.spec.patterns import matches
from mtlspec.spec.plateau import ReduceOnPlateau
from mtlspec.spec.reuse import named_in, read_by
from mtlspec.spec.value import Value
from mtlspec.spec.wiring import Wiring, rules
from mtlspec.tensors import Array, Arrays


def alone(spec: Spec, task: str) -> Spec:
    """Return `spec` with one task, of weight 1, and the blocks that it needs.

    Inputs stay, those that nothing reads any more included, so that the examples are the same. What is left keeps its
    key paths, and so its initial values. Patterns of groups and of a decay that match nothing any more are left out,
    and so is a balancing.

    Raises:
        KeyError: there is no such task.
        MtlspecError: the schedule listens to a measure of another task.
    """
    own = spec.task(task)
    _expect_own_measure(spec, task)
    parts = {
        **_given(spec),
        "blocks": _needed(spec, own),
        "tasks": (own.replacing(lambda t: t.weight, by=1.0),),
        "training": Training(),
    }
    if spec.data is not None and spec.data.synthetic is None:
        targets = tuple(part for part in spec.data.targets if part.name == task)
        parts["data"] = spec.data.replacing(lambda d: d.targets, by=targets)
    wiring = Wiring(Spec.model_validate(parts))
    paths = [f"{step.path}.{rule.leaf}" for step, rule in rules(wiring) if rule.role == "trainable"]
    return Spec.model_validate({**parts, "training": _training(spec.training, paths)})


def examples_of(data: Dataset, tasks: tuple[str, ...]) -> Dataset:
    """Return `data` with the labels of `tasks` only."""

    def of(arrays: Arrays) -> dict[str, Array]:
        return {task: arrays[task] for task in tasks if task in arrays}

    return Dataset(
        inputs=data.inputs,
        targets=of(data.targets),
        weights=of(data.weights),
        present=of(data.present),
        dividing_weights=of(data.dividing_weights),
        class_weights={task: data.class_weights[task] for task in tasks if task in data.class_weights},
        counted=of(data.counted),
    )


def _given(value: Value) -> dict[str, object]:
    return {name: getattr(value, name) for name in value.model_fields_set}


def _expect_own_measure(spec: Spec, task: str) -> None:
    schedule = spec.training.schedule
    if not isinstance(schedule, ReduceOnPlateau):
        return
    of = schedule.measure.rpartition("/")[0]
    if of not in ("", task):
        raise MtlspecError(
            f"the schedule listens to {schedule.measure!r}, which task {task!r} alone does not have; "
            "set `measure: loss` to compare with each task alone"
        )


def _needed(spec: Spec, task: Task) -> tuple[Block, ...]:
    """Return the blocks that `task` depends on, in order; each still follows the block that it reads by default."""
    blocks = {block.name: block for block in spec.blocks}
    last = (spec.blocks[-1].name,) if spec.blocks else ()
    waiting, needed = [*(task.inputs or last), *named_in(task.head)], set[str]()
    while waiting:
        name = waiting.pop()
        if name in blocks and name not in needed:
            needed.add(name)
            waiting.extend(_read(spec, blocks[name]))
    return tuple(block for block in spec.blocks if block.name in needed)


def _read(spec: Spec, block: Block) -> Iterator[str]:
    index = spec.blocks.index(block)
    before = (spec.blocks[index - 1].name,) if index else ()
    yield from block.inputs or before
    yield from read_by(block, spec)


def _training(training: Training, paths: list[str]) -> Training:
    """Return `training` for a model whose trainable parameters are at `paths`."""
    given = _given(training)
    given.pop("balancing", None)
    holding = [next((g for g in training.groups if matches(g.parameters, path)), None) for path in paths]
    if training.groups:
        given["groups"] = tuple(group for group in training.groups if any(group is held for held in holding))
    if training.decay is not None:
        given["decay"] = _decay(training.decay, paths)
    return Training.model_validate(given)


def _decay(decay: Decay, paths: list[str]) -> Decay:
    """Return `decay` with the patterns that match something; one whose `only` match nothing reaches nothing."""
    kept = {
        name: tuple(p for p in getattr(decay, name) if any(matches(p, path) for path in paths))
        for name in ("exclude", "only")
    }
    idle = {"rate": 0.0} if decay.only and not kept["only"] else {}
    return type(decay).model_validate({**_given(decay), **kept, **idle})
