"""Table files: which reader reads which file."""

from __future__ import annotations

from pathlib import Path

from mtlspec.errors import DataError
from mtlspec.training.array_file import npy_table, npz_table
from mtlspec.training.csv_table import csv_table
from mtlspec.training.parquet_table import parquet_table
from mtlspec.training.table import Table

READERS = {
    ".csv": csv_table,
    ".csv.gz": csv_table,
    ".csv.zip": csv_table,
    ".parquet": parquet_table,
    ".npz": npz_table,
}
"""By the end of a file's name."""


def file_table(path: Path, *, missing_values: tuple[str, ...] = ("",)) -> Table:
    """Return the table in a file, or of the arrays in a folder.

    Raises:
        DataError: there is no such file, or it is no table.
    """
    if path.is_dir():
        return npy_table(path, missing_values=missing_values)
    for suffix, reader in READERS.items():
        if path.name.endswith(suffix):
            return reader(path, missing_values=missing_values)
    hint = "read other files into a data frame and give that"
    if path.suffix == ".npy":
        hint = "put it into a folder with the arrays of the labels, and name the folder"
    raise DataError(f"{path.name}: expected {', '.join(READERS)} or a folder of .npy files; {hint}")
