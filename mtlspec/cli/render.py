"""`mtlspec render`: the document of a spec with every number explicit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mtlspec.cli.arguments import DocumentFormat, SpecFile
from mtlspec.cli.command import tell
from mtlspec.output import write
from mtlspec.spec import document

FormatOption = Annotated[DocumentFormat, typer.Option("--format", help="The notation of the output.")]
AsGiven = Annotated[bool, typer.Option("--as-given", help="Only what the document gives, without filling in laws.")]
OutputFile = Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write to a file.")]


def render(
    spec: SpecFile,
    format: FormatOption = DocumentFormat.yaml,
    as_given: AsGiven = False,
    output: OutputFile = None,
) -> None:
    """Print a document with every number and law spelled out."""
    text = document.render(document.load(spec), format=format.chosen, explicit=not as_given)
    if output is None:
        tell(text.removesuffix("\n"))
    else:
        write(output, text)
