"""Dropout, as a part of level chance: the masks that the subject really applies."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations

import numpy as np

from mtlspec.backend import Program
from mtlspec.batch import Batch
from mtlspec.tensors import Array
from mtlspec_conformance.masks import Shown, kept, shown_in
from mtlspec_conformance.measure import Finding, tensors
from mtlspec_conformance.odds import expected_near, independent
from mtlspec_conformance.pair import Pair

Passes = dict[str, dict[str, Array]]
"""What each node keeps [rows, elements], by the name of the pass and the node."""


def kept_elements(pair: Pair) -> Iterator[Finding]:
    """Yield whether each node keeps the share that it should, scaled up, anew in every step, row and node."""
    shown = shown_in(pair.graph)
    if not shown:
        return
    batch = pair.case.batches[0]
    passes = _passes(pair, batch, shown)
    for node in shown:
        for name, found in passes.items():
            yield from _share_and_scale(f"{node.node}, {name}", found[node.node], node.rate)
        yield from _apart_within(node, passes)
    first = passes["step 0"]
    for one, two in combinations(shown, 2):
        if one.rate == two.rate:
            what = f"the masks of {one.node} and {two.node}"
            yield independent(what, first[one.node] != 0, first[two.node] != 0, share=1 - one.rate)
    yield from _nothing_dropped(pair, batch, shown)


def _passes(pair: Pair, batch: Batch, shown: tuple[Shown, ...]) -> Passes:
    """Return what is kept in two steps, and in the first step under another seed."""
    pair.reset()
    pair.reseeded.parameters = pair.case.parameters
    found = {"step 0": kept(pair.subject, batch, shown), "step 0 by another seed": kept(pair.reseeded, batch, shown)}
    found["step 1"] = kept(_advanced(pair.subject, batch), batch, shown)
    return found


def _advanced(program: Program, batch: Batch) -> Program:
    """Return `program`, after it has taken over the statistics of a training pass."""
    program.parameters = program.value_with_gradient(on=batch, weights=dict.fromkeys(batch.weights, 1.0)).statistics
    return program


def _share_and_scale(what: str, found: Array, rate: float) -> Iterator[Finding]:
    """Yield whether the share of kept elements in each row is right, and each of them divided by it."""
    for row, elements in enumerate(found):
        error = math.sqrt(rate * (1 - rate) / elements.size)
        share = float(np.mean(elements != 0))
        yield expected_near(f"share that is kept, {what}, row {row}", share, 1 - rate, error)
    scale = {what: np.where(found != 0, 1 / (1 - rate), 0.0)}
    yield from tensors("what is kept", {what: found}, scale)


def _apart_within(node: Shown, passes: Passes) -> Iterator[Finding]:
    """Yield whether the masks of one node are independent: of two rows, steps, seeds, and neighbouring elements."""
    share = 1 - node.rate
    masks = {name: found[node.node] != 0 for name, found in passes.items()}
    first = masks["step 0"]
    for row in range(1, len(first)):
        yield independent(f"the masks of rows 0 and {row}, {node.node}", first[0], first[row], share=share)
    for name in ("step 1", "step 0 by another seed"):
        yield independent(f"the masks of step 0 and {name}, {node.node}", first, masks[name], share=share)
    for gap in (1, 2, 64):
        what = f"elements {gap} apart, {node.node}"
        yield independent(what, first[:, gap:], first[:, :-gap], share=share)


def _nothing_dropped(pair: Pair, batch: Batch, shown: tuple[Shown, ...]) -> Iterator[Finding]:
    """Yield whether in inference mode the unit behind the node sees all elements as they are."""
    pair.reset()
    found = pair.subject.outputs(batch.inputs, linked=False)
    for node in shown:
        x = np.reshape(batch.inputs[node.input], (len(batch), -1))
        expected = {node.task: x @ pair.case.parameters[node.kernel]}
        yield from tensors("logit in inference mode", {node.task: found[node.task]}, expected)
