"""What every command does with an error: a message on standard error and an exit code, never a traceback."""

from __future__ import annotations

import sys
from typing import Any

import typer
from pydantic import ValidationError
from typer.core import TyperCommand

from mtlspec.errors import MtlspecError

BAD_INPUT = 2
INTERRUPTED = 130
"""128 + SIGINT, as shells report it."""


class Command(TyperCommand):
    """A command that tells what is wrong with its input in a message, and exits with 2."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; Ctrl-C exits with 130."""
        try:
            return super().invoke(ctx)
        except MtlspecError as error:
            complain(str(error))
            raise typer.Exit(BAD_INPUT) from None
        except ValidationError as error:
            complain("\n".join(f"{_place(item['loc'])}: {item['msg']}" for item in error.errors()))
            raise typer.Exit(BAD_INPUT) from None
        except MemoryError as error:
            complain(f"not enough memory for this model or data: {error}")
            raise typer.Exit(BAD_INPUT) from None
        except BrokenPipeError:
            raise
        except OSError as error:
            complain(f"{error.filename}: {error.strerror}")
            raise typer.Exit(BAD_INPUT) from None
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None


def _place(location: tuple[str | int, ...]) -> str:
    return ".".join(map(str, location)) or "spec"


def complain(message: str) -> None:
    """Print a message on standard error."""
    print(message, file=sys.stderr)  # noqa: T201


def tell(message: str = "") -> None:
    """Print a result on standard output."""
    print(message)  # noqa: T201
