"""The suite: the cases that come with the kit, listed by a manifest."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from mtlspec_conformance.case import Case
from mtlspec_conformance.case_file import read

FOLDER: Traversable = files("mtlspec_conformance") / "cases"


@cache
def _manifest() -> dict[str, list[str]]:
    content: dict[str, list[str]] = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))
    return content


def version() -> str:
    """Return the version of the suite."""
    return str(_manifest()["suite"])


def manifest() -> tuple[str, ...]:
    """Return the ids of all cases, in order."""
    return tuple(_manifest()["cases"])


@cache
def case(id: str) -> Case:
    """Return the case called `id`.

    Raises:
        KeyError: the manifest has none.
    """
    if id not in manifest():
        raise KeyError(f"no case {id!r} in the manifest")
    return read(json.loads(_text(id)))


def cases() -> tuple[Case, ...]:
    """Return all cases of the manifest, in order."""
    return tuple(case(id) for id in manifest())


def digest() -> str:
    """Return the SHA-256 of all cases in order: two reports with the same digest ran the same suite."""
    total = hashlib.sha256()
    for id in manifest():
        total.update(f"{id}\n{_text(id)}".encode())
    return total.hexdigest()


def _text(id: str) -> str:
    return (FOLDER / f"{id}.json").read_text(encoding="utf-8")
