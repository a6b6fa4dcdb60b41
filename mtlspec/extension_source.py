"""Sources of extensions: the modules that register them, by name or file, so that another process can, too."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from mtlspec.errors import ExtensionError
from mtlspec.extension import EXTENSIONS

_FILES: dict[str, Path] = {}
"""The files of modules that no import would find, by the names they are known by."""


def import_extension(source: str) -> ModuleType:
    """Return the module at `source`: a file that ends in .py, or the name of a module.

    Raises:
        ExtensionError: there is none.
    """
    if source.endswith(".py"):
        return _from_file(Path(source))
    try:
        return import_module(source)
    except ModuleNotFoundError as error:
        if error.name not in (source, source.partition(".")[0]):
            raise
        raise ExtensionError(
            f"no module {source!r} to import extensions from; give its file, or the name of an installed module"
        ) from None


def _from_file(path: Path) -> ModuleType:
    path = path.resolve()
    name = path.stem
    if not path.is_file():
        raise ExtensionError(f"no file {path} to import extensions from")
    known = sys.modules.get(name)
    if known is not None:
        if getattr(known, "__file__", None) != str(path):
            raise ExtensionError(f"a module {name!r} is imported already; rename {path.name}")
        return known
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ExtensionError(f"{path} is no Python module")
    module = module_from_spec(spec)
    sys.modules[name] = module  # a value of the spec looks its annotations up there
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    _FILES[name] = path
    return module


def sources_of(kinds: Iterable[str]) -> tuple[str, ...]:
    """Return where another process can import the extensions among `kinds` (`family/kind`) from.

    Raises:
        ExtensionError: one is defined in the script that runs, which another process would run again.
    """
    found = [source_of(EXTENSIONS[kind].value.__module__, kind) for kind in kinds if kind in EXTENSIONS]
    return tuple(dict.fromkeys(found))


def source_of(module: str, kind: str) -> str:
    """Return where another process can import `module` from, which defines `kind`.

    Raises:
        ExtensionError: it is the script that runs, which another process would run again.
    """
    if module == "__main__":
        raise ExtensionError(
            f"{kind} is defined in the script that runs, and the backends run in processes of their own; move "
            "it into a module beside the script, and import that"
        )
    return str(_FILES.get(module, module))
