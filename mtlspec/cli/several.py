"""A command with a flag that takes several values: `--backends torch keras`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from mtlspec.cli.command import Command

FLAG = "--backends"
NAME = re.compile(r"\w[\w-]*(,\w[\w-]*)*")
"""One name, or several joined by commas; a document's name has a dot or a slash and is none."""


class BackendsCommand(Command):
    """A command whose `--backends` takes the names that follow it."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Repeat the flag before each of its values, as the parser wants it."""
        return super().parse_args(ctx, list(repeated(args)))


def repeated(arguments: list[str]) -> Iterator[str]:
    """Yield `arguments` with `--backends a b,c` written `--backends a --backends b,c`."""
    follows, first = False, False
    for argument in arguments:
        if argument == FLAG:
            yield argument
            follows = first = True
        elif follows and not first and NAME.fullmatch(argument):
            yield from (FLAG, argument)
        else:
            follows = follows and first and NAME.fullmatch(argument) is not None
            first = False
            yield argument


def names_in(values: list[str]) -> tuple[str, ...]:
    """Return the names in values that may hold several, joined by commas."""
    return tuple(name for value in values for name in value.split(",") if name)
