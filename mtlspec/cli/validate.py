"""`mtlspec validate`: whether documents are specs, and whether their data fits them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mtlspec.cli.command import BAD_INPUT, complain, tell
from mtlspec.errors import MtlspecError
from mtlspec.spec.document import load

SpecFiles = Annotated[list[Path], typer.Argument(metavar="SPEC...", help="Documents: YAML, or JSON.")]
WithData = Annotated[bool, typer.Option("--data", help="Also read the data, and hold it against the spec.")]


def validate(specs: SpecFiles, data: WithData = False) -> None:
    """Check documents; print every mistake with its line and column."""
    wrong = 0
    for path in specs:
        try:
            told = _checked(path, with_data=data)
        except MtlspecError as error:
            complain(str(error))
            wrong += 1
        else:
            tell(told)
    if wrong:
        raise typer.Exit(BAD_INPUT)


def _checked(path: Path, *, with_data: bool) -> str:
    spec = load(path)
    found = ""
    if with_data:
        if spec.data is None:
            raise MtlspecError(f"{path}: data: expected a `data:` section, since --data reads it; add one")
        from mtlspec.training import read

        examples = read(spec, directory=path.parent)
        held_out = 0 if examples.held_out is None else len(examples.held_out)
        found = f", {len(examples.training)} examples for training and {held_out} held out"
    for warning in spec.warnings:
        complain(f"{path}: warning: {warning}")
    return f"{path}: ok{found}"
