"""`mtlspec init`: a first document for a table."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from mtlspec.cli.command import tell
from mtlspec.errors import MtlspecError
from mtlspec.output import expect_writable, write

TableFile = Annotated[
    Path, typer.Argument(metavar="DATA", help="A table: .csv, .parquet, .npz, or a folder of .npy files.")
]
TaskNames = Annotated[
    str | None, typer.Option("--tasks", metavar="A,B", help="Columns to be told by the others; by default the last.")
]
OutputFile = Annotated[
    Path | None, typer.Option("-o", "--output", metavar="FILE", help="The document; by default DATA's name with .yaml.")
]
Force = Annotated[bool, typer.Option("--force", help="Write over a document that is there already.")]


def init(data: TableFile, tasks: TaskNames = None, output: OutputFile = None, force: Force = False) -> None:
    """Write a first document for a table, with comments on what was found in it."""
    target = Path(f"{data.resolve().name.partition('.')[0]}.yaml") if output is None else output
    expect_writable(target)
    if target.exists() and not force:
        raise MtlspecError(f"{target} is there already; give another name by -o, or write over it by --force")
    from mtlspec.drafting import draft
    from mtlspec.spec import Data
    from mtlspec.training.table_file import file_table

    table = file_table(data, missing_values=Data.model_fields["missing_values"].default)
    asked = None if tasks is None else [name.strip() for name in tasks.split(",") if name.strip()]
    made = draft(table, file=_told_from(target, data), tasks=asked)
    write(target, made.text)
    found = ", ".join(finding.column for finding in made.roles.tasks)
    guess = " (a guess: see --tasks)" if made.roles.guessed else ""
    tell(f"{target}: {len(table)} rows; tasks {found}{guess}")
    for finding, reason in made.roles.left_out:
        tell(f"  left out: {finding.column}: {reason}")
    tell(f"next: mtlspec train {target} --backend torch")


def _told_from(target: Path, data: Path) -> str:
    try:
        return Path(os.path.relpath(data.resolve(), target.resolve().parent)).as_posix()
    except ValueError:  # another drive, on Windows
        return data.resolve().as_posix()
