"""Tables from data frames of any library, or from arrays by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mtlspec.errors import DataError
from mtlspec.training.table import Table


def frame_table(frame: object, *, missing_values: tuple[str, ...] = ("",), source: str = "table") -> Table:
    """Return the table of a pandas, Polars, PyArrow or other data frame, or of a mapping from names to columns.

    Raises:
        DataError: it is neither, or a column is no plain column.
    """
    columns = _of_mapping(frame, source) if isinstance(frame, Mapping) else _of_frame(frame, source)
    lengths = {name: len(cells) for name, cells in columns.items()}
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise DataError(f"{source}: expected columns of one length, found {found}")
    if not any(lengths.values()):
        raise DataError(f"{source}: expected rows, found none")
    return Table(source, columns, missing_values)


def _of_mapping(mapping: Mapping[Any, Any], source: str) -> dict[str, list[Any]]:
    columns = {}
    for name, values in mapping.items():
        array = values if isinstance(values, list | tuple) else np.asarray(values)
        if isinstance(array, np.ndarray) and array.ndim != 1:
            hint = "give arrays of other shapes to `dataset`"
            raise DataError(f"{source}: column {name!r}: expected one value in each row, found {array.shape}; {hint}")
        columns[str(name)] = array.tolist() if isinstance(array, np.ndarray) else list(array)
    return columns


def _of_frame(frame: object, source: str) -> dict[str, list[Any]]:
    import narwhals as nw

    try:
        native: Any = nw.from_native(frame, eager_only=True)
    except nw.exceptions.DuplicateError:
        raise DataError(f"{source}: expected columns with different names, found some twice") from None
    except TypeError:
        expected = "expected a data frame in memory, or a mapping from names to columns"
        raise DataError(f"{source}: {expected}, found {type(frame).__name__}") from None
    columns = {}
    for name in native.columns:
        series = native.get_column(name)
        missing = series.is_null().to_list()
        columns[str(name)] = [None if gone else c for c, gone in zip(series.to_list(), missing, strict=True)]
    return columns
