"""`mtlspec baseline`: a document beside each task alone, balancers and tuned weights, at equal budget."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mtlspec.cli.arguments import DataFile, Device, PlotFile, PrecisionOption, SpecFile
from mtlspec.cli.command import tell
from mtlspec.cli.several import names_in
from mtlspec.errors import MtlspecError
from mtlspec.output import expect_writable, write
from mtlspec.plots import expect_plottable
from mtlspec.spec.document import load

if TYPE_CHECKING:
    from mtlspec.baselines import Baselines, Sweep
    from mtlspec.spec import Spec

REPORT, MARKDOWN, LATEX = "report.json", "tables.md", "tables.tex"


class Swept(StrEnum):
    """What a sweep is of."""

    weights = "weights"


BackendOption = Annotated[str, typer.Option("--backend", metavar="NAME", help="Where to train: torch, keras, numpy.")]
Balancers = Annotated[
    list[str] | None,
    typer.Option("--balancers", metavar="KIND KIND...", help="Kinds of `training.balancing`; commas will do, too."),
]
Variants = Annotated[
    list[Path] | None,
    typer.Option("--variant", metavar="FILE", help="Another document with the same inputs and tasks; may be repeated."),
]
SweepOption = Annotated[Swept | None, typer.Option("--sweep", help="Tune the fixed weights of the tasks.")]
Grid = Annotated[
    int | None, typer.Option("--grid", metavar="N", min=1, help="Weights are whole N-ths; by default tasks + 2.")
]
Draws = Annotated[int | None, typer.Option("--draws", metavar="N", min=1, help="Draw so many, in place of a grid.")]
Seeds = Annotated[int, typer.Option("--seeds", metavar="N", min=1, help="How many, from the document's on.")]
OutputFolder = Annotated[
    Path | None,
    typer.Option(
        "-o", "--output", metavar="FOLDER", help="Keeps finished runs, and goes on; by default SPEC.baseline."
    ),
]
Epochs = Annotated[
    int | None, typer.Option("--epochs", metavar="N", min=1, help="Of every run, instead of the document's number.")
]
StepsOption = Annotated[
    int | None, typer.Option("--steps", metavar="N", min=1, help="Updates of every run, instead of epochs.")
]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress bar and no tables.")]


def baseline(
    spec: SpecFile,
    backend: BackendOption = "torch",
    balancers: Balancers = None,
    variant: Variants = None,
    sweep: SweepOption = None,
    grid: Grid = None,
    draws: Draws = None,
    seeds: Seeds = 1,
    output: OutputFolder = None,
    data: DataFile = None,
    epochs: Epochs = None,
    steps: StepsOption = None,
    precision: PrecisionOption = None,
    device: Device = "cpu",
    plot: PlotFile = None,
    quiet: Quiet = False,
) -> None:
    """Compare with each task alone, balancers and tuned weights."""
    described = load(spec)
    expect_writable(plot)
    expect_plottable(plot)
    folder = Path(f"{spec.stem}.baseline") if output is None else output
    from mtlspec import baselines

    found = baselines.baseline(
        described,
        backend=backend,
        balancers=names_in(balancers or []),
        variants=_variants(variant or []),
        sweep=_sweep(sweep, grid, draws),
        seeds=seeds,
        folder=folder,
        data=baselines.compared_examples(described, directory=spec.parent, file=data),
        precision=None if precision is None else precision.chosen,
        epochs=epochs,
        steps=steps,
        device=device,
        progress=not quiet,
    )
    _write(found, folder, plot)
    if not quiet:
        _print(found, folder)


def _variants(files: list[Path]) -> dict[str, Spec]:
    found: dict[str, Spec] = {}
    for file in files:
        if file.stem in found:
            raise MtlspecError(f"two variants are called {file.stem!r}; rename a file")
        found[file.stem] = load(file)
    return found


def _sweep(swept: Swept | None, grid: int | None, draws: int | None) -> Sweep | None:
    from mtlspec.baselines import Sweep

    if swept is None:
        for name, given in (("--grid", grid), ("--draws", draws)):
            if given is not None:
                raise MtlspecError(f"{name} says which weights are tried; add `--sweep weights`")
        return None
    return Sweep(grid=grid, draws=draws)


def _write(found: Baselines, folder: Path, plot: Path | None) -> None:
    from mtlspec.baselines.pages import latex, markdown

    write(folder / REPORT, json.dumps(found.to_json(), allow_nan=False, indent=1) + "\n")
    write(folder / MARKDOWN, markdown(found))
    write(folder / LATEX, latex(found))
    if plot is not None:
        from mtlspec.baselines.plot import plot_baselines

        plot_baselines(found, plot)


def _print(found: Baselines, folder: Path) -> None:
    from mtlspec.baselines.pages import caption
    from mtlspec.baselines.tables import tables
    from mtlspec.cli.table import print_table

    for table in tables(found):
        columns = [column.heading for column in table.columns]
        rows = (
            (name, *(table.text(row, column) for column in range(len(columns))))
            for row, (name, _) in enumerate(table.rows)
        )
        print_table((table.rows_are, *columns), rows, numbers=columns, title=table.title)
    for note in found.notes:
        tell(note)
    tell(f"{caption(found)}; {folder} has {REPORT}, {MARKDOWN}, {LATEX} and every run")
