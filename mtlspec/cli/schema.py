"""`mtlspec schema`: the JSON Schema of a document, for editors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from mtlspec.cli.command import tell
from mtlspec.output import write
from mtlspec.spec.schema import json_schema

OutputFile = Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write to a file.")]


def schema(output: OutputFile = None) -> None:
    """Print the JSON Schema of a document."""
    text = json.dumps(json_schema(), indent=2, ensure_ascii=False)
    if output is None:
        tell(text)
    else:
        write(output, text + "\n")
