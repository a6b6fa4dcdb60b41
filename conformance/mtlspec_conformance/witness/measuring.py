"""Measuring: every number that the levels compare, of one witness from one start."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

import numpy as np

from mtlspec.tensors import Array, Tensors
from mtlspec_conformance.witness.batches import Batch
from mtlspec_conformance.witness.where import (
    GRADIENT,
    LAYER_INPUT,
    LAYER_OUTPUT,
    LOSS,
    OUTPUT,
    PROBE_OUTPUT,
    RATE,
    SET_RATE,
    STATISTIC,
    TOTAL,
    UPDATE,
    WEIGHT,
    Where,
)
from mtlspec_conformance.witness.witness import Subject, Witness

Numbers = Iterator[tuple[Where, Array]]

PROBE_ROWS = 8
"""How many examples show what goes through the layers."""
SCRIPT = (0.5, -0.25, 1.0, 0.0, 1e-12, -0.75, 1e3, 0.25)
"""Gradients of the law level, the same in every element: not constant, not monotone, beyond any clip."""
RATES = (1.0, 0.5, 0.25, 2.0, 1.0, 0.125, 1.0, 0.5)
"""What the kit multiplies the rate by before each step of the script."""
CHECKED_STEPS = (1, 2, 5, 10)
"""The steps of a trajectory, beside the last, after which its updates are recorded."""


def probe_of(batch: Batch) -> Batch:
    """Return the examples whose way through the layers is recorded."""
    return batch.rows(slice(PROBE_ROWS))


def measured(subject: Subject, start: Tensors, batches: Sequence[Batch], steps: int, *, mirrored: bool) -> Numbers:
    """Yield every number of a witness that begins at `start`; `mirrored` shows it each batch from its last example."""
    shown = [batch.mirrored if mirrored else batch for batch in batches]
    probe = probe_of(batches[0])
    witness = subject.begun(at=start)
    yield from _forward(witness, shown, probe.mirrored if mirrored else probe, slice(None, None, -1 if mirrored else 1))
    for index, batch in enumerate(shown):
        for task, loss in witness.losses(*batch).items():
            yield Where("loss", LOSS, task=task, batch=index), np.asarray(loss)
    chosen = sorted({0, len(batches) // 2, len(batches) - 1})
    for index in chosen:
        yield from _gradient(witness, shown[index], index)
    if witness.steps:
        for index in chosen:
            witness = subject.begun(at=start)
            witness.step(*shown[index])
            yield from _moved(witness, start, Where("step", UPDATE, batch=index, step=1))
        yield from _laws(subject, start)
        yield from _trajectory(subject.begun(at=start), start, shown, steps)


def _forward(witness: Witness, batches: Sequence[Batch], probe: Batch, back: slice) -> Numbers:
    for index, batch in enumerate(batches):
        for task, output in witness.outputs(batch.inputs).items():
            yield Where("forward", OUTPUT, task=task, batch=index), output[back]
    calls, outputs = witness.activations(probe.inputs)
    for task, output in outputs.items():
        yield Where("forward", PROBE_OUTPUT, task=task), output[back]
    for layer, given, made in first_calls(calls):
        yield Where("forward", LAYER_INPUT, layer), given[back]
        yield Where("forward", LAYER_OUTPUT, layer), made[back]


def first_calls(calls: Sequence[tuple[str, Array, Array]]) -> Iterator[tuple[str, Array, Array]]:
    """Yield the first call of every layer; a shared one runs several times."""
    met = set()
    for call in calls:
        if call[0] not in met:
            met.add(call[0])
            yield call


def _gradient(witness: Witness, batch: Batch, index: int) -> Numbers:
    for task in witness.tasks:
        for tensor, array in witness.gradients(*batch, of=task).items():
            yield Where("gradient", GRADIENT, tensor, task, index), array
    if index == 0:
        for task in witness.tasks:
            yield Where("gradient", WEIGHT, task=task), np.asarray(witness.weights[task])
    for tensor, array in witness.gradients(*batch, of=None).items():
        yield Where("gradient", TOTAL, tensor, batch=index), array


def _moved(witness: Witness, before: Mapping[str, Array], at: Where) -> Numbers:
    """Yield after - before for every tensor: updates of what is trained, then what statistics gained."""
    after = witness.parameters
    for role, kind in (("trainable", at.kind), ("statistic", STATISTIC)):
        for tensor in after:
            if witness.roles[tensor] == role:
                yield Where(at.level, kind, tensor, batch=at.batch, step=at.step), after[tensor] - before[tensor]


def _laws(subject: Subject, start: Tensors) -> Numbers:
    """Yield how the optimizer alone follows the script: as its schedule goes, and at rates that the kit sets."""
    witness = subject.begun(at=start)
    if witness.own_loop:
        return
    yield from _law(witness, UPDATE, ())
    if witness.rate_is_plain:
        yield from _law(subject.begun(at=start), SET_RATE, RATES)


def _law(witness: Witness, kind: str, rates: Sequence[float]) -> Numbers:
    so_far = 1.0
    for step, gradient in enumerate(SCRIPT, 1):
        if rates:
            witness.scale_rate(by=rates[step - 1] / so_far)
            so_far = rates[step - 1]
        if (rate := witness.learning_rate) is not None and not rates:
            yield Where("law", RATE, step=step), np.asarray(rate)
        before = witness.parameters
        witness.follow(gradient)
        for where, array in _moved(witness, before, Where("law", kind, step=step)):
            if where.kind == kind:
                yield where, array


def _trajectory(witness: Witness, start: Tensors, batches: Sequence[Batch], steps: int) -> Numbers:
    """Yield losses before every step and how far all has moved since the start after some."""
    cycle = (batches[step % len(batches)] for step in range(steps))
    for step, batch in enumerate(islice(cycle, steps), 1):
        for task, loss in witness.losses(*batch).items():
            yield Where("trajectory", LOSS, task=task, step=step), np.asarray(loss)
        witness.step(*batch)
        if step in CHECKED_STEPS or step == steps:
            yield from _moved(witness, start, Where("trajectory", UPDATE, step=step))
