"""Arguments that several commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from mtlspec.spec.document import Format
from mtlspec.spec.training import Precision as PrecisionName


class Precision(StrEnum):
    """A number format of the arithmetic."""

    float32 = "float32"
    float64 = "float64"

    @property
    def chosen(self) -> PrecisionName:
        """The precision as the spec writes it."""
        return "float64" if self is Precision.float64 else "float32"


class DocumentFormat(StrEnum):
    """A notation of documents."""

    yaml = "yaml"
    json = "json"

    @property
    def chosen(self) -> Format:
        """The format as `render` takes it."""
        return "json" if self is DocumentFormat.json else "yaml"


SpecFile = Annotated[Path, typer.Argument(metavar="SPEC", help="A document: YAML, or JSON if it ends in .json.")]
DataFile = Annotated[
    Path | None, typer.Option("--data", metavar="FILE", help="A table to read instead of the one the document names.")
]
PrecisionOption = Annotated[
    Precision | None, typer.Option("--precision", help="The arithmetic, instead of the document's.")
]
Device = Annotated[str, typer.Option("--device", metavar="DEVICE", help="Where the framework computes.")]
PlotFile = Annotated[
    Path | None, typer.Option("--plot", metavar="FILE", help="Draw the curves: .svg, .png or .pdf (extra `plot`).")
]
Extensions = Annotated[
    list[str] | None,
    typer.Option("--extension", metavar="FILE", help="Import a file or module that registers kinds of your own."),
]
