"""Grafting: functions of the reference replaced for as long as one program of it computes."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np


class Graft(NamedTuple):
    """Another function or constant under a name of a module or class of the reference, or under a key of a table."""

    owner: Any
    name: Any
    function: Any


@contextmanager
def grafted(grafts: tuple[Graft, ...]) -> Iterator[None]:
    """Have `grafts` in place within the block, in which they may overflow."""
    before = [_put(graft) for graft in grafts]
    try:
        with np.errstate(all="ignore"):
            yield
    finally:
        for graft, old in zip(grafts, before, strict=True):
            _put(graft._replace(function=old))


def _put(graft: Graft) -> Any:
    """Put a graft in place, and return what was there."""
    owner, name = graft.owner, graft.name
    if isinstance(owner, MutableMapping):
        old = owner[name]
        owner[name] = graft.function
    else:
        old = vars(owner)[name]
        setattr(owner, name, graft.function)
    return old
