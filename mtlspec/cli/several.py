"""Commands with a flag that takes several values: `--backends torch keras`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from mtlspec.cli.command import Command

NAME = re.compile(r"\w[\w-]*(,\w[\w-]*)*")
"""One name, or several joined by commas; a document's name has a dot or a slash and is none."""


class SeveralCommand(Command):
    """A command with a flag that takes the names that follow it."""

    flag: ClassVar[str]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Repeat the flag before each of its values, as the parser wants it."""
        return super().parse_args(ctx, list(repeated(args, flag=self.flag)))


class BackendsCommand(SeveralCommand):
    """A command whose `--backends` takes the names that follow it."""

    flag = "--backends"


class BalancersCommand(SeveralCommand):
    """A command whose `--balancers` takes the names that follow it."""

    flag = "--balancers"


def repeated(arguments: list[str], *, flag: str = BackendsCommand.flag) -> Iterator[str]:
    """Yield `arguments` with `--backends a b,c` written `--backends a --backends b,c`, where that is the flag."""
    follows, first = False, False
    for argument in arguments:
        if argument == flag:
            yield argument
            follows = first = True
        elif follows and not first and NAME.fullmatch(argument):
            yield from (flag, argument)
        else:
            follows = follows and first and NAME.fullmatch(argument) is not None
            first = False
            yield argument


def names_in(values: list[str]) -> tuple[str, ...]:
    """Return the names in values that may hold several, joined by commas."""
    return tuple(name for value in values for name in value.split(",") if name)
