"""Differences between two models, in words."""

from __future__ import annotations

from mtlspec.graph import Graph, Node


def model_difference(found: Graph, expected: Graph) -> str:
    """Return the first thing in which two models differ: an input, a node or a task."""
    if found.inputs != expected.inputs:
        shapes = ("; ".join(f"{i.name} {list(i.shape)} {i.dtype}" for i in g.inputs) for g in (expected, found))
        return "expected the inputs {}, found {}".format(*shapes)
    before, after = ({node.path: node for node in graph.nodes} for graph in (found, expected))
    for path in [*after, *before]:
        if path not in before or path not in after:
            return f"{path} is only in the {'program' if path in after else 'checkpoint'}"
        difference = _of_nodes(before[path], after[path])
        if difference:
            return difference
    heads = ([(head.task, head.output) for head in graph.heads] for graph in (expected, found))
    return "expected the tasks {}, found {}".format(*heads)


def _of_nodes(found: Node, expected: Node) -> str:
    if found.sources != expected.sources:
        return f"{found.path} expected to read {', '.join(expected.sources)}, found {', '.join(found.sources)}"
    if found.shape != expected.shape:
        return f"{found.path} expected to make {list(expected.shape)}, found {list(found.shape)}"
    if (found.layer, found.merge) == (expected.layer, expected.merge):
        return ""
    if found.layer is None or type(found.layer) is not type(expected.layer):
        kinds = (node.merge if node.layer is None else node.layer.kind for node in (expected, found))
        return "{} expected to be {}, found {}".format(found.path, *kinds)
    for name in type(found.layer).model_fields:
        values = getattr(expected.layer, name), getattr(found.layer, name)
        if values[0] != values[1]:
            return "{}.{} expected to be {!r}, found {!r}".format(found.path, name, *values)
    return ""
