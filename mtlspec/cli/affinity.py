"""`mtlspec affinity`: what one task's step does to the losses of the others."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from mtlspec.cli.arguments import DataFile, Device, PlotFile, PrecisionOption, SpecFile
from mtlspec.cli.command import complain, tell
from mtlspec.errors import MtlspecError
from mtlspec.output import expect_writable, write
from mtlspec.plots import expect_plottable
from mtlspec.spec.document import load

if TYPE_CHECKING:
    from mtlspec.affinities import Affinity


class StepKind(StrEnum):
    """How a task steps alone."""

    gradient = "gradient"
    optimizer = "optimizer"

    @property
    def chosen(self) -> Literal["gradient", "optimizer"]:
        """The step as Python takes it."""
        return "gradient" if self is StepKind.gradient else "optimizer"


BackendOption = Annotated[str, typer.Option("--backend", metavar="NAME", help="Where to train: torch, keras, numpy.")]
StepsOption = Annotated[
    int | None, typer.Option("--steps", metavar="N", min=1, help="Updates in all, instead of the document's epochs.")
]
Every = Annotated[int, typer.Option("--every", metavar="N", min=1, help="Measure before every N-th update.")]
By = Annotated[StepKind, typer.Option("--step", help="Along the task's gradient, or as the document's optimizer does.")]
Groups = Annotated[
    int | None, typer.Option("--groups", metavar="N", min=1, help="Suggest so many groups; by default as many as fit.")
]
ReportFile = Annotated[Path | None, typer.Option("--report", metavar="FILE", help="Write the matrix as JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress bar and no table.")]


def affinity(
    spec: SpecFile,
    backend: BackendOption = "torch",
    data: DataFile = None,
    steps: StepsOption = None,
    every: Every = 10,
    step: By = StepKind.gradient,
    groups: Groups = None,
    precision: PrecisionOption = None,
    device: Device = "cpu",
    report: ReportFile = None,
    plot: PlotFile = None,
    quiet: Quiet = False,
) -> None:
    """Tell what one task's step does to the others' losses."""
    described = load(spec)
    expect_writable(report, plot)
    expect_plottable(plot)
    if described.data is None:
        if data is not None:
            raise MtlspecError(f"{spec}: --data needs a `data:` section that says which columns mean what; add one")
        complain(f"{spec} has no `data:` section: measuring on synthetic examples")
    from mtlspec import affinities
    from mtlspec.training import read

    if groups is not None:
        affinities.expect_groups(groups, tasks=len(described.tasks))
    found = affinities.affinity(
        described,
        backend=backend,
        data=None if described.data is None else read(described, directory=spec.parent, file=data).training,
        steps=steps,
        every=every,
        step=step.chosen,
        precision=None if precision is None else precision.chosen,
        device=device,
        progress=not quiet,
    )
    content = found.to_json(groups=groups)
    if report is not None:
        write(report, json.dumps(content, allow_nan=False, indent=1) + "\n")
    if plot is not None:
        from mtlspec.affinities.plot import plot_affinity

        plot_affinity(found, plot)
    if not quiet:
        _print(found, groups)


def _print(found: Affinity, groups: int | None) -> None:
    from mtlspec.cli.table import print_table

    rows = ((task, *map(_number, found.mean[index])) for index, task in enumerate(found.tasks))
    print_table(("step of", *(f"to {task}" for task in found.tasks)), rows, numbers=[f"to {t}" for t in found.tasks])
    if not found.groupable:
        tell(f"no grouping is suggested: {found.ungroupable}")
    else:
        suggested = found.grouping(groups)
        told = (
            (str(each.number), f"{each.score:.3g}", each.text + (" *" if each == suggested else ""))
            for each in found.groupings
        )
        print_table(("groups", "score", "grouping"), told, numbers=("groups", "score"))
    tell(
        f"1 - loss after / loss before, the mean of {found.measured} measurements over {found.steps} steps; "
        "above 0 the step helps"
    )


def _number(value: float) -> str:
    return "–" if value != value else f"{value:+.3g}"
