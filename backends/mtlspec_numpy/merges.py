"""Merges: several tensors become one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from itertools import accumulate

import numpy as np

from mtlspec.spec.model import Merge
from mtlspec.tensors import Array
from mtlspec_numpy.pullback import Applied, Cotangents


def merged(merge: Merge, sources: Sequence[Array]) -> Applied:
    """Return `sources` as one tensor, with its pullback."""
    return MERGES[merge](sources)


def _concatenated(sources: Sequence[Array]) -> Applied:
    cuts = list(accumulate(source.shape[-1] for source in sources))[:-1]
    output = np.concatenate(sources, axis=-1)
    return Applied(output, lambda cotangent: Cotangents(tuple(np.split(cotangent, cuts, axis=-1)), {}))


def _added(sources: Sequence[Array]) -> Applied:
    return Applied(reduce(np.add, sources), lambda cotangent: Cotangents((cotangent,) * len(sources), {}))


def _averaged(sources: Sequence[Array]) -> Applied:
    count = len(sources)
    mean = reduce(np.add, sources) / count
    return Applied(mean, lambda cotangent: Cotangents((cotangent / count,) * count, {}))


def _multiplied(sources: Sequence[Array]) -> Applied:
    def pullback(cotangent: Array) -> Cotangents:
        # the product of the others, not output / source, which a zero would spoil
        others = ([s for j, s in enumerate(sources) if j != i] for i in range(len(sources)))
        return Cotangents(tuple(reduce(np.multiply, rest, cotangent) for rest in others), {})

    return Applied(reduce(np.multiply, sources), pullback)


def _subtracted(sources: Sequence[Array]) -> Applied:
    first, second = sources
    return Applied(first - second, lambda cotangent: Cotangents((cotangent, -cotangent), {}))


def _chosen(sources: Sequence[Array], places: Array) -> Applied:
    """Return the elements of the sources at `places`; only those that are taken have the gradient."""
    output = np.choose(places, list(sources))

    def pullback(cotangent: Array) -> Cotangents:
        none = cotangent.dtype.type(0)
        return Cotangents(tuple(np.where(places == index, cotangent, none) for index in range(len(sources))), {})

    return Applied(output, pullback)


def _largest(sources: Sequence[Array]) -> Applied:
    return _chosen(sources, np.stack(sources).argmax(axis=0))  # of equal ones the first


def _least(sources: Sequence[Array]) -> Applied:
    return _chosen(sources, np.stack(sources).argmin(axis=0))


MERGES: Mapping[Merge, Callable[[Sequence[Array]], Applied]] = {
    "concatenate": _concatenated,
    "add": _added,
    "multiply": _multiplied,
    "average": _averaged,
    "subtract": _subtracted,
    "maximum": _largest,
    "minimum": _least,
}
