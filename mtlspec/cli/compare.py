"""`mtlspec compare`: one document trained in several backends, and how far the losses part."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mtlspec.cli.arguments import DataFile, Device, PlotFile, Precision, SpecFile
from mtlspec.cli.command import complain, tell
from mtlspec.cli.several import names_in
from mtlspec.errors import MtlspecError
from mtlspec.output import expect_writable, write
from mtlspec.plots import expect_plottable
from mtlspec.spec.document import load

if TYPE_CHECKING:
    from mtlspec.comparison import Comparison

ABOVE_LIMIT = 1
SHOWN_STEPS = (0, 1, 10, 100, 200, 500, 1000, 10000)
"""The steps of the table, beside the last and that of the largest difference."""

Backends = Annotated[
    list[str], typer.Option("--backends", metavar="NAME NAME...", help="Two or more; commas will do, too.")
]
PrecisionOption = Annotated[Precision, typer.Option("--precision", help="The arithmetic of all runs.")]
StepsOption = Annotated[int, typer.Option("--steps", metavar="N", min=1, help="How many updates, across epochs.")]
ReportFile = Annotated[Path | None, typer.Option("--report", metavar="FILE", help="Write all losses as JSON.")]
Limit = Annotated[
    float | None, typer.Option("--limit", metavar="X", help="Exit with 1 if the largest difference is above.")
]


def compare(
    spec: SpecFile,
    backends: Backends,
    data: DataFile = None,
    precision: PrecisionOption = Precision.float64,
    steps: StepsOption = 300,
    device: Device = "cpu",
    report: ReportFile = None,
    plot: PlotFile = None,
    limit: Limit = None,
) -> None:
    """Train in several backends and compare losses."""
    described = load(spec)
    expect_writable(report, plot)
    expect_plottable(plot)
    if described.data is None:
        if data is not None:
            raise MtlspecError(f"{spec}: --data needs a `data:` section that says which columns mean what; add one")
        complain(f"{spec} has no `data:` section: comparing on synthetic examples")
    from mtlspec import comparison
    from mtlspec.training import read

    found = comparison.compare(
        described,
        backends=names_in(backends),
        data=None if described.data is None else read(described, directory=spec.parent, file=data).training,
        precision=precision.chosen,
        steps=steps,
        device=device,
    )
    _print(found)
    if report is not None:
        write(report, json.dumps(found.to_json(), allow_nan=False) + "\n")
    if plot is not None:
        from mtlspec.plots import plot_comparison

        plot_comparison(found, plot)
    if limit is not None and not found.largest_difference.loss <= limit:
        complain(f"the largest difference is above {limit:g}")
        raise typer.Exit(ABOVE_LIMIT)


def _print(found: Comparison) -> None:
    from mtlspec.cli.table import print_table

    last, largest = found.steps - 1, found.largest_difference
    steps = sorted({*(step for step in SHOWN_STEPS if step < last), last, largest.step})
    widest = found.widest()
    print_table(
        ("step", "task", *found.losses, "difference"),
        (
            (
                str(step) if index == 0 else "",
                task,
                *(f"{losses[step, index]:.10g}" for losses in found.losses.values()),
                f"{widest[step, index]:.1e}",
            )
            for step in steps
            for index, task in enumerate(found.tasks)
        ),
        numbers=("step", *found.losses, "difference"),
    )
    tell(f"{found.steps} steps in {found.precision}, counted from 0")
    tell(found.verdict)
