"""A user's file: loaded by its path, its function called, and its errors told as the user wrote the code."""

from __future__ import annotations

import importlib.util
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mtlspec.errors import MtlspecError
from mtlspec_conformance.witness.witness import Closed

TOLD_LINES = 8
"""How many of the last lines of a traceback an error repeats."""


class ProgramError(MtlspecError):
    """A user's file or function is not there, raises, or returns something else than a witness."""


def builder(file: Path, function: str, framework: str, prepare: Callable[[], None]) -> Callable[[], Any]:
    """Return a function that builds the witness anew each time.

    Raises:
        ProgramError: the file cannot be run, or has no such function.
    """
    source = f"{file}:{function}"
    prepare()
    module = _loaded(file, source)
    build = getattr(module, function, None)
    if not callable(build):
        known = ", ".join(name for name, value in vars(module).items() if callable(value) and not name.startswith("_"))
        raise ProgramError(f"{source}: {file} has no function {function!r}; it has {known or 'none'}")

    def built() -> Any:
        prepare()
        made = _called(build, source)
        if not isinstance(made, Closed):
            raise ProgramError(
                f"{source} returned {type(made).__name__}: expected what mtlspec_{framework}.witness(...) returns"
            )
        if made.framework != framework:
            raise ProgramError(f"{source} returned a witness of {made.framework}: expected one of {framework}")
        return made

    return built


def _loaded(file: Path, source: str) -> Any:
    found = importlib.util.spec_from_file_location(f"witness_{abs(hash(file.resolve()))}", file)
    if not file.is_file() or found is None or found.loader is None:
        raise ProgramError(f"{source}: there is no Python file {file}")
    module = importlib.util.module_from_spec(found)
    sys.modules[found.name] = module  # dataclasses look their module up
    folder = str(file.resolve().parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)  # the file imports its neighbours, as when it is run
    loader = found.loader
    _called(lambda: loader.exec_module(module), source)
    return module


def _called(function: Callable[[], Any], source: str) -> Any:
    try:
        return function()
    except MtlspecError:
        raise
    except Exception as error:  # somebody else's program may raise anything
        raise ProgramError(f"{source} raised {told(error)}") from None


def told(error: BaseException) -> str:
    """Return an error with the last lines of its traceback."""
    lines = "".join(traceback.format_exception(error)).strip().splitlines()
    return f"{type(error).__name__}: {error}\n" + "\n".join(f"  {line}" for line in lines[-TOLD_LINES:-1])
