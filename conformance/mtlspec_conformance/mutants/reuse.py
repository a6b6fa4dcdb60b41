"""Mutants of blocks that are used several times, and of masks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from mtlspec_numpy import masks, model
from mtlspec_numpy.layers import LAYERS, LAYERS_OF_SEVERAL
from mtlspec_numpy.pullback import Applied, Mode

from mtlspec.graph import Graph, Node
from mtlspec.randomness import dropout_key
from mtlspec.spec.masks import LengthMask, PaddingMask
from mtlspec.tensors import Array
from mtlspec_conformance.mutants.grafting import Graft
from mtlspec_conformance.mutants.mutant import Mutant

OWNER, USE = "u[", "v["
"""How paths begin in the cases of reuse: of the block that has the layers, and of the one that reuses them."""


def _first_statistics(self: model.Model, node: Node, statistics: Mapping[str, Array]) -> dict[str, Array]:
    """The leaves of a node as they were before the pass."""
    return self.parameters.of_node(node.reuses or node.path) | self.parameters.of_node(node.path)


def _key_of_the_owner(seed: int, path: str) -> int:
    return dropout_key(seed, path.replace(USE, OWNER))


def _masked(change: Callable[[Array], Array], function: Callable[..., Applied]) -> Callable[..., Applied]:
    def bent(layer: Any, sources: Any, parameters: Mapping[str, Array], mode: Mode) -> Applied:
        result = function(layer, sources, parameters, mode)
        return Applied(change(result.output), result.pullback)

    return bent


def _inclusive(layer: LengthMask, sources: tuple[Array, ...], parameters: Mapping[str, Array], mode: Mode) -> Applied:
    lengths, sequence = sources
    return masks.length_mask(layer, (lengths + 1, sequence), parameters, mode)


def _zero_is_padding(layer: PaddingMask, ids: Array, parameters: Mapping[str, Array], mode: Mode) -> Applied:
    return masks.padding_mask(PaddingMask(), ids, parameters, mode)


def _penalties_of_both(graph: Graph) -> Graph:
    """Return `graph` with the penalty of a reused parameter once for each use."""
    uses = {node.reuses: 2.0 for node in graph.nodes if node.reuses is not None}
    changed = tuple(
        p.replacing(lambda q: q.penalty.l2, by=p.penalty.l2 * uses.get(p.node, 1.0)) for p in graph.parameters
    )
    return graph.replacing(lambda g: g.parameters, by=changed)


REUSE_MUTANTS = (
    Mutant(
        "gradient-of-the-last-use",
        "Forgets the gradient of all uses of a block but one.",
        "gradient",
        ("model/reused-block",),
        grafts=(Graft(model, "summed", lambda first, second: first),),
    ),
    Mutant(
        "penalty-for-each-use",
        "Counts the penalty of a reused block once for each use.",
        "loss",
        ("model/reused-block",),
        graph=_penalties_of_both,
    ),
    Mutant(
        "statistics-of-the-last-use",
        "Moves the running statistics of a reused block once, from where they were before the pass.",
        "gradient",
        ("model/reused-statistics",),
        grafts=(Graft(model.Model, "_leaves", _first_statistics),),
    ),
    Mutant(
        "one-mask-for-both-uses",
        "Drops the same elements in both uses of a block.",
        "loss",
        ("model/reused-statistics",),
        grafts=(Graft(model, "dropout_key", _key_of_the_owner),),
    ),
    Mutant(
        "padding-counts",
        "Has 1 where there is padding.",
        "forward",
        ("layer/masks",),
        grafts=(Graft(LAYERS, PaddingMask, _masked(lambda mask: 1 - mask, masks.padding_mask)),),
    ),
    Mutant(
        "zero-is-padding",
        "Takes 0 for padding, whatever the document says.",
        "forward",
        ("layer/masks",),
        grafts=(Graft(LAYERS, PaddingMask, _zero_is_padding),),
    ),
    Mutant(
        "one-position-too-many",
        "Counts the position after the last.",
        "forward",
        ("layer/masks",),
        grafts=(Graft(LAYERS_OF_SEVERAL, LengthMask, _inclusive),),
    ),
    Mutant(
        "masked-from-the-left",
        "Counts the last positions in place of the first.",
        "forward",
        ("layer/masks",),
        grafts=(Graft(LAYERS_OF_SEVERAL, LengthMask, _masked(lambda m: np.flip(m, axis=1), masks.length_mask)),),
    ),
)
