"""`python -m mtlspec.comparison.worker FOLDER [EXTENSION...]`: makes one run of a comparison, its losses left there."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from mtlspec.comparison.exchange import LOSSES, read_common, read_run
from mtlspec.errors import MtlspecError
from mtlspec.extension_source import import_extension
from mtlspec.registry import compile


def work(folder: Path) -> None:
    """Train as the files in `folder` and its parent say."""
    graph, data, plan = read_common(folder.parent)
    run, parameters = read_run(folder)
    program = compile(graph, backend=run.backend, precision=run.precision, device=run.device)
    program.parameters = parameters
    source = program.place(data)
    np.save(folder / LOSSES, np.concatenate([program.train(source, steps).losses for steps in plan]))


if __name__ == "__main__":
    try:
        for source in sys.argv[2:]:
            import_extension(source)
        work(Path(sys.argv[1]))
    except MtlspecError as error:
        sys.exit(str(error))
