"""Fitting: strategies for the fields of a layer that hang on the shape that it reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import permutations
from math import prod

from hypothesis import strategies as st

from mtlspec.spec.layer import Layer
from mtlspec.spec.layers import GroupNormalization, LayerNormalization, Permute, Prelu, RmsNormalization, Slice
from mtlspec.spec.signature import Shape
from mtlspec_conformance.specs.values import Kinds, Strategy

Fields = Mapping[str, Strategy]


def axes(shape: Shape, kinds: Kinds) -> Fields:
    """Return how many of the last axes a normalization may take: those of known size."""
    unknown = [index for index, size in enumerate(reversed(shape)) if size is None]
    most = min([len(shape), *unknown]) if "normalization/several_axes" in kinds else 1
    return {"axes": st.integers(1, most)}


def groups(shape: Shape, kinds: Kinds) -> Fields:
    """Return the numbers of groups that cut the channels evenly and leave each group several elements."""
    count, places = shape[-1] or 1, prod(size or 1 for size in shape[:-1])
    return {"groups": st.sampled_from([n for n in range(1, count + 1) if count % n == 0 and n < count * places])}


def slopes(shape: Shape, kinds: Kinds) -> Fields:
    """Return which elements may share a slope: where a size varies, not each has one."""
    own = ["per_channel", "one"] if None in shape else ["per_channel", "one", "per_element"]
    return {"slopes": st.sampled_from(own)}


def orders(shape: Shape, kinds: Kinds) -> Fields:
    """Return the orders of the axes."""
    return {"axes": st.sampled_from(list(permutations(range(len(shape)))))}


def places(shape: Shape, kinds: Kinds) -> Fields:
    """Return slices of the first or last axis that leave something."""
    first, last = shape[0] or 1, shape[-1] or 1
    begin = st.integers(-min(first, last), min(first, last) - 1)
    return {"axis": st.sampled_from([0, -1]), "begin": begin, "end": st.none()}


FITTED: Mapping[type[Layer], Callable[[Shape, Kinds], Fields]] = {
    LayerNormalization: axes,
    RmsNormalization: axes,
    GroupNormalization: groups,
    Prelu: slopes,
    Permute: orders,
    Slice: places,
}
