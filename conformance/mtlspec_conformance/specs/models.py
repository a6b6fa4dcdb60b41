"""Models: strategies for whole specs, wired at random, valid by construction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, NamedTuple, get_args

from hypothesis import strategies as st

from mtlspec.profiles import DISSOLVED
from mtlspec.spec import Input, Loss, Optimizer, Spec, Task
from mtlspec.spec.law import Like
from mtlspec.spec.layer import Layer
from mtlspec.spec.layers import Dense, Flatten, GlobalAveragePool, GlobalMaxPool, Normalization, Reshape
from mtlspec.spec.losses import (
    AbsoluteError,
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
from mtlspec.spec.model import Block, Merge
from mtlspec.spec.signature import Shape, channels
from mtlspec_conformance.specs.chains import Chain, Dtype, Wire, chains
from mtlspec_conformance.specs.trainings import fitting, trainings
from mtlspec_conformance.specs.values import ALL, Kinds, Strategy, having, members, plain, value

VECTORS: tuple[Shape, ...] = ((1,), (2,), (3,))
OTHERS: tuple[Shape, ...] = ((2, 2), (3, 2), (3, 3, 1), (4, 3, 2), (2, 4, 1), ())
IDS: tuple[Shape, ...] = ((), (2,), (3,))
CLASS_FACTORS = (1.0, 0.5, 2.0, 0.0)
QUANTILES = (0.5, 0.1, 0.9)
PER_UNIT = ("class_weights", "positive_weights", "threshold_weights")
SUMMED: tuple[type[Loss], ...] = (SquaredError, AbsoluteError, LogCosh)
"""Losses of any head whose targets are numbers, which can be terms of one sum."""
UNMOVED: tuple[type[Loss], ...] = (PairwiseRanking, ListNet, ListMle)
"""Losses that a bias, which moves all scores alike, does not move."""


class Place(NamedTuple):
    """A tensor by the name under which blocks and tasks read it."""

    name: str
    wire: Wire


class Reading(NamedTuple):
    """What a block or task reads, merged."""

    names: tuple[str, ...]
    merge: Merge
    wire: Wire


class Drawn(NamedTuple):
    """A block: what it reads, its layers or those that it reuses, and what comes out of them."""

    name: str
    reading: Reading
    chain: Chain
    reuses: str | None = None

    @property
    def reusable(self) -> bool:
        """Whether another block may reuse its layers."""
        own = self.reuses is None and len(self.chain.layers) > 0
        return own and not any(isinstance(layer, Normalization) for layer in self.chain.layers)


def optimizers(kinds: Kinds = ALL) -> st.SearchStrategy[Optimizer]:
    """Return a strategy for optimizers."""
    return value(Optimizer, kinds)


@st.composite
def specs(
    draw: st.DrawFn,
    *,
    max_tasks: int = 4,
    max_layers: int = 3,
    max_blocks: int = 3,
    max_inputs: int = 3,
    kinds: Iterable[str] = ALL,
) -> Spec:
    """Return a strategy for specs, that shrinks to one task with a dense head, squared error and sgd.

    Args:
        max_tasks: At most so many tasks.
        max_layers: At most so many layers in a block or head, the closing one of a head apart.
        max_blocks: At most so many blocks.
        max_inputs: At most so many inputs.
        kinds: Kinds and features as `family/kind`, such as the claims of a backend: nothing else is drawn.
    """
    own = frozenset(kinds) | DISSOLVED
    inputs = draw(_inputs(max_inputs, own))
    places = [Place(part.name, Wire(part.shape, part.dtype, True)) for part in inputs]
    blocks: list[Drawn] = []
    for index in range(draw(st.integers(0, max_blocks))):
        blocks.append(draw(_blocks(f"b{index}", places, blocks, max_layers, own)))
        places.append(Place(f"b{index}", blocks[-1].chain.wire))
    drawn = [draw(tasks(f"t{index}", places, max_layers, own)) for index in range(draw(st.integers(1, max_tasks)))]
    if draw(st.booleans()):
        blocks.reverse()  # a block may stand before those that it reads
    like = draw(st.sampled_from(get_args(Like)))
    model = Spec(like=like, inputs=inputs, blocks=_listed(draw, inputs, blocks), tasks=tuple(drawn))
    training = fitting(draw(trainings(own)), model)
    return Spec(like=like, inputs=inputs, blocks=model.blocks, tasks=model.tasks, training=training)


@st.composite
def _inputs(draw: st.DrawFn, most: int, kinds: Kinds) -> tuple[Input, ...]:
    shapes: list[tuple[Shape, Dtype]] = [
        (shape, "float") for shape in (*VECTORS, *(OTHERS if _closes_all(kinds) else ()))
    ]
    if any(cls.reads == "integer" for cls in members(Layer, kinds) if issubclass(cls, Layer)):
        shapes += [(shape, "integer") for shape in (IDS if _closes_all(kinds) else IDS[:1])]
    drawn = [draw(st.sampled_from(shapes)) for _ in range(draw(st.integers(1, most)))]
    return tuple(Input(name=f"x{index}", shape=shape, dtype=dtype) for index, (shape, dtype) in enumerate(drawn))


def _closes_all(kinds: Kinds) -> bool:
    return {"layer/flatten", "layer/reshape"} <= kinds


@st.composite
def _readings(draw: st.DrawFn, places: Sequence[Place], kinds: Kinds) -> Reading:
    """Return a strategy for what can be read of `places`, the first one alone first."""
    first = draw(st.sampled_from([*places, places[-1], places[-1]]))  # the last one more often: a trunk that is shared
    merges = [merge for merge in get_args(Merge) if f"merge/{merge}" in kinds]
    alone = Reading((first.name,), "concatenate", first.wire)
    if first.wire.dtype == "integer" or not merges or not draw(st.booleans()):
        return alone
    merge = draw(st.sampled_from(merges))
    others = [place for place in places if _mergeable(merge, first.wire, place.wire)]
    if not others:
        return alone
    chosen = [first, *draw(st.lists(st.sampled_from(others), min_size=1, max_size=1 if merge == "subtract" else 2))]
    shape = first.wire.shape
    if merge == "concatenate":
        shape = (*shape[:-1], sum(channels(place.wire.shape) for place in chosen))
    from_data = all(place.wire.from_data for place in chosen)
    repeated = any(place.wire.repeated for place in chosen)
    return Reading(tuple(place.name for place in chosen), merge, Wire(shape, "float", from_data, repeated))


def _mergeable(merge: Merge, first: Wire, other: Wire) -> bool:
    """Return whether two wires can be merged."""
    if other.dtype == "integer":
        return False
    if merge == "concatenate":
        return len(first.shape) > 0 and len(other.shape) > 0 and first.shape[:-1] == other.shape[:-1]
    return first.shape == other.shape


@st.composite
def _blocks(
    draw: st.DrawFn, name: str, places: Sequence[Place], before: Sequence[Drawn], max_layers: int, kinds: Kinds
) -> Drawn:
    """Return a strategy for a block, that has layers of its own, or reuses those of one that reads the like."""
    reading = draw(_readings(places, kinds))
    if "structure/reused_block" in kinds and draw(st.sampled_from(range(3))) == 2:
        owners = [each for each in before if each.reusable and each.reading.wire.like(reading.wire)]
        if owners:
            owner = draw(st.sampled_from(owners))
            return Drawn(name, reading, owner.chain, reuses=owner.name)
    return Drawn(name, reading, draw(chains(reading.wire, max_layers, kinds)))


def _listed(draw: st.DrawFn, inputs: tuple[Input, ...], blocks: list[Drawn]) -> tuple[Block, ...]:
    """Return the blocks as they are listed; one that reads what is its default may leave that out."""
    found = []
    for index, (name, reading, chain, reuses) in enumerate(blocks):
        before = (blocks[index - 1].name,) if index else tuple(part.name for part in inputs)
        names: dict[str, Any] = {"inputs": reading.names, "merge": reading.merge}
        if reading.names == before and len(before) == 1 and draw(st.booleans()):
            names = {}
        names |= {"layers": chain.layers} if reuses is None else {"reuses": reuses}
        found.append(Block(name=name, **names))
    return tuple(found)


@st.composite
def tasks(draw: st.DrawFn, name: str, places: Sequence[Place], max_layers: int = 3, kinds: Kinds = ALL) -> Task:
    """Return a strategy for a task that reads some of `places`: inputs and blocks by name."""
    cls = draw(st.sampled_from(_drawable(kinds)))
    reading = draw(_readings(places, kinds))
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
