"""Batches: what both witnesses train on, read from an npz file without pickled objects."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mtlspec.errors import DataError
from mtlspec.tensors import Array, Arrays

GROUPS = ("inputs", "targets", "weights")


class Batch(NamedTuple):
    """Examples as arrays by name: inputs, targets by task, and weights by task where there are any."""

    inputs: Arrays
    targets: Arrays
    weights: Arrays

    def rows(self, chosen: slice) -> Batch:
        """Return the examples of `chosen`, in its order."""
        return Batch(*({name: array[chosen] for name, array in group.items()} for group in self))

    @property
    def mirrored(self) -> Batch:
        """The same examples from the last to the first: to a loss that is a mean, the same batch."""
        return self.rows(slice(None, None, -1))

    @property
    def size(self) -> int:
        """The number of examples."""
        return len(next(iter(self.inputs.values())))

    def cut(self, size: int | None) -> tuple[Batch, ...]:
        """Return consecutive batches of `size` examples, the last with what is left; None: one batch."""
        step = size or self.size
        return tuple(self.rows(slice(start, start + step)) for start in range(0, self.size, step))

    def digest(self) -> str:
        """Return a name of the content."""
        found = hashlib.sha256()
        for group, arrays in zip(GROUPS, self, strict=True):
            for name, array in sorted(arrays.items()):
                found.update(f"{group}.{name} {array.dtype} {array.shape}\n".encode())
                found.update(np.ascontiguousarray(array).tobytes())
        return found.hexdigest()


def read(path: Path) -> Batch:
    """Return the examples of an npz file: `inputs.NAME`, `targets.TASK`, and `weights.TASK` where a task has some.

    Raises:
        DataError: the file is none, or an array is named, shaped or typed in another way.
    """
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (ValueError, zipfile.BadZipFile, EOFError, AttributeError) as error:
        raise DataError(f"{path}: expected an npz file of plain arrays, as np.savez writes it: {error}") from None
    groups: dict[str, dict[str, Array]] = {group: {} for group in GROUPS}
    for full, array in arrays.items():
        group, _, name = full.partition(".")
        if group not in groups or not name:
            raise DataError(
                f"{path}: found the array {full!r}; expected inputs.NAME, targets.TASK and perhaps weights.TASK"
            )
        groups[group][name] = array
    found = Batch(**groups)
    _expect_whole(path, found)
    return found


def _expect_whole(path: Path, found: Batch) -> None:
    for group in ("inputs", "targets"):
        if not getattr(found, group):
            names = ", ".join(_names(found)) or "nothing"
            raise DataError(f"{path}: expected at least one array {group}.NAME, found {names}")
    if stray := sorted(set(found.weights) - set(found.targets)):
        raise DataError(f"{path}: weights.{stray[0]} has no targets.{stray[0]}")
    sizes = {name: array.shape[0] if array.ndim else None for name, array in _named(found).items()}
    if len(set(sizes.values())) > 1 or None in sizes.values() or 0 in sizes.values():
        told = ", ".join(f"{name} {size}" for name, size in sizes.items())
        raise DataError(f"{path}: expected as many examples in every array, found {told}")


def _names(batch: Batch) -> tuple[str, ...]:
    return tuple(_named(batch))


def _named(batch: Batch) -> Mapping[str, Array]:
    return {
        f"{group}.{name}": array for group, arrays in zip(GROUPS, batch, strict=True) for name, array in arrays.items()
    }


def expect_tasks(batch: Batch, tasks: tuple[str, ...], *, of: str) -> None:
    """Raise if a task of a witness has no targets, or targets have no task.

    Raises:
        DataError: as said.
    """
    lacking, stray = sorted(set(tasks) - set(batch.targets)), sorted(set(batch.targets) - set(tasks))
    if lacking or stray:
        expected = ", ".join(f"targets.{task}" for task in tasks)
        found = ", ".join(f"targets.{task}" for task in batch.targets)
        raise DataError(
            f"the batches do not fit {of}, whose tasks are {', '.join(tasks)}: expected {expected}; found {found}"
        )
