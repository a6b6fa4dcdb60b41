"""`mtlspec evaluate`: losses and metrics of a saved model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mtlspec.cli.arguments import DataFile, Device, PrecisionOption
from mtlspec.cli.model import BackendOption, ModelFile, opened
from mtlspec.errors import DataError, MtlspecError

if TYPE_CHECKING:
    from mtlspec.batch import Dataset
    from mtlspec.training import Checkpoint


def evaluate(
    model: ModelFile,
    data: DataFile = None,
    backend: BackendOption = None,
    precision: PrecisionOption = None,
    device: Device = "cpu",
) -> None:
    """Print losses and metrics of a saved model."""
    checkpoint, program = opened(model, backend=backend, precision=precision, device=device)
    from mtlspec import training
    from mtlspec.cli.measures import print_measures

    parts = _own_data(checkpoint, model) if data is None else {"data": _table(checkpoint, data)}
    print_measures({name: training.evaluate(program, part) for name, part in parts.items()})


def _own_data(checkpoint: Checkpoint, model: Path) -> dict[str, Dataset]:
    """Return the examples that the model was trained on, and those that were held out."""
    from mtlspec.training import read

    examples = read(checkpoint.spec, directory=model.parent)
    if checkpoint.encoders is not None and checkpoint.encoders != examples.encoders:
        raise DataError("the data has changed since training: it gives other vocabularies or statistics; use --data")
    held_out = {} if examples.held_out is None else {"held out": examples.held_out}
    return {"training": examples.training, **held_out}


def _table(checkpoint: Checkpoint, file: Path) -> Dataset:
    """Return the examples in a table, by the encoders that were saved with the model."""
    from mtlspec.training import read_table

    if checkpoint.encoders is None or checkpoint.spec.data is None or not checkpoint.encoders.inputs:
        raise MtlspecError("the model was saved without encoders: it cannot read a table")
    table = read_table(checkpoint.spec.data, file=file)
    return checkpoint.encoders.dataset_of(table, rows=checkpoint.encoders.kept(table), spec=checkpoint.spec)
