"""Examples: what the `data:` section of a document gives, in a part for training and one held out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mtlspec.batch import Dataset
from mtlspec.errors import DataError
from mtlspec.graph import lower
from mtlspec.spec import Data, Spec
from mtlspec.tensors import Arrays
from mtlspec.training.csv_table import path_in_package
from mtlspec.training.encoders import Encoders
from mtlspec.training.fitting import fitted, resolved
from mtlspec.training.frame import frame_table
from mtlspec.training.split import Positions, split
from mtlspec.training.synthetic import synthetic
from mtlspec.training.table import Table
from mtlspec.training.table_file import file_table


@dataclass(frozen=True, eq=False)
class Examples:
    """The examples for training, those held out (None without a split), and the encoders fitted to the former."""

    training: Dataset
    held_out: Dataset | None
    encoders: Encoders


def read(
    spec: Spec,
    *,
    directory: str | Path = ".",
    file: str | Path | None = None,
    frame: object | None = None,
) -> Examples:
    """Return the examples that `spec.data` describes.

    Args:
        spec: The spec; its `data:` says which columns mean what.
        directory: The folder of the document, where `data.file` begins.
        file: Another file to read in place of `data.file`.
        frame: A data frame of any library, or a mapping from names to columns, to read in place of a file.

    Raises:
        DataError: the table is missing, or does not fit the spec.
    """
    data, graph = _data(spec), lower(spec)
    seed = spec.training.seed
    if data.synthetic is not None:
        if file is not None or frame is not None:
            raise DataError("the document's data is synthetic: it has no columns to read a table by; add `inputs:`")
        examples = synthetic(graph, size=data.synthetic, seed=seed)
        parts = split(data.split, size=len(examples), seed=seed)
        held_out = _subset(examples, parts.held_out) if len(parts.held_out) else None
        return Examples(_subset(examples, parts.training), held_out, Encoders())
    table = read_table(data, directory=directory, file=file, frame=frame)
    return examples_of(spec, table)


def read_table(
    data: Data, *, directory: str | Path = ".", file: str | Path | None = None, frame: object | None = None
) -> Table:
    """Return the table of `frame`, else of `file`, else of the file that `data` names.

    Raises:
        DataError: there is no such table.
    """
    if frame is not None:
        return frame_table(frame, missing_values=data.missing_values)
    if file is not None:
        return file_table(Path(file), missing_values=data.missing_values)
    if data.file is None:
        raise DataError("the document's data is synthetic: it names no file")
    if data.package is not None:
        return file_table(path_in_package(data.package, data.file), missing_values=data.missing_values)
    return file_table(Path(directory) / data.file, missing_values=data.missing_values)


def _data(spec: Spec) -> Data:
    if spec.data is None:
        raise DataError("the document has no `data:` section; add one, or make a dataset from arrays by `dataset`")
    return spec.data


def examples_of(spec: Spec, table: Table) -> Examples:
    """Return the examples that `spec.data` finds in `table`.

    Raises:
        DataError: the table does not fit the spec.
    """
    data, graph, seed = _data(spec), lower(spec), spec.training.seed
    found = resolved(data, graph, table)
    rows = found.kept(table)
    groups = found.groups(table, rows)
    size = len(rows) if groups is None else len(groups)
    parts = split(data.split, size=size, seed=seed, table=table, rows=rows, groups=groups)
    training, held_out = (rows[part] if groups is None else groups.subset(part).rows for part in parts)
    encoders = fitted(found, graph, table, training)
    examples = encoders.dataset_of(table, rows=training, spec=graph)
    if not len(held_out):
        return Examples(examples, None, encoders)
    return Examples(examples, encoders.dataset_of(table, rows=held_out, spec=graph), encoders)


def _subset(data: Dataset, rows: Positions) -> Dataset:
    def at(arrays: Arrays) -> Arrays:
        return {name: array[rows] for name, array in arrays.items()}

    return Dataset(
        inputs=at(data.inputs),
        targets=at(data.targets),
        weights=at(data.weights),
        present=at(data.present),
        dividing_weights=at(data.dividing_weights),
        class_weights=data.class_weights,
        counted=at(data.counted),
    )
