"""`mtlspec train`: train a document in one backend."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mtlspec.cli.arguments import DataFile, Device, PlotFile, PrecisionOption, SpecFile
from mtlspec.cli.command import INTERRUPTED, complain, tell
from mtlspec.errors import CheckpointError
from mtlspec.output import expect_writable, write
from mtlspec.plots import expect_plottable
from mtlspec.registry import compile
from mtlspec.spec import Spec
from mtlspec.spec.document import load

if TYPE_CHECKING:
    from mtlspec.backend import Program
    from mtlspec.training import Checkpoint, Examples, History

BackendOption = Annotated[str, typer.Option("--backend", metavar="NAME", help="Where to train: torch, keras, numpy.")]
Epochs = Annotated[
    int | None, typer.Option("--epochs", metavar="N", min=1, help="In all, instead of the document's number.")
]
StepsOption = Annotated[
    int | None, typer.Option("--steps", metavar="N", min=1, help="Updates in all, instead of epochs.")
]
OutputFile = Annotated[
    Path | None, typer.Option("-o", "--output", metavar="FILE", help="Save the model: .safetensors.")
]
ResumeFile = Annotated[
    Path | None, typer.Option("--resume", metavar="FILE", help="Go on from a model saved by any backend.")
]
HistoryFile = Annotated[Path | None, typer.Option("--history", metavar="FILE", help="Write every loss as JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress bar and no table.")]


def train(
    spec: SpecFile,
    backend: BackendOption,
    data: DataFile = None,
    epochs: Epochs = None,
    steps: StepsOption = None,
    precision: PrecisionOption = None,
    device: Device = "cpu",
    output: OutputFile = None,
    resume: ResumeFile = None,
    history: HistoryFile = None,
    plot: PlotFile = None,
    quiet: Quiet = False,
) -> None:
    """Train a document in one backend."""
    described = load(spec)
    expect_writable(output, history, plot)
    expect_plottable(plot)
    from mtlspec import training

    examples = training.read(described, directory=spec.parent, file=data)
    chosen = None if precision is None else precision.chosen
    program = compile(described, backend=backend, precision=chosen, device=device)
    past = None if resume is None else _resumed(program, training.load(resume), described, examples)
    made = training.train(
        program,
        examples.training,
        validation=examples.held_out,
        epochs=epochs,
        steps=steps,
        history=past,
        progress=not quiet,
    )
    if past is not None and made.last_step == past.last_step:
        complain(
            f"nothing to do: the model has made {past.last_step} steps already; ask for more by --epochs or --steps"
        )
    if output is not None:
        kept = placed(described, directory=spec.parent, file=data, beside=output)
        training.save(output, program, kept, encoders=examples.encoders, history=made)
    if history is not None:
        write(history, made.to_json() + "\n")
    if plot is not None:
        from mtlspec.plots import plot_history

        plot_history(made, plot)
    if not quiet:
        _print(program, examples, made, backend)
    if made.interrupted:
        complain(f"interrupted after {made.last_step} steps" + (f"; {output} has them" if output else ""))
        raise typer.Exit(INTERRUPTED)


def _resumed(program: Program, checkpoint: Checkpoint, spec: Spec, examples: Examples) -> History | None:
    """Give the checkpoint's parameters and state to `program`, and return its history."""
    if checkpoint.spec.digest() != spec.digest():
        complain("warning: the model was trained by another document; going on by this one")
    checkpoint.restore(program)
    if checkpoint.encoders is not None and checkpoint.encoders != examples.encoders:
        raise CheckpointError(
            "the data gives other vocabularies or statistics than those saved with the model; "
            "resume on the data that it was trained on"
        )
    return checkpoint.history


def placed(spec: Spec, *, directory: Path, file: Path | None, beside: Path) -> Spec:
    """Return `spec` with its data file, or the one read in its place, told from the folder of the file `beside`."""
    if spec.data is None or spec.data.file is None or (file is None and spec.data.package is not None):
        return spec
    found = directory / spec.data.file if file is None else file
    try:
        told = Path(os.path.relpath(found.resolve(), beside.parent.resolve())).as_posix()
    except ValueError:  # another drive, on Windows
        told = found.resolve().as_posix()
    fields = {name: getattr(spec.data, name) for name in spec.data.model_fields_set - {"package"}}
    return spec.replacing(lambda s: s.data, by=type(spec.data)(**{**fields, "file": told}))


def _print(program: Program, examples: Examples, made: History, backend: str) -> None:
    from mtlspec.cli.measures import print_measures
    from mtlspec.training import evaluate

    found = {"training": evaluate(program, examples.training)}
    if examples.held_out is not None:
        found["held out"] = evaluate(program, examples.held_out)
    print_measures(found)
    epochs = f", {len(made.epochs)} epochs" if made.epochs else ""
    tell(f"{made.last_step} steps{epochs}; {backend}, {program.precision}")
