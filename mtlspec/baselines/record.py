"""The record of one finished run, as a file keeps it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from mtlspec.tensors import Array

Measured = Mapping[str, float]


@dataclass(frozen=True)
class Record:
    """What one training came to; `training` and `held_out` are what `evaluate` returns, at the end."""

    spec: str
    """The digest of the spec, its seed included."""
    parameters: int
    """How many numbers are trained."""
    steps: int
    seconds: float
    """Of training, what a framework compiles at the first step included; not of evaluation."""
    memory: int | None
    """The most bytes that the run's process held at once, its framework and the examples included; the host's memory
    and not a device's. None where the system does not tell."""
    training: Measured
    held_out: Measured
    failure: str = ""
    """Why training came to no end; nothing is measured then."""

    def to_json(self) -> str:
        """Return a JSON text from which `from_json` makes the same record; NaN becomes null."""
        content = asdict(self)
        for part in ("training", "held_out"):
            content[part] = {name: number_or_none(value) for name, value in content[part].items()}
        return json.dumps(content, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Record:
        """Return the record that `to_json` wrote."""
        content: dict[str, Any] = json.loads(text)
        for part in ("training", "held_out"):
            content[part] = {name: math.nan if value is None else value for name, value in content[part].items()}
        return cls(**content)


def number_or_none(value: float | Array) -> float | None:
    """Return a number that JSON can hold."""
    return float(value) if math.isfinite(value) else None


def together(records: Sequence[Record]) -> Record:
    """Return the records of each task alone as one: numbers of parameters and seconds add up, memory is the largest."""
    sizes = [record.memory for record in records if record.memory is not None]
    return Record(
        spec=" ".join(record.spec for record in records),
        parameters=sum(record.parameters for record in records),
        steps=sum(record.steps for record in records),
        seconds=sum(record.seconds for record in records),
        memory=max(sizes, default=None),
        training={name: value for record in records for name, value in record.training.items()},
        held_out={name: value for record in records for name, value in record.held_out.items()},
        failure="; ".join(record.failure for record in records if record.failure),
    )
