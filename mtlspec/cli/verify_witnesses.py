"""The half of `mtlspec verify` on witnesses: two existing programs, or their records, and where they part."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import typer

from mtlspec.cli.witnesses import Arithmetic, batches_of, parts_of, show_comparison
from mtlspec.errors import MtlspecError
from mtlspec.output import expect_writable

APART = 1
TWO = 2


def verify_records(files: Sequence[Path], *, passing: float, report: Path | None) -> None:
    """Compare two records, and exit with 1 if they part."""
    if len(files) != TWO:
        raise MtlspecError(f"expected two records to compare, found {len(files)}: {', '.join(map(str, files))}")
    expect_writable(report)
    command = f"mtlspec verify {files[0]} {files[1]}"
    _conclude((files[0], files[1]), passing=passing, report=report, command=command)


def verify_witnesses(
    witnesses: Sequence[str],
    *,
    batches: Path | None,
    names: Path | None,
    batch_size: int | None,
    steps: int | None,
    precision: Arithmetic | None,
    passing: float,
    report: Path | None,
) -> None:
    """Record two programs, the second from the first one's values, compare them, and exit with 1 if they part."""
    if len(witnesses) != TWO:
        raise MtlspecError(f"expected --witness twice, found it {len(witnesses)} times")
    programs = [parts_of(witness) for witness in witnesses]
    examples = batches_of(batches)
    expect_writable(report)
    from mtlspec_conformance.witness import Job, record

    with tempfile.TemporaryDirectory(prefix="mtlspec-") as folder:
        files = Path(folder, "first.record"), Path(folder, "second.record")
        first = Job(
            *programs[0],
            batches=str(examples),
            output=str(files[0]),
            batch_size=batch_size,
            steps=steps,
            precision=None if precision is None else precision.value,
        )
        framework, file, function = programs[1]
        second = replace(
            first,
            framework=framework,
            file=file,
            function=function,
            output=str(files[1]),
            origin=str(files[0]),
            names=None if names is None else str(names),
        )
        record(first)
        record(second)
        flags = " ".join(f"--witness {witness}" for witness in witnesses)
        command = f"mtlspec verify {flags} --batches {examples}"
        _conclude(files, passing=passing, report=report, command=command)


def _conclude(files: tuple[Path, Path], *, passing: float, report: Path | None, command: str) -> None:
    from mtlspec_conformance.witness import Record, compare, reporting

    found = compare(*(Record.load(file) for file in files), passing=passing)
    show_comparison(found)
    if report is not None:
        reporting.write(report, found, command=command)
    if not found.green:
        raise typer.Exit(APART)
