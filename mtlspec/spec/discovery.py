"""Discovery: kinds of installed packages, found by the prefix of their names when a document names one."""

from __future__ import annotations

from collections.abc import Iterable

from mtlspec.errors import ExtensionError

GROUP = "mtlspec.extensions"
"""The entry points: a prefix, and the module (or `module:function`, which is called) that registers its kinds."""


def discovered(kind: str) -> str | None:
    """Import what is installed for the prefix of a kind; return how that was called, or None if there is nothing.

    Raises:
        ExtensionError: it is installed, and cannot be imported.
    """
    from importlib.metadata import entry_points  # takes longer than all of the spec

    prefix = kind.partition(".")[0]
    for entry in entry_points(group=GROUP, name=prefix):
        try:
            loaded = entry.load()
        except (ImportError, AttributeError) as error:
            raise ExtensionError(
                f"the kinds of {prefix!r} are installed as {entry.value!r}, which cannot be imported: {error}"
            ) from error
        if entry.attr:
            loaded()
        return entry.value
    return None


def unknown(kind: str, *, family: str, installed: str | None, known: Iterable[str]) -> str:
    """Return why a kind with a dot is none, and what to do."""
    prefix = kind.partition(".")[0]
    own = [name for name in known if name.startswith(f"{prefix}.")]
    has = f"; of {prefix!r} there is {', '.join(own)}" if own else ""
    if installed is not None:
        return f"{installed!r} is installed for {prefix!r} and registers no such {family}{has}"
    return (
        f"no installed package has an entry point {prefix!r} in the group {GROUP!r}{has}; install the package, import "
        "the module that registers it before the document is read, or name its file by `--extension`"
    )
