"""Reuse: one block's layers, with their parameters, applied to the inputs of another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mtlspec.spec.layer import CHAIN_START, Layer
from mtlspec.spec.model import Block
from mtlspec.spec.signature import Signature

if TYPE_CHECKING:
    from mtlspec.spec.spec import Spec


@dataclass(frozen=True)
class Reuse:
    """A block that has no layers of its own, and the one whose layers it applies."""

    block: Block
    owner: Block

    def exchanged(self, name: str) -> str:
        """Return what this block reads where the owner's layers name `name`."""
        return next((exchange.by for exchange in self.block.exchanges if exchange.name == name), name)

    def owner_of(self, path: str, signature: Signature) -> str | None:
        """Return the key path of the owner's node behind this block's at `path`; None where nothing is shared."""
        shared = any(not rule.own for rule in signature.parameters)
        return self.owner.name + path[len(self.block.name) :] if shared else None

    def misfit(self, path: str, signature: Signature, others: Mapping[str, Signature]) -> str:
        """Return why the owner's parameters do not fit here, or an empty string; `others` by key path of a node."""
        owner = self.owner_of(path, signature)
        if owner is None or owner not in others:
            return ""
        for here, there in zip(signature.parameters, others[owner].parameters, strict=True):
            if here.shape != there.shape:
                return (
                    f"{self.owner.name!r} cannot be reused here: {owner}.{there.leaf} is {there.shape}, and what "
                    f"{self.block.name!r} reads would need {here.shape}; bring both to one shape before"
                )
        return ""


def owners(spec: Spec) -> dict[str, Block]:
    """Return for each block that reuses another, the one whose layers it has."""
    blocks = {block.name: block for block in spec.blocks}
    found = {}
    for block in spec.blocks:
        owner = blocks.get(block.reuses or "")
        if owner is not None and owner.reuses is None:
            found[block.name] = owner
    return found


def read_by(block: Block, spec: Spec) -> Iterator[str]:
    """Yield the names that the layers of a block read, and the block that it reuses."""
    owner = owners(spec).get(block.name)
    if owner is None:
        yield from named_in(block.layers)
        return
    yield owner.name
    reuse = Reuse(block, owner)
    yield from map(reuse.exchanged, named_in(owner.layers))


def named_in(layers: tuple[Layer, ...]) -> Iterator[str]:
    """Yield the inputs and blocks that `layers`, and those inside them, name."""
    for layer in layers:
        yield from (name for name in layer.also if name != CHAIN_START)
        yield from named_in(layer.inside)
