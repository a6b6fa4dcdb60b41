"""`mtlspec verify`: a document in several backends, or two existing programs, held to the levels of the suite."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mtlspec.cli.arguments import DataFile, Device
from mtlspec.cli.several import names_in
from mtlspec.cli.verify_document import verify_document
from mtlspec.cli.verify_witnesses import verify_records, verify_witnesses
from mtlspec.cli.witnesses import Arithmetic, ArithmeticOption, BatchFile, BatchSize, NameMap, Steps
from mtlspec.errors import MtlspecError

RECORD = ".record"
BACKENDS, STEPS = ("torch", "keras"), 20

Subjects = Annotated[
    list[Path] | None, typer.Argument(metavar="[SPEC | RECORD RECORD]", help="A document, or two records.")
]
Backends = Annotated[
    list[str] | None, typer.Option("--backends", metavar="NAME NAME...", help="For a document; commas will do, too.")
]
Witnesses = Annotated[
    list[str] | None,
    typer.Option(
        "--witness", metavar="FRAMEWORK=FILE:FUNCTION", help="Twice: the programs, such as keras=old.py:build."
    ),
]
ReportFile = Annotated[Path | None, typer.Option("--report", metavar="FILE", help="Write the results as JSON Lines.")]
PageFile = Annotated[Path | None, typer.Option("--page", metavar="FILE", help="For a document: write an HTML page.")]
Limit = Annotated[
    float, typer.Option("--limit", metavar="X", min=0, help="For witnesses: an error that passes, whatever the noise.")
]


def verify(
    subjects: Subjects = None,
    backends: Backends = None,
    witness: Witnesses = None,
    data: DataFile = None,
    batches: BatchFile = None,
    names: NameMap = None,
    batch_size: BatchSize = None,
    steps: Steps = None,
    precision: ArithmeticOption = None,
    device: Device = "cpu",
    limit: Limit = 0.0,
    report: ReportFile = None,
    page: PageFile = None,
) -> None:
    """Hold a document to the reference in each backend, or find where two existing programs part.

    Exit codes: 0 the same, 1 not the same, 2 bad input.
    """
    given = subjects or []
    if witness:
        if given:
            raise MtlspecError(f"expected either --witness or files, found both: {given[0]}")
        verify_witnesses(
            witness,
            batches=batches,
            names=names,
            batch_size=batch_size,
            steps=steps,
            precision=precision,
            passing=limit,
            report=report,
        )
    elif given and all(path.suffix == RECORD for path in given):
        verify_records(given, passing=limit, report=report)
    elif len(given) == 1:
        if precision is Arithmetic.as_built:
            raise MtlspecError("--precision as_built is for witnesses: a document is compiled in float64 or float32")
        verify_document(
            given[0],
            data=data,
            backends=names_in(backends or []) or BACKENDS,
            precision="float32" if precision is Arithmetic.float32 else "float64",
            steps=steps or STEPS,
            device=device,
            report=report,
            page=page,
        )
    else:
        raise MtlspecError(
            "name one document, or two witnesses: --witness FRAMEWORK=FILE:FUNCTION twice, or two records"
        )
