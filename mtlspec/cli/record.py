"""`mtlspec record`: what the levels need of one existing program, in a file to compare elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mtlspec.cli.command import tell
from mtlspec.cli.witnesses import (
    ArithmeticOption,
    BatchFile,
    BatchSize,
    NameMap,
    Steps,
    batches_of,
    parts_of,
    show_record,
)
from mtlspec.output import expect_writable

Program = Annotated[
    str, typer.Option("--witness", metavar="FRAMEWORK=FILE:FUNCTION", help="The program, such as keras=old.py:build.")
]
Output = Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="The record, such as old.record.")]
Origin = Annotated[
    Path | None, typer.Option("--from", metavar="RECORD", help="Begin at the values of this record, matched by layer.")
]


def record(
    witness: Program,
    output: Output,
    batches: BatchFile = None,
    origin: Origin = None,
    names: NameMap = None,
    batch_size: BatchSize = None,
    steps: Steps = None,
    precision: ArithmeticOption = None,
) -> None:
    """Measure an existing program at every level and write a record; compare two with `mtlspec verify`."""
    framework, file, function = parts_of(witness)
    examples = batches_of(batches)
    expect_writable(output)
    from mtlspec_conformance.witness import Job, Record
    from mtlspec_conformance.witness import record as record_all

    record_all(
        Job(
            framework=framework,
            file=file,
            function=function,
            batches=str(examples),
            output=str(output),
            batch_size=batch_size,
            steps=steps,
            precision=None if precision is None else precision.value,
            origin=None if origin is None else str(origin),
            names=None if names is None else str(names),
        )
    )
    show_record(Record.load(output))
    tell(f"wrote {output}")
