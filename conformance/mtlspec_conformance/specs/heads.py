"""Heads: strategies for tasks, whose layers end as their losses need it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from hypothesis import strategies as st

from mtlspec.spec import Loss, Task
from mtlspec.spec.layer import Layer
from mtlspec.spec.layers import Dense, Flatten, GlobalAveragePool, GlobalMaxPool, Reshape
from mtlspec.spec.losses import (
    AbsoluteError,
    CosineSimilarity,
    ExampleLoss,
    ListMle,
    ListNet,
    LogCosh,
    PairwiseRanking,
    Quantile,
    SoftmaxFocal,
    SquaredError,
    Term,
    WeightedSum,
)
from mtlspec.spec.signature import channels
from mtlspec_conformance.specs.chains import Chain, Wire, chains
from mtlspec_conformance.specs.readings import Place, readings
from mtlspec_conformance.specs.values import ALL, Kinds, Strategy, having, members, plain, value

CLASS_FACTORS = (1.0, 0.5, 2.0, 0.0)
QUANTILES = (0.5, 0.1, 0.9)
PER_UNIT = ("class_weights", "positive_weights", "threshold_weights")
SUMMED: tuple[type[Loss], ...] = (SquaredError, AbsoluteError, LogCosh)
"""Losses of any head whose targets are numbers, which can be terms of one sum."""
UNMOVED: tuple[type[Loss], ...] = (PairwiseRanking, ListNet, ListMle)
"""Losses that a bias, which moves all scores alike, does not move."""


@st.composite
def tasks(draw: st.DrawFn, name: str, places: Sequence[Place], max_layers: int = 3, kinds: Kinds = ALL) -> Task:
    """Return a strategy for a task that reads some of `places`: inputs and blocks by name."""
    cls = draw(st.sampled_from(_drawable(kinds)))
    reading = draw(readings(places, kinds))
    chain = draw(chains(reading.wire, max_layers - 1, kinds))
    if not _ends(cls, chain.wire, kinds) or not draw(st.booleans()):
        chain = draw(_closed(cls, chain, kinds))
    units = channels(chain.wire.shape)
    fields: dict[str, Strategy] = {
        "name": st.just(name),
        "inputs": st.just(reading.names),
        "merge": st.just(reading.merge),
    }
    fields |= {"head": st.just(chain.layers), "loss": losses(cls, units, kinds)}
    drawn: Task = draw(having(Task, kinds, **fields))
    return drawn


def _drawable(kinds: Kinds) -> list[type[Any]]:
    """Return the losses of `kinds`; without positions, and a reshape that makes some, none of whole examples."""
    positioned = {"labels/positions", "layer/reshape"} <= kinds
    return [cls for cls in members(Loss, kinds) if positioned or not _whole(cls)]


def losses(cls: type[Any], units: int, kinds: Kinds = ALL) -> Strategy:
    """Return a strategy for losses of `cls` that fit a head of `units`."""
    each = st.tuples(*([st.sampled_from(CLASS_FACTORS)] * units))
    own: dict[str, Strategy] = {name: st.none() | each for name in PER_UNIT if name in cls.model_fields}
    if cls is SoftmaxFocal:
        own["alpha"] = st.none() | each | st.sampled_from((0.5, 1.0))
    if cls is Quantile:
        own["quantiles"] = st.tuples(*([st.sampled_from(QUANTILES)] * units))
    if cls is WeightedSum:
        terms = [of for of in SUMMED if f"loss/{of.model_fields['kind'].default}" in kinds]
        loss = st.one_of([value(of, kinds) for of in terms])
        own["terms"] = st.lists(having(Term, kinds, loss=loss), min_size=1, max_size=2).map(tuple)
    return having(cls, kinds, **own).filter(lambda loss: not loss.misfit(units))


def _ends(cls: type[Any], wire: Wire, kinds: Kinds) -> bool:
    """Return whether a head may end here: at one axis, or at several where there may be positions."""
    most = 3 if "labels/positions" in kinds else 1
    least = 2 if _whole(cls) else 1
    known = bool(wire.shape) and None not in wire.shape
    return known and wire.dtype == "float" and least <= len(wire.shape) <= most and _fits(cls, channels(wire.shape))


def _fits(cls: type[Any], units: int) -> bool:
    if cls is Quantile:
        return True
    if cls is CosineSimilarity and units == 1:
        return False  # the cosine of two numbers is 1 or -1: its gradient is 0 in theory
    fitting = plain(cls)
    assert isinstance(fitting, Loss)
    return cls is WeightedSum or not fitting.misfit(units)


def _whole(cls: type[Any]) -> bool:
    return issubclass(cls, ExampleLoss)


@st.composite
def _closed(draw: st.DrawFn, cls: type[Any], chain: Chain, kinds: Kinds) -> Chain:
    """Return a strategy for `chain` with one axis made of all, or two for a loss of examples, and a dense layer."""
    own, shape = chain.layers, chain.wire.shape
    if len(shape) != 1 and not (_whole(cls) and len(shape) > 1):
        closing = draw(st.sampled_from(_closings(len(shape), kinds)))
        own, shape = (*own, closing), closing.signature(shape).shape
    if _whole(cls) and len(shape) == 1:
        own, shape = (*own, Reshape(shape=(channels(shape), 1))), (channels(shape), 1)
    units = st.sampled_from([count for count in (1, 2, 3) if _fits(cls, count)])
    unbiased = {"bias": st.just(False)} if cls in UNMOVED else {}
    last = draw(having(Dense, kinds, units=units, **unbiased))
    return Chain((*own, last), Wire((*shape[:-1], last.units)))


@cache
def _closings(rank: int, kinds: Kinds) -> list[Layer]:
    """Return layers that make one axis of `rank` axes."""
    if rank == 0:
        return [Reshape(shape=(1,))]
    found: list[Layer] = [Flatten(), GlobalAveragePool(), GlobalMaxPool()]
    return [layer for layer in found if f"layer/{layer.kind}" in kinds]
