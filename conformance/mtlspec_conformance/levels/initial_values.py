"""Initial values, as a part of level chance: the host's bits, of the laws that the document names."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from mtlspec.graph import initial_parameters
from mtlspec.spec.initializers import Orthogonal, UnitForget
from mtlspec_conformance.distributions import ENOUGH, distribution
from mtlspec_conformance.measure import Finding, apart, exactly, same
from mtlspec_conformance.odds import orthonormal, spread, uncorrelated
from mtlspec_conformance.pair import Pair, held


def initial_values(pair: Pair) -> Iterator[Finding]:
    """Yield whether a new program holds the host's values, others for another seed, each by its declared law."""
    graph, found = pair.graph, pair.first_parameters
    yield from exactly("initial value", found, held(initial_parameters(graph), pair.precision))
    drawn = [p for p in graph.parameters if distribution(p, graph) is not None or isinstance(p.initializer, Orthogonal)]
    if drawn:
        other = pair.reseeded.parameters
        for parameter in drawn:
            path = parameter.path
            yield from apart(f"initial values of {path} by two seeds", {path: found[path]}, {path: other[path]})
    for parameter in graph.parameters:
        if isinstance(parameter.initializer, Orthogonal):
            yield orthonormal(parameter.path, found[parameter.path], parameter.initializer.gain, pair.precision)
    for parameter in drawn:
        law = distribution(parameter, graph)
        if law is not None and np.size(found[parameter.path]) >= ENOUGH:
            yield from spread(f"the initial values of {parameter.path}", found[parameter.path], law)
    for parameter in graph.parameters:
        if isinstance(parameter.initializer, UnitForget):
            gates = np.repeat([0.0, 1.0, 0.0, 0.0], parameter.shape[0] // 4)
            expected = held({parameter.path: gates}, pair.precision)
            yield from exactly("initial gates", {parameter.path: found[parameter.path]}, expected)
    large = [p for p in drawn if np.size(found[p.path]) >= ENOUGH]
    for first, second in pairwise(large):
        one, two = (np.ravel(found[p.path])[:ENOUGH] for p in (first, second))
        yield uncorrelated(f"the initial values of {first.path} and {second.path}", one, two)
    yield from same("parameters that a new program holds", sorted(found), sorted(graph.by_path))
