"""A saved model, as `evaluate` and `predict` open it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mtlspec.cli.arguments import Precision
from mtlspec.errors import CheckpointError

if TYPE_CHECKING:
    from mtlspec.backend import Program
    from mtlspec.training import Checkpoint

ModelFile = Annotated[Path, typer.Argument(metavar="MODEL", help="A model saved by `train`: .safetensors.")]
BackendOption = Annotated[
    str | None, typer.Option("--backend", metavar="NAME", help="Where to compute; by default where it was trained.")
]


def opened(model: Path, *, backend: str | None, precision: Precision | None, device: str) -> tuple[Checkpoint, Program]:
    """Return the checkpoint in a file, and its program.

    Raises:
        CheckpointError: it is no checkpoint, or does not tell its backend.
    """
    from mtlspec.training import load

    checkpoint = load(model)
    if not (backend or checkpoint.backend):
        raise CheckpointError(f"{model} does not tell its backend; choose one by --backend")
    chosen = None if precision is None else precision.chosen
    return checkpoint, checkpoint.program(backend=backend, precision=chosen, device=device)
