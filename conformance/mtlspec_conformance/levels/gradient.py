"""Level gradient: of the weighted total, and of each task alone by one-hot weights; new statistics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mtlspec.backend import TaskWeights
from mtlspec.graph import Graph
from mtlspec.tensors import Tensors
from mtlspec_conformance.measure import Finding, largest, tensors
from mtlspec_conformance.pair import Pair


def gradient(pair: Pair) -> Iterator[Finding]:
    """Yield whether gradients and statistics are the same for every batch and weighting."""
    pair.reset()
    before = pair.snapshot()
    for index, batch in enumerate(pair.case.batches):
        for what, weights in _weightings(pair.graph, pair.case.spec.weights):
            when = f", {what}, batch {index}"
            expected = pair.reference.value_with_gradient(on=batch, weights=weights)
            found = pair.subject.value_with_gradient(on=batch, weights=weights)
            yield from tensors("gradient", found.gradients, expected.gradients, when=when)
            yield from statistics(pair.graph, found.statistics, expected.statistics, when)
    yield from pair.unchanged("`value_with_gradient`", before)


def statistics(graph: Graph, actual: Tensors, expected: Tensors, when: str) -> Iterator[Finding]:
    """Yield whether statistics are the same; step counters apart, lest they set the scale of the others."""
    for dtype, kind in (("float", "new statistic"), ("integer", "new step")):
        paths = {p.path for p in graph.parameters if p.dtype == dtype} | (actual.keys() - graph.by_path.keys())
        own = {path: entry for path, entry in expected.items() if path in paths}
        found = {path: entry for path, entry in actual.items() if path in paths}
        yield from tensors(kind, found, own, when=when, scale=largest(own))


def _weightings(graph: Graph, weights: Mapping[str, float]) -> Iterator[tuple[str, TaskWeights]]:
    yield "total", weights
    if len(graph.tasks) > 1:
        for task in graph.tasks:
            yield f"task {task} alone", {name: float(name == task) for name in graph.tasks}
