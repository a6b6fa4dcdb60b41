"""Mermaid: the drawing of a graph as text that many pages turn into a picture."""

from __future__ import annotations

from mtlspec.diagram.parts import Part, parts_of, service
from mtlspec.graph import Graph

FRAMES = {"input": ("([", "])"), "block": ("[", "]"), "head": ("[", "]"), "task": ("[[", "]]")}
"""How Mermaid writes the outline of each role."""


def mermaid(graph: Graph) -> str:
    """Return the flowchart of `graph`; shared parts have a thick outline."""
    parts = parts_of(graph)
    names = {part.key: f"n{index}" for index, part in enumerate(parts)}
    lines = ["flowchart LR"]
    lines += [f"  {names[part.key]}{_label(part, graph.tasks)}" for part in parts]
    lines += [f"  {names[source]} --> {names[part.key]}" for part in parts for source in part.sources]
    shared = [names[part.key] for part in parts if len(part.tasks) > 1]
    unused = [names[part.key] for part in parts if not part.tasks]
    if shared:
        lines += ["  classDef shared stroke-width:3px", f"  class {','.join(shared)} shared"]
    if unused:
        lines += ["  classDef unused stroke-dasharray:4 3", f"  class {','.join(unused)} unused"]
    return "\n".join(lines) + "\n"


def _label(part: Part, tasks: tuple[str, ...]) -> str:
    left, right = FRAMES[part.role]
    served = service(part, tasks)
    lines = (f"<b>{part.name}</b>", *part.lines, *((f"<i>{served}</i>",) if served else ()))
    return f'{left}"{"<br>".join(lines)}"{right}'
