"""The folder of a comparison: what it is of, and a file for every finished run, so that a second call goes on."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from mtlspec.baselines.record import Record
from mtlspec.batch import Dataset
from mtlspec.comparison.exchange import GROUPS
from mtlspec.errors import MtlspecError
from mtlspec.mapped_array import slices
from mtlspec.spec import Spec
from mtlspec.training.atomic import write_whole

ABOUT, RUNS = "comparison.json", "runs"
SHOWN = 12
"""How many digits of a digest a file's name has."""
CALLED = {
    "spec": "document",
    "data": "data",
    "backend": "backend",
    "precision": "precision",
    "device": "device",
    "epochs": "number of epochs",
    "steps": "number of steps",
}


@dataclass(frozen=True)
class About:
    """What all runs of a folder have in common."""

    spec: str
    data: str
    backend: str
    precision: str
    device: str
    epochs: int | None
    steps: int | None


class Folder:
    """The finished runs of one comparison."""

    def __init__(self, path: Path, about: About) -> None:
        """Open or make the folder.

        Raises:
            MtlspecError: it is of another comparison, or cannot be made.
        """
        self.path = path
        kept = path / ABOUT
        try:
            (path / RUNS).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise MtlspecError(f"cannot make the folder {path / RUNS}: {error.strerror}") from None
        if kept.exists():
            _expect_same(path, _read(kept), about)
        else:
            write_whole(kept, (json.dumps(asdict(about), indent=1) + "\n").encode())

    def file(self, name: str, spec: Spec) -> Path:
        """Return the place of the run of `spec`, whose method is called `name`."""
        plain = re.sub(r"[^A-Za-z0-9.]+", "-", name).strip("-")
        return self.path / RUNS / f"{plain}-{spec.training.seed}-{spec.digest()[:SHOWN]}.json"

    def found(self, name: str, spec: Spec) -> Record | None:
        """Return the record of a finished run.

        Raises:
            MtlspecError: its file is damaged.
        """
        file = self.file(name, spec)
        if not file.exists():
            return None
        try:
            record = Record.from_json(file.read_text(encoding="utf-8"))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise MtlspecError(f"{file} is no record of a run ({error}); remove it to run it again") from None
        if record.spec != spec.digest():
            raise MtlspecError(f"{file} is the record of another run; remove it to run it again")
        return record

    def keep(self, name: str, spec: Spec, record: Record) -> None:
        """Write the record of a finished run, whole or not at all."""
        write_whole(self.file(name, spec), (record.to_json() + "\n").encode())


def _read(file: Path) -> dict[str, object]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise MtlspecError(f"{file} cannot be read: {error}") from None
    if not isinstance(content, dict):
        raise MtlspecError(f"{file} does not say what the runs beside it are of")
    return content


def _expect_same(path: Path, kept: dict[str, object], about: About) -> None:
    for name, now in asdict(about).items():
        if kept.get(name) != now:
            was, found = (_shown(value) for value in (kept.get(name), now))
            raise MtlspecError(
                f"{path} has runs of another {CALLED[name]}: {was} there, {found} now; "
                "give another folder by --output, or remove that one"
            )


def _shown(value: object) -> str:
    return value[:SHOWN] if isinstance(value, str) else "the document's" if value is None else str(value)


def digest_of_examples(*parts: Dataset) -> str:
    """Return the SHA-256 of all arrays of datasets, read part by part."""
    found = hashlib.sha256()
    for part in parts:
        for group in GROUPS:
            for name, array in getattr(part, group).items():
                found.update(f"{group}/{name} {array.dtype} {array.shape};".encode())
                for piece in slices(len(array)):
                    found.update(np.ascontiguousarray(array[piece]).tobytes())
    return found.hexdigest()
