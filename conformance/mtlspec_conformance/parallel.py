"""Parallel runs: the cases of a run shared among processes, each with a backend of its own."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from mtlspec.backend import Backend
from mtlspec.errors import BackendError
from mtlspec_conformance.runner import found

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")
Work = Callable[[Backend, Item], Outcome]
"""A function at the top of a module: processes find it by its name."""

_subjects: dict[str, Backend] = {}


def shared(work: Work[Item, Outcome], items: Sequence[Item], *, address: str, jobs: int) -> Iterator[Outcome]:
    """Yield `work(backend, item)` for each item, in order, by `jobs` processes; one job needs no other process.

    Raises:
        BackendError: there is no backend at `address`, or a process of it died.
    """
    if jobs <= 1:
        subject = found(address)
        yield from (work(subject, item) for item in items)
        return
    spawn = multiprocessing.get_context("spawn")  # a forked framework shares locks with its parent
    with ProcessPoolExecutor(jobs, mp_context=spawn) as pool:
        size = max(1, len(items) // (jobs * 8))
        try:
            yield from pool.map(_done, _calls(work, items, address), chunksize=size)
        except BrokenProcessPool:
            raise BackendError(f"a process of backend {address!r} died; --jobs 1 shows what it said") from None


def _calls(
    work: Work[Item, Outcome], items: Iterable[Item], address: str
) -> list[tuple[Work[Item, Outcome], Item, str]]:
    return [(work, item, address) for item in items]


def _done(call: tuple[Work[Item, Outcome], Item, str]) -> Outcome:
    work, item, address = call
    if address not in _subjects:
        _subjects[address] = found(address)
    return work(_subjects[address], item)
