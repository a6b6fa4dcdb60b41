"""The record of a witness: one file without pickled objects, and what its numbers were measured on."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from mtlspec.errors import MtlspecError
from mtlspec.output import write
from mtlspec.tensors import Array, Tensors
from mtlspec_conformance.witness.influence import Influence
from mtlspec_conformance.witness.where import Where

FORMAT = 1
META = "record.json"


class RecordError(MtlspecError):
    """A file is no record, or not one that can be compared with another."""


@dataclass(frozen=True)
class Conditions:
    """What two records must share to be compared."""

    batches: str
    """The digest of the examples."""
    batch_size: int
    steps: int
    precision: str


@dataclass(frozen=True)
class Origin:
    """The record whose values a witness began at, and its names for this one's."""

    start: str
    """The digest of the other's start."""
    names: Mapping[str, str]
    """This witness's parameter by the other's."""
    how: Mapping[str, int]
    """How many layers were matched in which way."""


@dataclass(frozen=True, eq=False)
class Record:
    """All that was measured of one witness."""

    framework: str
    source: str
    """The file and function that build it."""
    versions: Mapping[str, str]
    dtype: str
    conditions: Conditions
    tasks: tuple[str, ...]
    layers: Mapping[str, tuple[str, ...]]
    influences: Mapping[str, Influence]
    roles: Mapping[str, str]
    native_names: Mapping[str, str]
    notes: tuple[str, ...]
    start: Tensors
    values: Mapping[Where, Array]
    noise: Mapping[Where, float]
    origin: Origin | None = None
    lacking: Mapping[str, str] = field(default_factory=dict)
    """Why a level is not there, by level."""

    def lacks(self, level: str) -> str:
        """Return why a level is not there; empty if it is."""
        return self.lacking.get(level, "")

    def start_digest(self) -> str:
        """Return a name of the values that the witness began at."""
        return digest(self.start)

    def save(self, path: Path) -> None:
        """Write the record, whole or not at all."""
        plain = {
            "framework": self.framework,
            "source": self.source,
            "versions": dict(self.versions),
            "dtype": self.dtype,
            "conditions": asdict(self.conditions),
            "tasks": self.tasks,
            "layers": dict(self.layers),
            "influences": {
                name: {"layers": sorted(felt.layers), "tasks": sorted(felt.tasks)}
                for name, felt in self.influences.items()
            },
            "roles": dict(self.roles),
            "native_names": dict(self.native_names),
            "notes": self.notes,
            "start": list(self.start),
            "values": [{**asdict(where), "noise": _text(self.noise[where])} for where in self.values],
            "origin": None if self.origin is None else asdict(self.origin),
            "lacking": dict(self.lacking),
        }
        content = json.dumps({"record": FORMAT, **plain}).encode()
        arrays: dict[str, Any] = {f"start.{i}": array for i, array in enumerate(self.start.values())}
        arrays[META] = np.frombuffer(content, np.uint8)
        arrays |= {f"value.{i}": array for i, array in enumerate(self.values.values())}
        target = io.BytesIO()
        np.savez_compressed(target, **arrays)
        write(path, target.getvalue())

    @classmethod
    def load(cls, path: Path) -> Record:
        """Return the record in a file.

        Raises:
            RecordError: it is none, or of another version.
        """
        try:
            with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
                plain = json.loads(file[META].tobytes()) if META in file.files else {}
                if plain.get("record") != FORMAT:
                    raise RecordError(f"{path}: expected a record of version {FORMAT}, as `mtlspec record` writes it")
                start = Tensors({name: file[f"start.{i}"] for i, name in enumerate(plain["start"])})
                kept = [(dict(entry), file[f"value.{i}"]) for i, entry in enumerate(plain["values"])]
        except (ValueError, KeyError, zipfile.BadZipFile, EOFError, AttributeError) as error:
            raise RecordError(f"{path}: no record, as `mtlspec record` writes it: {error}") from None
        noise = {}
        values = {}
        for entry, array in kept:
            spread = float(entry.pop("noise"))
            where = Where(**entry)
            values[where], noise[where] = array, spread
        return cls(
            framework=plain["framework"],
            source=plain["source"],
            versions=plain["versions"],
            dtype=plain["dtype"],
            conditions=Conditions(**plain["conditions"]),
            tasks=tuple(plain["tasks"]),
            layers={name: tuple(names) for name, names in plain["layers"].items()},
            influences={
                name: Influence(frozenset(felt["layers"]), frozenset(felt["tasks"]))
                for name, felt in plain["influences"].items()
            },
            roles=plain["roles"],
            native_names=plain["native_names"],
            notes=tuple(plain["notes"]),
            start=start,
            values=values,
            noise=noise,
            origin=None if plain["origin"] is None else Origin(**plain["origin"]),
            lacking=plain["lacking"],
        )


def digest(values: Mapping[str, Array]) -> str:
    """Return a name of named arrays: equal only for the same bits."""
    found = hashlib.sha256()
    for name, array in sorted(values.items()):
        found.update(f"{name} {array.dtype} {array.shape}\n".encode())
        found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()


def _text(number: float) -> float | str:
    return number if np.isfinite(number) else str(number)
