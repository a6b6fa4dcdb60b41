"""Sequences: strategies for layers that read (positions, units), and have to fit both."""

from __future__ import annotations

from hypothesis import strategies as st

from mtlspec.spec.attention import Attending, Attention
from mtlspec.spec.layer import Layer
from mtlspec.spec.positions import LearnedPositions, Scale
from mtlspec.spec.signature import Shape, Sizes
from mtlspec.spec.transformer import TransformerEncoder
from mtlspec_conformance.specs.values import Kinds, Strategy, having

SEQUENCES: tuple[type[Layer], ...] = (Attention, TransformerEncoder, LearnedPositions, Scale)


PARTS = frozenset(
    {"merge/add", "layer/attention", "layer/dense", "layer/dropout", "layer/layer_normalization"},
)
"""What a backend has to have for a transformer."""


def reads_sequence(cls: type[Layer], shape: Shape, kinds: Kinds) -> bool:
    """Return whether a layer of `cls` can read examples of `shape`, where a backend has `kinds`.

    One position alone has the weight 1 whatever its score, and one unit normalized is 0: gradients of rounding.
    """
    if cls is Scale:
        return len(shape) > 0  # the root of the last axis needs one
    if len(shape) != 2 or None in shape:
        return False
    if cls is TransformerEncoder and not kinds >= PARTS:
        return False
    least = (2 if issubclass(cls, Attending) else 1, 2 if cls is TransformerEncoder else 1)
    return all(size is not None and size >= bound for size, bound in zip(shape, least, strict=True))


def sequence(cls: type[Layer], shape: Sizes, kinds: Kinds) -> Strategy:
    """Return a strategy for a layer of `cls` that reads examples of `shape`."""
    if cls is Scale:
        return having(cls, kinds)
    positions, units = shape
    if cls is LearnedPositions:
        return having(cls, kinds, length=st.integers(positions, positions + 1))
    fields: dict[str, Strategy] = {"heads": st.sampled_from([n for n in range(1, units + 1) if units % n == 0])}
    if cls is TransformerEncoder:
        fields |= {"units": st.just(units), "feed_forward_units": st.integers(1, 3)}
    return having(cls, kinds, **fields)
