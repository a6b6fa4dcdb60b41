"""Stability: whether a case stands on firm ground, so that a difference in it says something of a backend.

Mathematically zero gradients, kinks, ties and cancellation turn rounding into differences. The reference is held
against itself: with first values, inputs and labels one unit in the last place away, and gradients as much; in float32,
where all rounding is larger by a known factor; and well away, to see whether a zero is one of structure or of terms
that cancel. Where it does not agree, nothing can be judged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

import numpy as np

import mtlspec
from mtlspec.backend import Backend, Program, ProgramState, Statistics
from mtlspec.graph import Graph, Node
from mtlspec.registry import found_backend
from mtlspec.spec.layers import BatchNormalization, GroupNormalization, LayerNormalization
from mtlspec.spec.training import Precision
from mtlspec.step import one_step
from mtlspec.tensors import Array, Tensors
from mtlspec_conformance.case import Case, Script
from mtlspec_conformance.disturbance import Blurred, nudged, pushed
from mtlspec_conformance.levels.trajectory import stepped
from mtlspec_conformance.measure import Disagreement, Finding, Findings, largest, tensors, worst
from mtlspec_conformance.mutants.rewriting import having
from mtlspec_conformance.pair import copied, frozen, moved, named

BOUND = 1e-11
"""The largest scaled movement of the reference in float64: a tenth of the limit that a backend is held to."""
BOUND_IN_FLOAT32 = 3e-11 * float(np.finfo(np.float32).eps / np.finfo(np.float64).eps)
"""The largest scaled error of the reference in float32: that of float64 is smaller by as much as its rounding."""
VANISHING = 1e-4
"""A cross-entropy below is what rounding leaves of large logits: every label is right, beyond doubt."""
REST = 1e-14
"""The largest number of a gradient, in relation to that of all, which may be what rounding leaves of a zero."""
EQUAL = 1e-9
"""The spread, in relation to the largest, of numbers that are the same but for rounding."""


def _by_channel(layer: BatchNormalization, values: Array) -> Array:
    return values.reshape(-1, values.shape[-1]).T


def _by_last_axes(layer: LayerNormalization, values: Array) -> Array:
    return values.reshape(*values.shape[: -layer.axes], -1)


def _by_group(layer: GroupNormalization, values: Array) -> Array:
    parts = values.reshape(len(values), -1, layer.groups, values.shape[-1] // layer.groups)
    return np.moveaxis(parts, 2, 1).reshape(len(values), layer.groups, -1)


NORMALIZED: dict[type[Any], Callable[[Any, Array], Array]] = {
    BatchNormalization: _by_channel,
    LayerNormalization: _by_last_axes,
    GroupNormalization: _by_group,
}
"""What a normalization reads, with the numbers that share a mean and a variance along the last axis."""


class Seen(NamedTuple):
    """Tensors of one kind that a program gave, and when."""

    kind: str
    entries: Mapping[str, Array]
    when: str


def stable(case: Case) -> bool:
    """Return whether the reference hardly moves when its first values and inputs do by one unit in the last place."""
    return unsteady(case) is None


def unsteady(case: Case) -> Finding | None:
    """Return what moves beyond what the rounding of a backend may, or None."""
    flat = _flattened(case)
    if flat is not None:
        return flat
    exact, short = _compiled(case.graph, "float64"), _compiled(case.graph, "float32")
    blurred = Fresh(Blurred(case.graph), exact.state)
    rounded = case.rounded("float32")
    with np.errstate(all="ignore"):  # where numbers overflow, the comparison says so
        plain = list(seen(exact, case))
        return (
            _vanishing(case, plain)
            or shaken(plain, list(seen(blurred, nudged(case))), BOUND)
            or _cancelling(plain, list(seen(exact, pushed(case))))
            or shaken(list(seen(exact, rounded)), list(seen(short, rounded)), BOUND_IN_FLOAT32)
        )


class Fresh(NamedTuple):
    """A program of the reference, and its state before any step."""

    program: Program
    state: ProgramState


def _compiled(graph: Graph, precision: Precision) -> Fresh:
    program = mtlspec.compile(graph, backend=_reference(), precision=precision)
    return Fresh(program, frozen(program.state))


@cache
def _reference() -> Backend:
    return found_backend("numpy")


def _flattened(case: Case) -> Finding | None:
    """Return the normalization of equal numbers: what comes before it has a gradient of 0 in theory."""
    drawn = () if case.trajectory is None else case.trajectory.rows
    batches = {tuple(rows.tolist()): rows for rows in (*case.rows, *drawn)}.values()
    for node in case.graph.nodes:
        together = NORMALIZED.get(type(node.layer))
        if together is None or not node.tasks:
            continue
        program = _compiled(_reading(case.graph, node), "float64").program
        program.parameters = case.parameters
        for rows in batches:
            read = program.outputs(case.batch(rows).inputs, linked=False)[node.tasks[0]]
            values = together(node.layer, read)
            largest_of = np.max(np.abs(values), axis=-1)
            if np.any((np.ptp(values, axis=-1) <= EQUAL * largest_of) & (largest_of > 0)):
                return Disagreement(node.path, np.inf, "a normalization of equal numbers")
    return None


def _reading(graph: Graph, node: Node) -> Graph:
    """Return the graph whose first task of `node` has as logits what `node` reads."""
    heads = (having(h, output=node.sources[0]) if h.task == node.tasks[0] else h for h in graph.heads)
    changed: Graph = having(graph, heads=tuple(heads))
    return changed


def _vanishing(case: Case, plain: list[Seen]) -> Finding | None:
    """Return the cross-entropy that is next to nothing: a framework may find any such number, or 0."""
    crossed = [task.name for task in case.spec.tasks if task.loss.link != "none"]
    losses = ((seen.when, task, float(seen.entries[task])) for seen in plain if seen.kind == "loss" for task in crossed)
    small = ((when, task, loss) for when, task, loss in losses if 0 < loss < VANISHING)
    return next((Disagreement(f"loss of {task}{when}", loss, "all but 0") for when, task, loss in small), None)


def shaken(plain: list[Seen], other: list[Seen], bound: float) -> Finding | None:
    """Return what is further than `bound` from what was seen before, or None."""
    peaks = {kind: max(largest(seen.entries) for seen in plain if seen.kind == kind) for kind, _, _ in plain}
    pairs = zip(plain, other, strict=True)
    found = [finding for own, its in pairs for finding in _compared(own, its, peaks[own.kind])]
    return worst(finding for finding in found if _beyond(finding, bound))


def _cancelling(plain: list[Seen], pushed: list[Seen]) -> Finding | None:
    """Return the tensor that is zero, or a rest of rounding, because its terms cancel: another order leaves another."""
    peak = max(largest(seen.entries) for seen in plain if seen.kind == "gradient")
    for own, other in zip(plain, pushed, strict=True):
        for path, entry in own.entries.items():
            rest = own.kind == "gradient" and 0 < np.max(np.abs(entry), initial=0.0) < REST * peak
            if rest or (not np.any(entry) and np.any(other.entries[path])):
                return Disagreement(f"{own.kind} of {path}{own.when}", np.inf, "zero by cancellation")
    return None


def _beyond(finding: Finding, bound: float) -> bool:
    return finding.error > bound or (isinstance(finding, Disagreement) and finding.exact)


def _compared(plain: Seen, shaken: Seen, peak: float) -> Findings:
    return tensors(plain.kind, shaken.entries, plain.entries, when=plain.when, scale=peak)


def seen(start: Fresh, case: Case) -> Iterator[Seen]:
    """Yield all that the levels compare of a program: outputs, losses, gradients, and what every step moves."""
    program, fresh, weights = *start, case.spec.weights
    alone = [{name: float(name == task) for name in weights} for task in weights] if len(weights) > 1 else []
    for index, batch in enumerate(case.batches):
        at = f", batch {index}"
        program.parameters, program.state = case.parameters, fresh
        yield Seen("logits", program.outputs(batch.inputs, linked=False), at)
        yield _losses(program.losses(on=batch, training=False), f" in inference{at}")
        for each in (weights, *alone):
            value = program.value_with_gradient(on=batch, weights=each)
            yield Seen("gradient", {path: getattr(g, "values", g) for path, g in value.gradients.items()}, at)
        before = copied(program.parameters)
        yield _losses(one_step(program, on=batch, weights=weights, learning_rates=case.first_rates).losses, at)
        yield from _moved(program, before, at)
    program.parameters, program.state = case.parameters, fresh
    for k, step in enumerate(case.steps, 1):
        before = copied(program.parameters)
        losses = stepped(program, case, (step,)).losses[0]
        yield _losses(dict(zip(case.graph.tasks, losses.tolist(), strict=True)), f", step {k}")
        yield from _moved(program, before, f", step {k}")
    program.parameters, program.state = case.parameters, fresh
    yield from _scripted(program, case.script)


def _scripted(program: Program, script: Script | None) -> Iterator[Seen]:
    """Yield what each update along scripted gradients moves, each held to its own size, as in the level."""
    if script is None:
        return
    for step, (gradients, rates) in enumerate(zip(script.gradients, script.learning_rates, strict=True), 1):
        for phase, rate in enumerate(np.asarray(rates)):
            before = copied(program.parameters)
            program.update(along=gradients, statistics=Statistics(), learning_rate=float(rate), phase=phase)
            at = f", scripted step {step}, phase {phase}"
            yield Seen(f"update{at}", moved(program, before, "trainable"), "")


def _losses(losses: Mapping[str, float], when: str) -> Seen:
    return Seen("loss", {task: np.asarray(loss) for task, loss in losses.items()}, when)


def _moved(program: Program, before: Tensors, when: str) -> Iterator[Seen]:
    yield Seen("update", moved(program, before, "trainable"), when)
    yield Seen("change", moved(program, before, "statistic"), when)
    yield Seen("slot", named(program.state), when)
