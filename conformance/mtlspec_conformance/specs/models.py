"""Models: strategies for whole specs, wired at random, valid by construction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, get_args

from hypothesis import strategies as st

from mtlspec.profiles import DISSOLVED
from mtlspec.spec import Input, Optimizer, Spec
from mtlspec.spec.law import Like
from mtlspec.spec.layer import Layer
from mtlspec.spec.layers import Normalization
from mtlspec.spec.model import Block
from mtlspec.spec.signature import Shape
from mtlspec_conformance.specs.chains import Chain, Dtype, Wire, chains
from mtlspec_conformance.specs.heads import tasks
from mtlspec_conformance.specs.readings import Place, Reading, readings
from mtlspec_conformance.specs.trainings import fitting, trainings
from mtlspec_conformance.specs.values import ALL, Kinds, members, value

VECTORS: tuple[Shape, ...] = ((1,), (2,), (3,))
OTHERS: tuple[Shape, ...] = ((2, 2), (3, 2), (3, 3, 1), (4, 3, 2), (2, 4, 1), ())
IDS: tuple[Shape, ...] = ((), (2,), (3,))


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
def _blocks(
    draw: st.DrawFn, name: str, places: Sequence[Place], before: Sequence[Drawn], max_layers: int, kinds: Kinds
) -> Drawn:
    """Return a strategy for a block, that has layers of its own, or reuses those of one that reads the like."""
    reading = draw(readings(places, kinds))
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
