"""Tables from CSV files: plain, compressed, or inside an installed package."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
import zlib
from collections import Counter
from pathlib import Path

from mtlspec.errors import DataError
from mtlspec.training.table import Table

CELL_LIMIT = 2**24
"""Characters; the csv module refuses 131 073 otherwise, and an image may stand in one cell."""


def csv_table(path: Path, *, missing_values: tuple[str, ...] = ("",)) -> Table:
    """Return the table of a .csv, .csv.gz or .csv.zip file in UTF-8, whose first line names the columns.

    Raises:
        DataError: there is no such file, or it is no such table.
    """
    text = _text(path)
    csv.field_size_limit(CELL_LIMIT)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    lines: list[int] = []
    rows: list[list[str]] = []
    try:
        header = next(reader, [])
        _check_header(header, path)
        for row in reader:
            if row:
                if len(row) != len(header):
                    place = f"{path.name}:{reader.line_num}"
                    raise DataError(f"{place}: expected {len(header)} cells, as in the header, found {len(row)}")
                rows.append(row)
                lines.append(reader.line_num)
    except csv.Error as error:
        raise DataError(f"{path.name}:{reader.line_num}: not CSV: {error}") from None
    if not rows:
        raise DataError(f"{path.name}: expected rows below the header, found none")
    cells = zip(*rows, strict=True)
    columns = {name: list(column) for name, column in zip(header, cells, strict=True)}
    return Table(path.name, columns, missing_values, tuple(lines))


def path_in_package(package: str, file: str) -> Path:
    """Return the path of a file inside an installed package, which is not imported.

    Raises:
        DataError: the package is not installed, or the path leads out of it.
    """
    from importlib.util import find_spec

    top, *rest = package.split(".")
    found = find_spec(top)
    if found is None or not found.submodule_search_locations:
        raise DataError(f"package {package!r} is not installed; install it, for instance by `pip install {top}`")
    root = Path(found.submodule_search_locations[0], *rest).resolve()
    path = (root / file).resolve()
    if not path.is_relative_to(root):
        raise DataError(f"{file!r} leads out of the package {package!r}")
    return path


def _check_header(header: list[str], path: Path) -> None:
    repeated = [name for name, count in Counter(header).items() if count > 1]
    if repeated:
        raise DataError(f"{path.name}:1: column {repeated[0]!r} occurs twice; rename one")
    if not header:
        raise DataError(f"{path.name}: expected a header that names the columns, found nothing")
    for separator in (";", "\t"):
        if len(header) == 1 and separator in header[0]:
            raise DataError(f"{path.name}:1: expected cells separated by commas, found {separator!r}")


def _text(path: Path) -> str:
    try:
        return _bytes(path).decode("utf-8-sig")
    except FileNotFoundError:
        raise DataError(f"no file {str(path)!r}") from None
    except UnicodeDecodeError as error:
        raise DataError(f"{path.name}: expected UTF-8, found another encoding at byte {error.start}") from None
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        raise DataError(f"{path.name}: cannot be read: {error}") from None


def _bytes(path: Path) -> bytes:
    if path.name.endswith(".csv"):
        return path.read_bytes()
    if path.name.endswith(".csv.gz"):
        with gzip.open(path) as file:
            return file.read()
    if path.name.endswith(".csv.zip"):
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.endswith(".csv") and not name.startswith("__MACOSX/")]
            if len(names) != 1:
                raise DataError(f"{path.name}: expected one .csv file in the archive, found {len(names)}")
            return archive.read(names[0])
    raise DataError(f"{path.name}: expected .csv, .csv.gz or .csv.zip")
