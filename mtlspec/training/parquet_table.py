"""Tables from Parquet files, by whichever library is installed."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from mtlspec.errors import DataError
from mtlspec.training.frame import frame_table
from mtlspec.training.table import Table

READERS: tuple[tuple[str, Callable[[Any, Path], Any]], ...] = (
    ("pyarrow.parquet", lambda library, path: library.read_table(path)),
    ("polars", lambda library, path: library.read_parquet(path)),
    ("pandas", lambda library, path: library.read_parquet(path)),  # itself asks for pyarrow or fastparquet
)
"""Libraries in the order in which they are tried, and how each reads a file."""


def parquet_table(path: Path, *, missing_values: tuple[str, ...] = ("",)) -> Table:
    """Return the table of a .parquet file.

    Raises:
        DataError: there is no such file, no library that reads it, or it is no such file.
    """
    if not path.is_file():
        raise DataError(f"no file {str(path)!r}")
    for name, read in READERS:
        try:
            frame = read(import_module(name), path)
        except ImportError:
            continue
        except _errors(name) as error:
            told = (str(error) or type(error).__name__).splitlines()[0]
            raise DataError(f"{path.name}: cannot be read as Parquet: {told}") from None
        return frame_table(frame, missing_values=missing_values, source=path.name)
    hint = "install one, for instance by `pip install 'mtlspec[parquet]'`"
    raise DataError(f"{path.name}: reading Parquet needs pyarrow, polars or pandas with fastparquet; {hint}")


def _errors(name: str) -> tuple[type[BaseException], ...]:
    """Return what a library raises for a file that it cannot read; all of pyarrow's are one of the first three."""
    if name != "polars":
        return (OSError, ValueError, NotImplementedError)
    errors: tuple[type[BaseException], ...] = (OSError, import_module("polars").exceptions.PolarsError)
    return errors
