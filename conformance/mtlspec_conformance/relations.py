"""Relations: changes of a case with a known effect on losses, gradients and updates."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from mtlspec.backend import Program
from mtlspec.batch import Batch, Dataset
from mtlspec.graph import Phase
from mtlspec.spec import Block, Input, Spec, Task
from mtlspec.spec.content import document_of
from mtlspec.spec.decay import CoupledDecay, DecoupledDecay
from mtlspec.spec.layers import BatchNormalization, Layer
from mtlspec.spec.optimizers import GlobalNorm, Sgd
from mtlspec.spec.patterns import matches
from mtlspec.spec.training import PerTask
from mtlspec.tensors import Arrays, Tensors
from mtlspec_conformance.case import Case, Trajectory
from mtlspec_conformance.measure import Finding
from mtlspec_conformance.metamorphic import Related, Relation, answer, same_losses, same_tensors, updates
from mtlspec_conformance.mutants.rewriting import having, rebuilt

FACTOR = 4.0
"""By how much weights are scaled; a power of two, which rounds nothing."""
Document = dict[str, Any]


def _permuted(case: Case) -> Related | str:
    if len(case.graph.tasks) < 2:
        return "there is one task"
    if len(case.graph.phases) > 1:
        return "the order of tasks is that of their optimizers"
    document = document_of(case.spec, explicit=True)
    document["tasks"].reverse()
    trajectory = _weights_changed(case, lambda weights: weights[:, ::-1])
    other = replace(case, spec=Spec.model_validate(document), trajectory=trajectory, script=None)
    return Related(other, _all_same(case, other, lambda path: path, lambda task: task))


def _renamed(case: Case) -> Related | str:
    if _drops(case, ""):
        return "the mask of a dropout depends on its key path"
    parts = _names(case.spec)
    names = {name: f"n{len(parts) - index:03}" for index, name in enumerate(parts)}
    if _names_a_part(case, names):
        return "a pattern of key paths names a part"
    document = document_of(case.spec, explicit=True)
    for group, parts_of in (("blocks", case.spec.blocks), ("tasks", case.spec.tasks)):
        document[group] = document_of(rebuilt(parts_of, lambda value: _naming(value, names)), explicit=True)
    for group in ("inputs", "blocks", "tasks"):
        for part in document[group]:
            part["name"] = names[part["name"]]
            if "inputs" in part:
                part["inputs"] = [names[name] for name in part["inputs"]]
            if "reuses" in part:
                part["reuses"] = names[part["reuses"]]
            for exchange in part.get("exchanges", ()):
                exchange.update({role: names[name] for role, name in exchange.items()})
    schedule = document["training"]["schedule"]
    if "/" in schedule.get("measure", ""):
        task, _, measure = schedule["measure"].partition("/")
        schedule["measure"] = f"{names[task]}/{measure}"
    data = case.dataset
    inputs = {names[name]: own for name, own in data.inputs.items()}
    other = replace(
        case,
        spec=Spec.model_validate(document),
        dataset=_data(inputs, data, lambda part: {names[name]: own for name, own in part.items()}),
        parameters=Tensors({_path(path, names): own for path, own in case.parameters.items()}),
        script=None,
    )
    return Related(other, _all_same(case, other, lambda path: _path(path, names), names.__getitem__))


def _naming(value: Any, names: Mapping[str, str]) -> Any:
    """Return `value`, or a layer with new names of the inputs and blocks that it reads beside the one before it."""
    if not isinstance(value, Layer):
        return value
    fields = {name: getattr(value, name) for name in type(value).model_fields}
    read = {own for own in fields.values() if isinstance(own, str)} & _read(value)
    return (
        having(value, **{name: names[own] for name, own in fields.items() if isinstance(own, str) and own in read})
        if read
        else value
    )


def _read(layer: Layer) -> set[str]:
    """Return the names that a layer, or one that it is written with, reads."""
    return set(layer.also).union(*map(_read, layer.inside))


def _names_a_part(case: Case, names: Mapping[str, str]) -> bool:
    """Return whether a pattern of decay or groups reaches other parameters once the parts have other names."""
    training = case.spec.training
    patterns = [group.parameters for group in training.groups]
    if training.decay is not None:
        patterns += (*training.decay.only, *training.decay.exclude)
    return any(
        matches(pattern, path) != matches(pattern, _path(path, names))
        for pattern in patterns
        for path in case.parameters
    )


def _path(path: str, names: Mapping[str, str]) -> str:
    """Return a key path with its first name changed."""
    return re.sub(r"^(tasks\.)?(\w+)", lambda match: f"{match[1] or ''}{names[match[2]]}", path)


def _halved(case: Case) -> Related | str:
    task = case.graph.tasks[0]
    if _drops(case, f"tasks.{task}."):
        return "the mask of a dropout in the head depends on its key path"
    if _penalized(case, task):
        return "the head has a penalty, which does not go by the weight of its task"
    other = _with_twin(case, lambda weight: weight / 2, lambda weight: weight / 2)
    own = {path for path in case.graph.trainable if path.startswith(f"tasks.{task}.")}

    def compare(first: Program, second: Program) -> Iterator[Finding]:
        for index, batch in enumerate(case.batches):
            before, after = answer(first, case, batch), answer(second, other, other.batches[index])
            twin = other.graph.tasks[-1]
            yield from same_losses(after, {**before.value.losses, twin: before.value.losses[task]}, f", batch {index}")
            halves = {path: g * (0.5 if path in own else 1.0) for path, g in before.gradients.items()}
            twins = {_of_twin(path, task, twin): halves[path] for path in own}
            yield from same_tensors("gradient", after.gradients, {**halves, **twins}, f", batch {index}")

    return Related(other, compare)


def _idle(case: Case) -> Related | str:
    task = case.graph.tasks[0]
    if _penalized(case, task):
        return "the head has a penalty, which does not go by the weight of its task"
    if isinstance(case.spec.training.phases, PerTask):
        return "a task more is an optimizer more"
    if any(_decays_into_norm(phase) for phase in case.graph.phases):
        return "the decay of a head more is a part of the norm of all gradients"
    other = _with_twin(case, lambda weight: weight, lambda weight: 0.0)
    twin = other.graph.tasks[-1]

    def compare(first: Program, second: Program) -> Iterator[Finding]:
        yield from _all_same(case, other, lambda path: path, lambda name: name)(first, second)
        for index, batch in enumerate(other.batches):
            gradients = answer(second, other, batch).gradients
            new = {path: np.zeros_like(g) for path, g in gradients.items() if path.startswith(f"tasks.{twin}.")}
            yield from same_tensors("gradient", gradients, new, f", batch {index}")

    return Related(other, compare)


def _decays_into_norm(phase: Phase) -> bool:
    coupled = isinstance(phase.decay, CoupledDecay) and phase.decay.placed == "before_clip"
    return coupled and isinstance(phase.clipping, GlobalNorm)


def _scaled(case: Case) -> Related | str:
    training = case.spec.training
    if not isinstance(training.optimizer, Sgd):
        return "only sgd moves in proportion to weight and rate"
    if training.clipping is not None:
        return "a clip does not scale"
    document = document_of(case.spec, explicit=True)
    for task in document["tasks"]:
        task["weight"] *= FACTOR
    _scale_penalties(document)
    _scale_decay(case, document["training"])
    document["training"]["optimizer"]["learning_rate"] /= FACTOR
    trajectory = _weights_changed(case, lambda weights: weights * FACTOR)
    if trajectory is not None:
        trajectory = replace(trajectory, learning_rates=trajectory.learning_rates / FACTOR)
    other = replace(case, spec=Spec.model_validate(document), trajectory=trajectory, script=None)
    return Related(other, _all_same(case, other, lambda path: path, lambda task: task, gradient=FACTOR))


def _scale_decay(case: Case, training: Document) -> None:
    """Scale the decay, which goes by the rate; not one that goes by the schedule alone."""
    decay = case.spec.training.decay
    if decay is None or (isinstance(decay, DecoupledDecay) and decay.scaled_by == "schedule"):
        return
    for part, name in ((training["decay"], "rate"), *((group, "decay") for group in training.get("groups", ()))):
        if name in part:
            part[name] *= FACTOR


def _scale_penalties(part: Any) -> None:
    for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        _scale_penalties(inner)
    if isinstance(part, dict) and part.keys() == {"l1", "l2"}:
        part.update({name: own * FACTOR for name, own in part.items()})


def _split(case: Case) -> Related | str:
    if all(len(batch) < 2 for batch in case.batches):
        return "every batch has one example"
    if _drops(case, ""):
        return "the mask of a dropout depends on the row"
    if any(isinstance(node.layer, BatchNormalization) for node in case.graph.nodes):
        return "a batch normalization sees the whole batch"
    none = dict.fromkeys(case.graph.tasks, 0.0)

    def compare(first: Program, second: Program) -> Iterator[Finding]:
        for index, batch in enumerate(case.batches):
            if len(batch) > 1:
                whole = answer(first, case, batch)
                parts = [answer(second, case, part) for part in _halves(batch)]
                bare = answer(second, case, batch, none).gradients  # of the penalty, which both halves have whole
                total = {path: sum(part.gradients[path] for part in parts) - g for path, g in bare.items()}
                yield from same_tensors("gradient", total, whole.gradients, f", batch {index} in halves")
                for task, loss in whole.value.losses.items():
                    sums = {task: np.asarray(sum(part.value.losses[task] for part in parts))}
                    yield from same_tensors("loss", sums, {task: np.asarray(loss)}, f", batch {index} in halves")

    return Related(case, compare)


def _halves(batch: Batch) -> list[Batch]:
    """Return the two halves, each divided by what the whole batch is divided by, so that losses and gradients add."""
    middle = len(batch) // 2
    return [
        Batch(
            {name: array[part] for name, array in batch.inputs.items()},
            {name: array[part] for name, array in batch.targets.items()},
            {name: array[part] for name, array in batch.weights.items()},
            batch.denominators,
        )
        for part in (slice(None, middle), slice(middle, None))
    ]


def _all_same(
    case: Case, other: Case, path: Callable[[str], str], task: Callable[[str], str], *, gradient: float = 1.0
) -> Callable[[Program, Program], Iterator[Finding]]:
    """Return the comparison of logits, losses, gradients and updates, under the names of the other case."""

    def compare(first: Program, second: Program) -> Iterator[Finding]:
        for index, batch in enumerate(case.batches):
            when = f", batch {index}"
            before, after = answer(first, case, batch), answer(second, other, other.batches[index])
            yield from same_tensors("logits", after.logits, {task(t): z for t, z in before.logits.items()}, when)
            yield from same_losses(after, {task(t): loss for t, loss in before.value.losses.items()}, when)
            expected = {path(own): g * gradient for own, g in before.gradients.items()}
            yield from same_tensors("gradient", after.gradients, expected, when)
        moves = {path(own): update for own, update in updates(first, case).items()}
        yield from same_tensors("update", updates(second, other), moves)

    return compare


def _with_twin(case: Case, own: Callable[[float], float], twins: Callable[[float], float]) -> Case:
    """Return the case with a task more, that reads and learns what the first does, under other weights."""
    task = case.graph.tasks[0]
    twin = next(name for name in (f"{task}{'x' * n}" for n in range(1, 99)) if not _taken(case.spec, name))
    document = document_of(case.spec, explicit=True)
    first = document["tasks"][0]
    document["tasks"].append({**first, "name": twin, "weight": twins(first["weight"])})
    first["weight"] = own(first["weight"])
    data = case.dataset
    copies = {_of_twin(path, task, twin): array for path, array in case.parameters.items()}
    trajectory = _weights_changed(
        case, lambda w: np.concatenate([_first_column(w, own), w[:, 1:], _first_column(w, twins)], axis=1)
    )
    return replace(
        case,
        spec=Spec.model_validate(document),
        dataset=_data(data.inputs, data, lambda part: {**part, twin: part[task]} if task in part else part),
        parameters=Tensors({**copies, **case.parameters}),
        trajectory=trajectory,
        script=None,
    )


def _first_column(weights: Any, change: Callable[[float], float]) -> Any:
    """Return the weights of the first task, changed."""
    return np.asarray([[change(float(weight))] for weight in weights[:, 0]])


def _data(inputs: Arrays, data: Dataset, change: Callable[[Arrays], Arrays]) -> Dataset:
    """Return a dataset of `inputs`, and of what `data` has of its tasks, changed."""
    return Dataset(
        inputs,
        change(data.targets),
        change(data.weights),
        change(data.present),
        change(data.dividing_weights),
        counted=change(data.counted),
    )


def _taken(spec: Spec, name: str) -> bool:
    return name in _names(spec)


def _names(spec: Spec) -> list[str]:
    groups: tuple[tuple[Input | Block | Task, ...], ...] = (spec.inputs, spec.blocks, spec.tasks)
    return [part.name for group in groups for part in group]


def _of_twin(path: str, task: str, twin: str) -> str:
    return f"tasks.{twin}.{path.removeprefix(f'tasks.{task}.')}" if path.startswith(f"tasks.{task}.") else path


def _weights_changed(case: Case, change: Callable[[Any], Any]) -> Trajectory | None:
    if case.trajectory is None:
        return None
    return replace(case.trajectory, task_weights=change(case.trajectory.task_weights))


def _drops(case: Case, prefix: str) -> bool:
    nodes = (node for node in case.graph.nodes if node.path.startswith(prefix))
    return any(node.layer is not None and node.layer.drops for node in nodes)


def _penalized(case: Case, task: str) -> bool:
    return any(parameter.path.startswith(f"tasks.{task}.") for parameter in case.graph.penalized)


RELATIONS = (
    Relation("permuted", "The order of the tasks does not matter.", _permuted),
    Relation("renamed", "Names do not matter.", _renamed),
    Relation("halved", "A task twice at half its weight is the task.", _halved),
    Relation("idle", "A task of weight zero does not matter.", _idle),
    Relation("scaled", "Under sgd, weights times c at a rate of 1/c make the same steps.", _scaled),
    Relation("split", "The gradients of two halves of a batch add to that of the batch.", _split),
)
