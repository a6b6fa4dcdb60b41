"""The document half of `mtlspec verify`: the user's own document and data, held to the levels of the suite."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import typer

from mtlspec.cli.command import complain
from mtlspec.errors import MtlspecError
from mtlspec.output import expect_writable, write
from mtlspec.spec.document import load
from mtlspec.spec.training import Precision

NOT_THE_SAME = 1


def verify_document(
    document: Path,
    *,
    data: Path | None,
    backends: Sequence[str],
    precision: Precision,
    steps: int,
    device: str,
    report: Path | None,
    page: Path | None,
) -> None:
    """Hold `document` with its data against the reference in each backend, and exit with 1 unless all conform."""
    spec = load(document)
    reports = {name: _of(report, name, backends) for name in backends}
    expect_writable(page, *reports.values())
    if spec.data is None:
        if data is not None:
            raise MtlspecError(f"{document}: --data needs a `data:` section that says which columns mean what; add one")
        complain(f"{document} has no `data:` section: verifying on synthetic examples")
    from mtlspec_conformance import page as pages
    from mtlspec_conformance.console import show_results
    from mtlspec_conformance.own import own_case
    from mtlspec_conformance.verification import verify
    from rich.console import Console

    from mtlspec.comparison.runs import training_examples
    from mtlspec.graph import lower
    from mtlspec.training import read

    if spec.data is None:
        examples = training_examples(spec, lower(spec), document.parent)
    else:
        examples = read(spec, directory=document.parent, file=data).training
    case = own_case(spec, examples, name=document.stem, steps=steps)
    console = Console(soft_wrap=True)
    command = " ".join(["mtlspec verify", str(document), *([] if data is None else ["--data", str(data)])])
    done = []
    for one in verify(case, backends=backends, precision=precision, device=device, command=command):
        path = reports[one.backend]
        if path is not None:
            one.write(path, case)
        show_results(console, one.backend, None, one.results, written=path)
        done.append(one)
    if page is not None:
        write(page, pages.rendered([one.report(case) for one in done]))
    if not all(one.green for one in done):
        raise typer.Exit(NOT_THE_SAME)


def _of(report: Path | None, name: str, backends: Sequence[str]) -> Path | None:
    """Return the file of one backend's report: that which was asked for, with the name put in if there are several."""
    if report is None or len(backends) == 1:
        return report
    return report.with_suffix(f".{name}{report.suffix}")
