"""Output: files that appear whole or not at all, and errors about them before any work is done."""

from __future__ import annotations

import os
from pathlib import Path

from mtlspec.errors import MtlspecError


def write(path: Path, content: str | bytes) -> None:
    """Write `content` to `path`, whole or not at all; text as UTF-8.

    Raises:
        MtlspecError: the file cannot be written.
    """
    from mtlspec.training.atomic import write_whole

    write_whole(path, content.encode() if isinstance(content, str) else content)


def expect_writable(*paths: Path | None) -> None:
    """Raise if one of `paths` cannot be written, so that no work is done in vain.

    Raises:
        MtlspecError: the folder does not exist or takes no file, or the path is a folder.
    """
    for path in paths:
        if path is not None and not path.parent.is_dir():
            raise MtlspecError(f"cannot write {path}: there is no folder {path.parent}; make it first")
        if path is not None and path.is_dir():
            raise MtlspecError(f"cannot write {path}: it is a folder; give the name of a file")
        if path is not None and not os.access(path if path.exists() else path.resolve().parent, os.W_OK):
            raise MtlspecError(f"cannot write {path}: no permission")
