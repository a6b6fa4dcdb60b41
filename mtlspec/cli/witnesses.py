"""Arguments of the commands on witnesses, and what is printed of them."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mtlspec.cli.command import tell
from mtlspec.errors import MtlspecError

if TYPE_CHECKING:
    from mtlspec_conformance.witness import Comparison, Record

WITNESS = re.compile(r"(?P<framework>\w+)=(?P<file>.+):(?P<function>\w+)")


class Arithmetic(StrEnum):
    """The arithmetic that witnesses are built in."""

    float64 = "float64"
    float32 = "float32"
    as_built = "as_built"


BatchFile = Annotated[
    Path | None,
    typer.Option("--batches", metavar="FILE", help="Examples: an .npz with inputs.NAME, targets.TASK, weights.TASK."),
]
BatchSize = Annotated[
    int | None,
    typer.Option("--batch-size", metavar="N", min=1, help="Examples in a batch; by default all are one batch."),
]
Steps = Annotated[
    int | None, typer.Option("--steps", metavar="K", min=1, help="Training steps, through the batches in turn. [20]")
]
ArithmeticOption = Annotated[
    Arithmetic | None, typer.Option("--precision", help="The arithmetic that the programs are built in. [float64]")
]
NameMap = Annotated[
    Path | None, typer.Option("--map", metavar="FILE", help="YAML lines `name of the first: name of the second`.")
]


def parts_of(witness: str) -> tuple[str, str, str]:
    """Return the framework, the file and the function of `FRAMEWORK=FILE:FUNCTION`.

    Raises:
        MtlspecError: it has another form.
    """
    found = WITNESS.fullmatch(witness)
    if found is None:
        raise MtlspecError(f"--witness {witness}: expected FRAMEWORK=FILE:FUNCTION, such as keras=old.py:build")
    return found["framework"], found["file"], found["function"]


def batches_of(file: Path | None) -> Path:
    """Return the file of the batches.

    Raises:
        MtlspecError: none is given.
    """
    if file is None:
        raise MtlspecError("name the examples that the witnesses see: --batches FILE.npz")
    return file


def show_record(found: Record) -> None:
    """Print what a record is of."""
    versions = ", ".join(f"{name} {version}" for name, version in found.versions.items())
    tell(f"{found.framework} {found.source} ({versions}; {found.dtype})")
    if found.origin is not None and (how := ", ".join(f"{n} by {way}" for way, n in found.origin.how.items())):
        tell(f"  layers matched: {how}")
    for note in found.notes:
        tell(f"  {note}")


def show_comparison(found: Comparison) -> None:
    """Print both witnesses, the verdict of every level, and where they part."""
    from mtlspec.cli.table import print_table

    for record in (found.first, found.second):
        show_record(record)
    print_table(
        ("level", "verdict", "compared", "differ", "error", "where"),
        (
            (
                each.level,
                each.verdict.replace("_", " "),
                str(each.findings),
                str(each.disagreements),
                "" if each.worst is None else f"{each.worst.error:.1e}",
                each.detail if each.worst is None else each.worst.where,
            )
            for each in found.results
        ),
        numbers=("compared", "differ", "error"),
    )
    for each in found.results:
        if each.worst is not None and each.detail:
            tell(f"level {each.level}: {each.detail}")
    steps = found.first.conditions.steps
    tell(
        found.parting.text if found.parting is not None else f"no parting: the same at every level, over {steps} steps"
    )
