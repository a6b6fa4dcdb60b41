"""Masks: what a dropout node keeps, as the gradient of the dense head behind it shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from mtlspec.backend import Program
from mtlspec.batch import Batch
from mtlspec.graph import Graph, Node
from mtlspec.spec.layers import Dense, Dropout, Flatten
from mtlspec.tensors import Array


@dataclass(frozen=True)
class Shown:
    """A dropout of an input behind which a task is one dense unit: the gradient of its kernel is what was kept."""

    task: str
    input: str
    node: str
    kernel: str
    rate: float


def shown_in(graph: Graph) -> tuple[Shown, ...]:
    """Return the dropout nodes of `graph` whose masks can be read."""
    paths, inputs = {node.path: node for node in graph.nodes}, {part.name for part in graph.inputs}
    found = []
    for head in graph.heads:
        dense = paths.get(head.output)
        if dense is None or not isinstance(dense.layer, Dense) or dense.layer.units != 1 or dense.layer.bias:
            continue
        node = _before(dense, paths)
        if node is not None and isinstance(node.layer, Dropout) and node.sources[0] in inputs:
            found.append(Shown(head.task, node.sources[0], node.path, f"{dense.path}.kernel", node.layer.rate))
    return tuple(found)


def _before(node: Node, paths: Mapping[str, Node]) -> Node | None:
    """Return the node that `node` reads, through flatten."""
    source = paths.get(node.sources[0])
    return _before(source, paths) if source is not None and isinstance(source.layer, Flatten) else source


def kept(program: Program, batch: Batch, shown: tuple[Shown, ...]) -> dict[str, Array]:
    """Return what each node of `shown` makes of the examples of `batch` in the next training pass [rows, elements].

    One pass for each example, in which the others have no weight: at the slope 1 of an absolute error whose
    prediction is too large, the gradient of the kernel is what reaches it.
    """
    rows = [_of_one(program, batch, row, shown) for row in range(len(batch))]
    return {each.node: np.stack([found[each.node] for found in rows]) for each in shown}


def _of_one(program: Program, batch: Batch, row: int, shown: tuple[Shown, ...]) -> dict[str, Array]:
    alone = replace(
        batch,
        weights={task: _only(row, own.shape) for task, own in batch.weights.items()},
        denominators=dict.fromkeys(batch.denominators, 1.0),
    )
    gradients = program.value_with_gradient(on=alone, weights=dict.fromkeys(batch.weights, 1.0)).gradients
    return {each.node: np.asarray(gradients[each.kernel]).reshape(-1) for each in shown}


def _only(row: int, shape: tuple[int, ...]) -> Array:
    """Return the weight 1 for the example at `row`, 0 for the others."""
    weights = np.zeros(shape)
    weights[row] = 1.0
    return weights
