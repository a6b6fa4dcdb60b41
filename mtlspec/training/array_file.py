"""Tables of named arrays: an .npz file, or a folder of .npy files, which are mapped and not loaded."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

import numpy as np

from mtlspec.errors import DataError
from mtlspec.tensors import Array
from mtlspec.training.table import Table


def npz_table(path: Path, *, missing_values: tuple[str, ...] = ("",)) -> Table:
    """Return the arrays of an .npz file, which are loaded: its parts may be compressed.

    Raises:
        DataError: there is no such file, or it holds other things than arrays of one length.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: _array(archive, name, path) for name in archive.files}
    except FileNotFoundError:
        raise DataError(f"no file {str(path)!r}") from None
    except (OSError, EOFError, ValueError, zipfile.BadZipFile, zlib.error, AttributeError, TypeError) as error:
        raise DataError(f"{path.name}: expected an .npz file, as numpy.savez writes it: {error}") from None
    return _table(arrays, path, missing_values)


def npy_table(folder: Path, *, missing_values: tuple[str, ...] = ("",)) -> Table:
    """Return the arrays of the .npy files in a folder, each under the name of its file; they stay in their files.

    Raises:
        DataError: the folder holds none, or one is no array of the length of the others.
    """
    arrays = {}
    for path in sorted(folder.glob("*.npy")):
        try:
            arrays[path.stem] = np.load(path, mmap_mode="r", allow_pickle=False)
        except (OSError, EOFError, ValueError) as error:
            raise DataError(
                f"{path.name}: expected an array of numbers or texts, as numpy.save writes it: {error}"
            ) from None
    if not arrays:
        raise DataError(f"{str(folder)!r}: expected .npy files in this folder, found none")
    return _table(arrays, folder, missing_values)


def _array(archive: np.lib.npyio.NpzFile, name: str, path: Path) -> Array:
    try:
        array: Array = archive[name]
    except ValueError as error:
        raise DataError(f"{path.name}: array {name!r}: expected numbers or texts: {error}") from None
    return array


def _table(arrays: dict[str, Array], path: Path, missing_values: tuple[str, ...]) -> Table:
    lengths = {name: len(array) if array.ndim else 0 for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{name} {arrays[name].shape}" for name in lengths)
        raise DataError(f"{path.name}: expected arrays of one length on the first axis, found {found}")
    if not any(lengths.values()):
        raise DataError(f"{path.name}: expected arrays with rows, found none")
    for name, array in arrays.items():
        if array.dtype.kind not in "biufMUS":
            raise DataError(f"{path.name}: array {name!r}: expected numbers, texts or times, found {array.dtype}")
    return Table(path.name, arrays, missing_values)
