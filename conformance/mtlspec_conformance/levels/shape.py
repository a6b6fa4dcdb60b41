"""Level shape: names, shapes, dtypes and roles, as the graph says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from mtlspec.expectation import initial_state
from mtlspec.graph import Parameter, initial_parameters
from mtlspec.spec.training import Precision
from mtlspec.tensors import Array, Rows, Tensors
from mtlspec_conformance.measure import Finding, apart, exactly, same
from mtlspec_conformance.pair import Pair, copied, held, named


def shape(pair: Pair) -> Iterator[Finding]:
    """Yield whether parameters, slots, gradients and statistics are those of the graph."""
    graph, subject = pair.graph, pair.subject
    yield from same("graph", subject.graph, graph)
    yield from same("precision", subject.precision, pair.precision)
    yield from exactly("initial value", pair.first_parameters, held(initial_parameters(graph), pair.precision))
    yield from _first_slots(pair)
    yield from _assignment(pair)
    pair.reset()
    stored = held(pair.case.parameters, pair.precision)
    yield from exactly("parameter", subject.parameters, stored, when=" after it was set")
    yield from _formed("slot", _forms(named(subject.state)), _forms(held(named(pair.fresh), pair.precision)))
    yield from same("step counts", tuple(map(int, subject.state.steps)), (0,) * len(graph.phases))
    for index, batch in enumerate(pair.case.batches):
        _, gradients, statistics = subject.value_with_gradient(on=batch, weights=pair.case.spec.weights)
        when = f", batch {index}"
        trainable = {path: _gradient_form(graph.by_path[path], pair.precision) for path in graph.trainable}
        written = {
            p.path: (p.shape, _dtype(p, pair.precision)) for p in graph.parameters if p.role == "statistic" and p.tasks
        }
        yield from _formed(f"gradient{when}", _forms(gradients), trainable)
        yield from _formed(f"statistic{when}", _forms(statistics), written)


def _first_slots(pair: Pair) -> Iterator[Finding]:
    """Yield whether slots begin as their rules say; others are told of below."""
    found, expected = named(pair.first_state), held(named(initial_state(pair.graph)), pair.precision)
    if _forms(found) == _forms(expected):
        yield from exactly("slot", found, expected, when=" before the first update")


def _assignment(pair: Pair) -> Iterator[Finding]:
    """Yield whether one parameter can be set, and the others stay."""
    pair.reset()
    if not pair.graph.parameters:
        return
    path = pair.graph.parameters[0].path
    before = copied(pair.subject.parameters)
    other = held({path: pair.case.parameters[path] + 1}, pair.precision)[path]
    pair.subject.parameters = Tensors({path: other})
    expected = Tensors({**before, path: other})
    yield from apart("a parameter before and after it is set", before, expected)
    yield from exactly("parameter", pair.subject.parameters, expected, when=f" after {path} alone was set")


def _formed(kind: str, actual: Mapping[str, Any], expected: Mapping[str, Any]) -> Iterator[Finding]:
    yield from same(f"names: {kind}", sorted(actual), sorted(expected))
    for path, form in expected.items():
        yield from same(f"{kind} of {path}: shape and dtype", actual.get(path), form)


def _forms(entries: Mapping[str, Array | Rows]) -> dict[str, tuple[Any, str]]:
    return {path: _form(entry) for path, entry in entries.items()}


def _form(entry: Array | Rows) -> tuple[Any, str]:
    if isinstance(entry, Rows):
        return ("rows", entry.count, *entry.values.shape[1:]), str(entry.values.dtype)
    return np.shape(entry), str(np.asarray(entry).dtype)


def _gradient_form(parameter: Parameter, precision: Precision) -> tuple[Any, str]:
    return ("rows", *parameter.shape) if parameter.by_row else parameter.shape, precision


def _dtype(parameter: Parameter, precision: Precision) -> str:
    return "int64" if parameter.dtype == "integer" else precision
