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


MERGES: Mapping[Merge, Callable[[Sequence[Array]], Applied]] = {
    "concatenate": _concatenated,
    "add": _added,
    "multiply": _multiplied,
    "average": _averaged,
}
