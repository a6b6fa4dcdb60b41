"""The command `python -m mtlspec_conformance.fuzz BACKEND`: specs drawn from the whole schema."""

from __future__ import annotations

import json
import secrets
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from mtlspec.errors import MtlspecError
from mtlspec.spec.document import render
from mtlspec_conformance.case_file import content_of, read
from mtlspec_conformance.metamorphic import Checks
from mtlspec_conformance.relations import RELATIONS
from mtlspec_conformance.runner import found as backend_called
from mtlspec_conformance.search import Check, Found, Search, against_reference
from mtlspec_conformance.specs import cases

CONSOLE = Console(soft_wrap=True, highlight=False)
APP = typer.Typer(add_completion=False)

Name = Annotated[str, typer.Argument(metavar="BACKEND", help="An installed backend, or module:attribute.")]
Minutes = Annotated[float | None, typer.Option("--minutes", help="Go on for so long.", min=0)]
Examples = Annotated[int, typer.Option("--examples", help="Judge so many cases, unless there are minutes.", min=1)]
Seed = Annotated[int | None, typer.Option("--seed", help="Draw the cases of this seed again; by default a new one.")]
Folder = Annotated[Path | None, typer.Option("--found", help="Write what is found there, a case file each.")]
Tasks = Annotated[int, typer.Option("--tasks", help="At most so many tasks.", min=1)]
Layers = Annotated[int, typer.Option("--layers", help="At most so many layers in a block or head.", min=1)]
Steps = Annotated[int, typer.Option("--steps", help="At most so many steps.", min=0)]
Relate = Annotated[bool, typer.Option("--relations", help="Check metamorphic relations, without the reference.")]
Replay = Annotated[Path | None, typer.Option("--replay", help="Judge the case in this file, and nothing else.")]


@APP.command()
def main(
    name: Name,
    minutes: Minutes = None,
    examples: Examples = 200,
    seed: Seed = None,
    folder: Folder = None,
    tasks: Tasks = 4,
    layers: Layers = 3,
    steps: Steps = 12,
    relations: Relate = False,
    replay: Replay = None,
) -> None:
    """Hold BACKEND against the reference on drawn specs; exit with 1 if something is found."""
    try:
        subject = backend_called(name)
        check: Check = Checks(subject, RELATIONS) if relations else against_reference(subject)
        if replay is not None:
            good = replayed(check, name, replay)
        else:
            strategy = cases(max_tasks=tasks, max_layers=layers, max_steps=steps, kinds=subject.capabilities.kinds)
            until = float("inf") if minutes is None else time.monotonic() + 60 * minutes
            search = Search(strategy, check, until)
            good = fuzzed(search, name, seed=seed, examples=None if minutes is not None else examples, folder=folder)
            if isinstance(check, Checks):
                CONSOLE.print(escape(str(check)))
    except MtlspecError as error:
        CONSOLE.print(escape(str(error)))
        raise typer.Exit(2) from None
    raise typer.Exit(0 if good else 1)


def fuzzed(
    search: Search, name: str, *, seed: int | None = None, examples: int | None = None, folder: Path | None = None
) -> bool:
    """Run a search, print and write what it finds and its counts, and return whether it judged and found nothing.

    Args:
        search: What to draw and how to judge it.
        name: How the command line calls the backend.
        seed: Which cases to draw; by default new ones.
        examples: How many cases to judge; by default as many as there is time for.
        folder: Where a case file of each finding is written.
    """
    seed = secrets.randbelow(2**32) if seed is None else seed
    CONSOLE.print(f"{name}: seed {seed}")
    began = time.monotonic()
    for each in search.rounds(seed=seed, examples=examples):
        _show(each, name, None if folder is None else write(each, folder))
    CONSOLE.print(summary(search, name, time.monotonic() - began), style="bold")
    return not search.found and search.fates["judged"] > 0


def summary(search: Search, name: str, seconds: float) -> str:
    """Return the line of counts: what was found, and of the cases drawn how many could be judged."""
    fates = search.fates
    return (
        f"{name}: {len(search.found)} found; {fates['judged']} judged of {search.drawn} drawn, "
        f"{fates['unstable']} unstable, {fates['unsupported']} unsupported, {fates['known']} like a finding above; "
        f"{search.drawn / max(seconds, 1e-9):.1f} a second"
    )


def write(found: Found, folder: Path) -> Path:
    """Write the case file of a finding, and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{found.case.id.rpartition('/')[2]}.json"
    path.write_text(json.dumps(content_of(found.case), indent=1) + "\n", encoding="utf-8")
    return path


def replayed(check: Check, name: str, path: Path) -> bool:
    """Judge the case in a file, print what it says, and return whether all is green."""
    case = read(json.loads(path.read_text(encoding="utf-8")))
    result = check(case)
    if result is None:
        CONSOLE.print(f"{name} conforms on {case.id}", style="bold")
        return True
    _show(Found(case, result), name, path)
    return False


def _show(found: Found, name: str, path: Path | None) -> None:
    result = found.result
    CONSOLE.print(f"{result.verdict} {found.case.id} at level {result.level}", style="bold red")
    CONSOLE.print(escape(f"  {result.detail or result.worst}"))
    CONSOLE.print(escape(render(found.case.spec, explicit=False)))
    CONSOLE.print(f"  batches {[len(rows) for rows in found.case.rows]}, {len(found.case.steps)} steps")
    if path is not None:
        option = " --relations" if result.level.startswith("relation ") else ""
        CONSOLE.print(escape(f"  python -m mtlspec_conformance.fuzz {name} --replay {path}{option}"))


if __name__ == "__main__":
    APP(prog_name="python -m mtlspec_conformance.fuzz")
