"""The command line, run in this process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from mtlspec.cli import app


@dataclass(frozen=True)
class Outcome:
    """The exit code of a command, and what it printed."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class CommandLine:
    """Runs commands and reads what they print."""

    capture: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str | Path) -> Outcome:
        with pytest.raises(SystemExit) as left:
            app([str(argument) for argument in arguments], prog_name="mtlspec")
        printed = self.capture.readouterr()
        code = left.value.code
        assert isinstance(code, int)
        return Outcome(code, printed.out, printed.err)
