"""`mtlspec predict`: what a saved model says about a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from mtlspec.cli.arguments import Device, PrecisionOption
from mtlspec.cli.command import complain, tell
from mtlspec.cli.model import BackendOption, ModelFile, opened
from mtlspec.errors import MtlspecError
from mtlspec.output import expect_writable, write

DataFile = Annotated[Path, typer.Option("--data", metavar="FILE", help="A table; it needs no labels.")]
OutputFile = Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write to a CSV file.")]
WithProbabilities = Annotated[bool, typer.Option("--probabilities", help="Also the probability of each class.")]


def predict(
    model: ModelFile,
    data: DataFile,
    output: OutputFile = None,
    probabilities: WithProbabilities = False,
    backend: BackendOption = None,
    precision: PrecisionOption = None,
    device: Device = "cpu",
) -> None:
    """Write a saved model's predictions as CSV."""
    expect_writable(output)
    checkpoint, program = opened(model, backend=backend, precision=precision, device=device)
    from mtlspec import training

    encoders, spec = checkpoint.encoders, checkpoint.spec
    if encoders is None or spec.data is None or not encoders.inputs:
        raise MtlspecError("the model was saved without encoders: it cannot read a table; use `mtl.predict` on arrays")
    table = training.read_table(spec.data, file=data)
    rows = encoders.kept(table)
    predicted = training.predict(program, encoders.inputs_of(table, rows=rows, spec=spec))
    rows, predicted = encoders.by_row(table, rows=rows, predicted=predicted)
    columns = training.prediction_columns(program.graph, predicted, encoders, probabilities=probabilities)
    if len(rows) < len(table):
        complain(f"{len(table) - len(rows)} of {len(table)} rows are left empty: they lack an input")
    text = _csv(columns, {int(row): index for index, row in enumerate(rows)}, size=len(table))
    if output is None:
        tell(text.removesuffix("\n"))
    else:
        write(output, text)


def _csv(columns: Mapping[str, list[Any]], position: Mapping[int, int], *, size: int) -> str:
    """Return a line for each row of the table; where nothing is predicted, its cells are empty."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    for row in range(size):
        index = position.get(row)
        writer.writerow([""] * len(columns) if index is None else [column[index] for column in columns.values()])
    return stream.getvalue()
