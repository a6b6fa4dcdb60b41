"""`mtlspec show`: what a spec amounts to, as a table, a drawing or a graph."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mtlspec.cli.arguments import SpecFile
from mtlspec.cli.command import tell
from mtlspec.errors import MtlspecError
from mtlspec.graph import Graph, lower
from mtlspec.spec.document import load

DiagramFile = Annotated[
    Path | None,
    typer.Option("--diagram", metavar="FILE", help="Draw it too: .svg, or .mmd for Mermaid text."),
]
AsGraph = Annotated[bool, typer.Option("--graph", help="Print the graph as JSON instead.")]


def show(spec: SpecFile, diagram: DiagramFile = None, graph: AsGraph = False) -> None:
    """Print each node: shape, parameters, tasks served."""
    lowered = lower(load(spec))
    if diagram is not None:
        _draw(lowered, diagram)
    if graph:
        tell(lowered.to_json())
    else:
        _print_nodes(lowered)
        _print_totals(lowered)


def _draw(graph: Graph, path: Path) -> None:
    from mtlspec.diagram import mermaid, svg
    from mtlspec.output import write

    writers = {".svg": svg, ".mmd": mermaid}
    if path.suffix not in writers:
        raise MtlspecError(f"--diagram {path}: expected a name that ends in .svg or .mmd, found {path.suffix!r}")
    write(path, writers[path.suffix](graph))


def _print_nodes(graph: Graph) -> None:
    from mtlspec.cli.table import print_table
    from mtlspec.summary import rows, shape_text

    print_table(
        ("key path", "kind", "output", "parameters", "serves"),
        (
            (row.path, row.kind, shape_text(row.shape), _count(row.trainable, row.fixed), _served(row.tasks, graph))
            for row in rows(graph)
        ),
        numbers=("parameters",),
    )


def _count(trainable: int, fixed: int) -> str:
    if not trainable and not fixed:
        return ""
    return f"{trainable:,}" + (f" + {fixed:,} fixed" if fixed else "")


def _served(tasks: tuple[str, ...], graph: Graph) -> str:
    if len(tasks) > 1 and tasks == graph.tasks:
        return f"all {len(tasks)} tasks"
    return ", ".join(tasks) or "no task"


def _print_totals(graph: Graph) -> None:
    from mtlspec.summary import totals, unused_inputs

    total = totals(graph)
    tell(f"trainable parameters: {total.trainable:,}")
    tell(f"  shared: {total.shared:,}")
    for task, count in total.by_task.items():
        tell(f"  {task} alone: {count:,}")
    if total.idle:
        tell(f"  no task: {total.idle:,}")
    if total.fixed:
        tell(f"fixed numbers (statistics, steps): {total.fixed:,}")
    if unused := unused_inputs(graph):
        tell(f"unused inputs: {', '.join(unused)}")
