"""The order of the examples, as a part of level chance: the rows that reach a program when it is trained."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations

import numpy as np

from mtlspec.backend import Program
from mtlspec.spec.training import Training
from mtlspec.tensors import Array
from mtlspec.training import steps_per_epoch, train
from mtlspec_conformance.measure import Finding, same
from mtlspec_conformance.odds import uncorrelated
from mtlspec_conformance.pair import Pair
from mtlspec_conformance.recorder import Recorder

EPOCHS = 3


def taken_rows(pair: Pair) -> Iterator[Finding]:
    """Yield whether each epoch takes every example once, in an order of its own that any backend takes."""
    training, size = pair.graph.training, len(pair.case.dataset)
    reference, subject = pair.both
    found = _recorded(pair, subject, training)
    expected = _recorded(pair, reference, training)
    yield from same("rows of every step", [rows.tolist() for rows in found], [rows.tolist() for rows in expected])
    epochs = _by_epoch(found, steps_per_epoch(size, training))
    taken = size if training.last_batch == "keep" else size - size % training.batch_size
    for epoch, rows in enumerate(epochs):
        yield from same(f"number of examples in epoch {epoch}", len(rows), taken)
        yield from same(f"number of different examples in epoch {epoch}", len(set(rows.tolist())), taken)
    yield from _shuffled(pair, training, epochs) if training.shuffle else _in_order(epochs, taken)


def _recorded(pair: Pair, program: Program, training: Training) -> list[Array]:
    """Return the rows of every step of some epochs."""
    pair.reset()
    recorder = Recorder(program)
    history = train(recorder, pair.case.dataset, epochs=EPOCHS, training=training, progress=False)
    return recorder.rows if len(history.losses) == len(recorder.rows) else []


def _by_epoch(rows: list[Array], steps: int) -> list[Array]:
    return [np.concatenate(rows[first : first + steps]) for first in range(0, len(rows), steps)]


def _in_order(epochs: list[Array], taken: int) -> Iterator[Finding]:
    for epoch, rows in enumerate(epochs):
        yield from same(f"rows of epoch {epoch}, in the order of the data", rows.tolist(), list(range(taken)))


def _shuffled(pair: Pair, training: Training, epochs: list[Array]) -> Iterator[Finding]:
    """Yield whether orders have nothing to do with each other: of two epochs, two seeds, and of the data."""
    other = training.model_copy(update={"seed": training.seed + 1})
    reseeded = _by_epoch(_recorded(pair, pair.subject, other), math.ceil(len(epochs[0]) / training.batch_size))
    orders = {f"epoch {epoch}": rows for epoch, rows in enumerate(epochs)}
    orders |= {"the data": np.arange(len(epochs[0])), "epoch 0 by another seed": reseeded[0]}
    for (one, first), (two, second) in combinations(orders.items(), 2):
        if first.size > 1:
            yield uncorrelated(f"the orders of {one} and {two}", first, second)
