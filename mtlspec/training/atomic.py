"""Files written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from mtlspec.errors import MtlspecError


def write_whole(path: str | Path, content: bytes) -> None:
    """Write `content` beside `path`, then put it in place; if that fails, what stood there stays.

    A link is followed, and a device or pipe is written to, not replaced.

    Raises:
        MtlspecError: the file cannot be written.
    """
    target = Path(path).resolve()
    try:
        if target.exists() and not target.is_file() and not target.is_dir():
            target.write_bytes(content)
        else:
            _put_in_place(target, content)
    except OSError as error:
        raise MtlspecError(f"cannot write {path}: {error.strerror}") from None


def _put_in_place(target: Path, content: bytes) -> None:
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
