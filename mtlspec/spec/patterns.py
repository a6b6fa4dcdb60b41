"""Patterns of key paths: `*` stands for any characters, `?` for one, and all others for themselves."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from functools import cache
from typing import Annotated

from pydantic import Field

Pattern = Annotated[str, Field(min_length=1)]
"""Such as `trunk*`, `*.bias` or `tasks.mass.head[0].kernel`; brackets are those of key paths."""


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    return re.compile("".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in pattern), re.DOTALL)


def matches(pattern: str, path: str) -> bool:
    """Return whether the whole of `path` is what `pattern` says."""
    return _expression(pattern).fullmatch(path) is not None


def without_match(pattern: str, paths: Iterable[str]) -> str:
    """Return why a pattern that matches nothing of `paths` is a mistake, with what comes near it."""
    known = list(paths)
    inside = [path for path in known if path.startswith(pattern)]
    if inside:
        return f"the pattern {pattern!r} matches no parameter; did you mean '{pattern}*', as in {inside[0]!r}?"
    near = difflib.get_close_matches(pattern.replace("*", ""), known, 2, cutoff=0.3) or known[:2]
    return f"the pattern {pattern!r} matches no parameter; near it: {', '.join(map(repr, near))}"
