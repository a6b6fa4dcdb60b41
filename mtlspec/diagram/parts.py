"""Parts of a graph: its inputs, blocks, heads and tasks, and what reads what; the level at which one draws it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from mtlspec.graph import Graph, Head, Node
from mtlspec.spec.model import Input
from mtlspec.summary import described, numbers, shape_text

Role = Literal["input", "block", "head", "task"]


@dataclass(frozen=True)
class Part:
    """One box of a drawing: a name, lines of text, the tasks that it serves and the parts that it reads."""

    key: str
    role: Role
    name: str
    lines: tuple[str, ...]
    tasks: tuple[str, ...]
    sources: tuple[str, ...] = ()
    """Keys of other parts."""


def parts_of(graph: Graph) -> tuple[Part, ...]:
    """Return the parts of a graph, each after those that it reads."""
    nodes: dict[str, list[Node]] = {}
    for node in graph.nodes:
        nodes.setdefault(_key(node.path), []).append(node)
    return (
        *(_input(part, graph) for part in graph.inputs),
        *(_computed(key, mine, graph) for key, mine in nodes.items()),
        *(_task(head) for head in graph.heads),
    )


def _key(path: str) -> str:
    """Return the name of the block, or `tasks.` and the name of the task, that a key path begins with."""
    found = re.match(r"(tasks\.)?\w+", path)
    return found.group() if found else path


def _input(part: Input, graph: Graph) -> Part:
    readers = [node.tasks for node in graph.nodes if part.name in node.sources]
    readers += [(head.task,) for head in graph.heads if head.output == part.name]
    tasks = tuple(task for task in graph.tasks if any(task in reader for reader in readers))
    return Part(part.name, "input", part.name, (f"{shape_text(part.shape)} {part.dtype}",), tasks)


def _computed(key: str, nodes: list[Node], graph: Graph) -> Part:
    """Return the block or head whose nodes these are."""
    count = sum(numbers(graph, node, trainable=True) for node in nodes)
    own = {node.path for node in nodes}
    sources = dict.fromkeys(_key(source) for node in nodes for source in node.sources if source not in own)
    role: Role = "head" if key.startswith("tasks.") else "block"
    return Part(
        key=key,
        role=role,
        name=f"head of {key.removeprefix('tasks.')}" if role == "head" else key,
        lines=(*_layers(nodes), f"{shape_text(nodes[-1].shape)} out, {count:,} parameters"),
        tasks=tuple(task for task in graph.tasks if any(task in node.tasks for node in nodes)),
        sources=tuple(sources),
    )


def _layers(nodes: list[Node]) -> list[str]:
    """Return a line for each layer, its activation beside it, the layers of a residual indented; equal runs once."""
    lines: list[str] = []
    for node in nodes:
        if node.path.endswith(".activation"):
            lines[-1] += f", {described(node)}"
        elif node.merge is not None and node.path.endswith("]"):
            lines.append(_indent(node) + ("add shortcut" if node.merge == "add" else f"{node.merge} both"))
        else:
            lines.append(_indent(node) + described(node))
    runs = [(line, len(list(run))) for line, run in groupby(lines)]
    return [line if count == 1 else f"{line} ({count} times)" for line, count in runs]


def _indent(node: Node) -> str:
    return "\N{NO-BREAK SPACE}" * 3 * max(0, node.path.count("[") - 1)


def _task(head: Head) -> Part:
    lines = [head.loss.kind.replace("_", " "), f"weight {head.weight:g}"]
    lines += [metric.name.replace("_", " ") for metric in head.metrics]
    return Part(f"task {head.task}", "task", head.task, tuple(lines), (head.task,), (_key(head.output),))


def service(part: Part, all_tasks: tuple[str, ...]) -> str:
    """Return in words whom a part serves; nothing for a head or task, whose name tells it."""
    if part.role in ("head", "task"):
        return ""
    match len(part.tasks):
        case 0:
            return "unused"
        case 1:
            return f"for {part.tasks[0]} alone" if len(all_tasks) > 1 else ""
        case 2 if len(all_tasks) == 2:
            return "shared by both tasks"
        case count if count == len(all_tasks):
            return f"shared by all {count} tasks"
        case count if count <= 3:
            return f"shared by {', '.join(part.tasks)}"
        case count:
            return f"shared by {count} of {len(all_tasks)} tasks"
