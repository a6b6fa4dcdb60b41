"""Chains: strategies for layers that fit one after the other, from a given shape on."""

from __future__ import annotations

from functools import cache
from typing import Literal, NamedTuple, get_args

from hypothesis import reject
from hypothesis import strategies as st

from mtlspec.spec.kind import Kind
from mtlspec.spec.layer import Chained, Merge
from mtlspec.spec.layers import (
    BatchNormalization,
    Bidirectional,
    Dense,
    Flatten,
    GroupNormalization,
    Gru,
    Layer,
    LayerNormalization,
    Lstm,
    Normalization,
    Permute,
    RepeatVector,
    Reshape,
    Residual,
    RmsNormalization,
    SimpleRnn,
    StackedRecurrent,
)
from mtlspec.spec.signature import Shape, ShapeError, Sizes, channels, elements, known
from mtlspec_conformance.specs.fitting import FITTED
from mtlspec_conformance.specs.sequences import SEQUENCES, reads_sequence, sequence
from mtlspec_conformance.specs.values import ALL, Kinds, Strategy, having, members, plain, tells_a_name, value
from mtlspec_conformance.specs.windows import windowed, windows

Dtype = Literal["float", "integer"]
CENTRING = (BatchNormalization, LayerNormalization, GroupNormalization)
"""Layers that subtract a mean."""


class Wire(NamedTuple):
    """A tensor that layers read: its shape and dtype, and whether it is an input without a layer between."""

    shape: Shape
    dtype: Dtype = "float"
    from_data: bool = False
    repeated: bool = False
    """Whether its rows are copies of one, of which a mean leaves zero in theory and rounding in fact."""

    def like(self, other: Wire) -> bool:
        """Return whether layers that read this one can read the other, too."""
        return self.shape == other.shape and self.dtype == other.dtype and self.repeated >= other.repeated


class Chain(NamedTuple):
    """Some layers, and what comes out of them."""

    layers: tuple[Layer, ...]
    wire: Wire


def layers(
    shape: Shape, *, dtype: Dtype = "float", from_data: bool = False, max_layers: int = 3, kinds: Kinds = ALL
) -> st.SearchStrategy[tuple[Layer, ...]]:
    """Return a strategy for layers that read examples of `shape`.

    Args:
        shape: The shape of one example, channels last.
        dtype: `integer` for ids, which an embedding reads.
        from_data: Whether they read an input itself, so that one of them may adapt to the data.
        max_layers: At most so many, the layers of a residual apart.
        kinds: Which layers, activations and penalties there are.
    """
    return chains(Wire(shape, dtype, from_data), max_layers, kinds).map(lambda chain: chain.layers)


@st.composite
def chains(draw: st.DrawFn, wire: Wire, max_layers: int, kinds: Kinds = ALL) -> Chain:
    """Return a strategy for chains from `wire` on; a chain that reads ids has at least its embedding."""
    least = 1 if wire.dtype == "integer" else 0
    count = draw(st.integers(least, max(least, max_layers)))
    found: list[Layer] = []
    for _ in range(count):
        layer, wire = draw(links(wire, kinds))
        found.append(layer)
    return Chain(tuple(found), wire)


@st.composite
def links(draw: st.DrawFn, wire: Wire, kinds: Kinds, *, nested: bool = False) -> tuple[Layer, Wire]:
    """Return a strategy for one layer that reads `wire`, with what comes out of it."""
    cls = draw(st.sampled_from(fitting(wire, kinds, nested)))
    if cls is Residual:
        return draw(_residuals(wire, kinds))
    layer: Layer = draw(_layer(cls, wire.shape, kinds))
    try:
        shape = layer.signature(wire.shape).shape
    except ShapeError:
        if "." not in layer.kind:
            raise
        reject()  # the fields of a user's own were not drawn for this shape
    return layer, Wire(shape, repeated=wire.repeated or cls is RepeatVector)


OFTEN = 8
"""How many times a layer of a user's own is among those to choose from."""


@cache
def fitting(wire: Wire, kinds: Kinds, nested: bool) -> list[type[Layer]]:
    """Return the layers of `kinds` that can read `wire`, the plain ones first, one of many fields several times."""
    found = [cls for cls in members(Layer, kinds) if issubclass(cls, Layer) and _fits(cls, wire, kinds, nested)]
    return [cls for cls in found for _ in range(_often(cls))]


def _often(cls: type[Layer]) -> int:
    own = "." in cls.model_fields["kind"].default  # which is drawn for its sake
    return OFTEN if own else max(1, len(cls.model_fields) // 3)


def _fits(cls: type[Layer], wire: Wire, kinds: Kinds, nested: bool) -> bool:
    if cls is Residual:
        return not nested and wire.dtype == "float" and len(wire.shape) > 0 and "merge/add" in kinds
    if cls in WITH_RECURRENT:
        merges = cls is StackedRecurrent or any(f"merge/{merge}" in kinds for merge in get_args(Merge))
        return wire.dtype == "float" and len(wire.shape) == 2 and merges and bool(_recurrent(kinds))
    if any(tells_a_name(field) for field in cls.model_fields.values() if field.is_required()):
        return False
    if cls.reads != wire.dtype or (cls is Normalization and not wire.from_data):
        return False
    if wire.repeated and cls in CENTRING:
        return False
    if cls in (LayerNormalization, RmsNormalization) and wire.shape[-1:] == (1,):
        return False  # x - mean(x) is zero in theory, as is the slope of x/|x|; a kernel makes rounding of it
    if cls in SEQUENCES:
        return reads_sequence(cls, wire.shape, kinds)
    if cls is Reshape:
        return True
    if cls is Permute:
        return len(wire.shape) > 0
    if issubclass(cls, Chained) and not _in_kinds(_smallest(cls).inside, kinds):
        return False
    try:
        _smallest(cls).signature(wire.shape)
    except ShapeError:
        return False
    return True


def _smallest(cls: type[Layer]) -> Layer:
    if "pool_size" in cls.model_fields:
        return cls(pool_size=(1, 1) if cls.model_fields["kind"].default.endswith("2d") else 1)  # type: ignore[call-arg]
    layer = plain(cls)
    assert isinstance(layer, Layer)
    return layer


def _layer(cls: type[Layer], shape: Shape, kinds: Kinds) -> Strategy:
    if cls is Reshape:
        return st.sampled_from(_shapes(elements(shape))).map(lambda other: Reshape(shape=other))
    if cls in FITTED:
        return having(cls, kinds, **FITTED[cls](shape, kinds))
    if cls in SEQUENCES:
        return sequence(cls, known(shape), kinds)
    if cls in WITH_RECURRENT:
        return _with_recurrent(cls, kinds)
    if windowed(cls):
        return windows(cls, shape, kinds)
    return value(cls, kinds)


WITH_RECURRENT: tuple[type[Layer], ...] = (Bidirectional, StackedRecurrent)
"""Layers that are written with a recurrent one."""


def _recurrent(kinds: Kinds) -> list[type[Layer]]:
    return [cls for cls in (SimpleRnn, Lstm, Gru) if f"layer/{cls.model_fields['kind'].default}" in kinds]


def _with_recurrent(cls: type[Layer], kinds: Kinds) -> Strategy:
    inner = st.one_of([value(member, kinds) for member in _recurrent(kinds)])
    if cls is StackedRecurrent:
        return having(cls, kinds, layer=inner, depth=st.integers(1, 2))
    forward = inner.map(lambda layer: layer.model_copy(update={"direction": "forward"}))
    merges = [merge for merge in get_args(Merge) if f"merge/{merge}" in kinds]
    return having(cls, kinds, layer=forward, merge=st.sampled_from(merges))


def _shapes(count: int) -> list[Sizes]:
    """Return shapes of `count` elements: one axis, then two, then an image."""
    pairs = [(n, count // n) for n in range(1, count + 1) if count % n == 0]
    return [(count,), *pairs, *((n, m, 1) for n, m in pairs), *((1, n, m) for n, m in pairs)]


@st.composite
def _residuals(draw: st.DrawFn, wire: Wire, kinds: Kinds) -> tuple[Layer, Wire]:
    """Return a strategy for residuals, whose shortcut is plain where the shape allows, else made to fit."""
    deep: list[Layer] = []
    end = wire
    for _ in range(draw(st.integers(1, 2))):
        layer, end = draw(links(end, kinds, nested=True))
        deep.append(layer)
    short = _bridge(wire.shape, end.shape) if end.shape != wire.shape else ()
    if not _in_kinds(short, kinds):
        deep, short, end = [*deep, *_bridge(end.shape, wire.shape)], (), Wire(wire.shape, repeated=end.repeated)
    return Residual(layers=tuple(deep), shortcut=short), Wire(end.shape, repeated=end.repeated)


def _in_kinds(chain: tuple[Kind, ...], kinds: Kinds) -> bool:
    return all(f"layer/{layer.kind}" in kinds for layer in chain)


def _bridge(start: Shape, end: Shape) -> tuple[Layer, ...]:
    """Return layers that make `end` of `start`."""
    if start[:-1] == end[:-1]:
        return (Dense(units=channels(end)),)
    flat: tuple[Layer, ...] = () if len(start) == 1 else (Flatten(),)
    return (*flat, Dense(units=elements(end)), *(() if len(end) == 1 else (Reshape(shape=known(end)),)))
