"""Windows: strategies for layers that move a window over a shape, or cut something off it, drawn so that they fit."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from mtlspec.spec import layers
from mtlspec.spec.layers import Layer
from mtlspec.spec.signature import Shape, channels, known
from mtlspec_conformance.specs.mending import MENDED, Fields
from mtlspec_conformance.specs.values import Kinds, Strategy, field_of, having

SIZES = ("kernel_size", "pool_size")
LARGEST = 3
NUMBERS = (0, 1, 2)
TRANSPOSED = (layers.TransposedConv1d, layers.TransposedConv2d)
POOLS = (layers.MaxPool1d, layers.MaxPool2d, layers.AveragePool1d, layers.AveragePool2d)
OLD = (layers.Conv2d, layers.MaxPool2d, layers.AveragePool2d)
"""Layers of an older profile, whose new fields a backend has to claim."""


def windowed(cls: type[Layer]) -> bool:
    """Return whether layers of `cls` move a window, or cut something off."""
    return any(name in cls.model_fields for name in (*SIZES, "cropping"))


@st.composite
def windows(draw: st.DrawFn, cls: type[Layer], shape: Shape, kinds: Kinds) -> Any:
    """Return a strategy for layers of `cls` that fit examples of `shape`."""
    extents, own = known(shape[:-1]), set(cls.model_fields)

    def may(feature: str) -> bool:
        return feature in own and (cls not in OLD or f"windows/{feature}" in kinds)

    if "cropping" in own:
        return draw(having(cls, kinds, cropping=st.tuples(*map(_crops, extents)).map(_of_rank)))
    sizes = [draw(st.integers(1, min(LARGEST, extent))) for extent in extents]
    fields: dict[str, Strategy] = {name: st.just(_of_rank(sizes)) for name in SIZES if name in own}
    if cls in TRANSPOSED or (cls in OLD and "windows/border" not in kinds):
        fields["padding"] = st.sampled_from(["valid", "same"])
    if cls in TRANSPOSED:  # a window below its size leaves something, however much of it is cut off at one end
        fields["padding"] |= st.tuples(*(_crops(k) for k in sizes)).map(_of_rank)
    if "dilation" in own:
        room = [
            min(LARGEST, (n - 1) // max(k - 1, 1)) if k > 1 else LARGEST for n, k in zip(extents, sizes, strict=True)
        ]
        gaps = st.tuples(*(st.integers(1, most) for most in room)).map(_of_rank)
        fields["dilation"] = gaps if may("dilation") else st.just(_of_rank([1] * len(room)))
    if "groups" in own:
        counts = [count for count in (1, 2, 3) if channels(shape) % count == 0]
        fields["groups"] = st.sampled_from(counts if may("groups") else [1])
    if "padding_counts" in own and not may("padding_counts"):
        fields["padding_counts"] = st.just(False)
    for name in ("padding", "padding_counts"):  # drawn always: shapes that have windows are few
        if name in own and name not in fields:
            fields[name] = field_of(cls, name, kinds)
    return draw(having(cls, kinds, **fields))


def _of_rank(numbers: Any) -> Any:
    return numbers[0] if len(numbers) == 1 else tuple(numbers)


def _crops(extent: int) -> Strategy:
    """Return a strategy for so many places before and after that something is left of `extent`."""
    pairs = [(before, after) for before in NUMBERS for after in NUMBERS if before + after < extent]
    return st.sampled_from(pairs)


def _agreeing(fields: Fields) -> Fields:
    """Return the fields of a layer with a window such that no two of them exclude each other."""
    kept = dict(fields)
    if _largest(kept.get("dilation", 1)) > 1:
        kept.pop("strides", None)
    if "groups" in kept:
        kept["filters"] *= kept["groups"]
    if isinstance(kept.get("padding", ""), str):
        kept.pop("padding_counts", None)
    return kept


def _with_less_border(fields: Fields) -> Fields:
    """Return the fields of a pool whose border is below its size."""
    padding, size = fields.get("padding", "valid"), fields.get("pool_size", 2)
    if isinstance(padding, str):
        return _agreeing(fields)
    if isinstance(padding[0], int):
        less: Any = tuple(min(number, _largest(size) - 1) for number in padding)
    else:
        sizes = (size, size) if isinstance(size, int) else size
        less = tuple(tuple(min(n, k - 1) for n in ends) for ends, k in zip(padding, sizes, strict=True))
    return _agreeing(fields | {"padding": less})


def _largest(numbers: Any) -> int:
    return int(numbers if isinstance(numbers, int) else max(numbers))


MENDED.update({cls: _agreeing for cls in Layer.kinds.values() if issubclass(cls, layers.Convolution)})
MENDED.update(dict.fromkeys(POOLS, _with_less_border))
