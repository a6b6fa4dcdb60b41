"""Errors that a user meets: what was expected, what was found, where, and what to do."""

from __future__ import annotations

from dataclasses import dataclass


class MtlspecError(Exception):
    """Base of the errors that bad input causes; the command line prints one and exits with 2."""


class BackendError(MtlspecError):
    """A backend is not installed, lacks its framework, or lacks a kind that the spec names."""


class ExtensionError(MtlspecError):
    """A layer, loss or optimizer of a user's own cannot be registered or imported."""


class DataError(MtlspecError):
    """The data does not fit the spec."""


class CheckpointError(MtlspecError):
    """A file is no checkpoint, or belongs to another model."""


@dataclass(frozen=True)
class Problem:
    """One mistake in a document."""

    message: str
    key_path: str
    """Where in the spec, such as `blocks.trunk.layers[2].units`."""
    line: int | None = None
    """Counted from 1; None for a spec that was made in Python."""
    column: int | None = None
    found: str = ""
    """What stood there, shortened."""

    def text(self, file: str) -> str:
        """Return `file:line:column: key path: message`."""
        place = f"{file}:{self.line}:{self.column}" if self.line is not None else file
        found = f" (found {self.found})" if self.found else ""
        return f"{place}: {self.key_path or 'document'}: {self.message}{found}"


class SpecError(MtlspecError):
    """A document is not a spec; `problems` has every mistake found."""

    def __init__(self, file: str, problems: tuple[Problem, ...]) -> None:
        self.file = file
        self.problems = problems
        super().__init__("\n".join(problem.text(file) for problem in problems))
