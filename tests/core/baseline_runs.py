"""Comparisons whose runs are made in this process, and counted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from small_specs import two_tasks

from mtlspec import Spec
from mtlspec.baselines import Baselines, baseline
from mtlspec.baselines.worker import work

SPEC = two_tasks(epochs=2).replacing(
    lambda s: s.data, by={"synthetic": 80, "split": {"kind": "fraction", "held_out": 0.25}}
)
"""Two tasks, `kind` with an accuracy and `size` by its loss, on 60 examples and 20 held out."""


class InThisProcess:
    """Makes the runs that a comparison would give to processes, and counts them; the n-th may be interrupted."""

    def __init__(self) -> None:
        self.made = 0
        self.interrupted: int | None = None

    @contextmanager
    def __call__(self, module: str, folder: Path, sources: Iterable[str]) -> Iterator[InThisProcess]:
        self.folder = folder
        yield self

    def wait(self) -> int:
        if self.made == self.interrupted:
            raise KeyboardInterrupt
        work(self.folder)
        self.made += 1
        return 0


def with_rate(spec: Spec, rate: float) -> Spec:
    """Return `spec` trained by plain gradient descent at this rate."""
    return spec.replacing(lambda s: s.training.optimizer, by={"kind": "sgd", "learning_rate": rate})


def compared(folder: Path, spec: Spec = SPEC, **options: object) -> Baselines:
    """Return a comparison in the reference, its runs kept in `folder`."""
    return baseline(spec, **{"backend": "numpy", "folder": folder, **options})  # type: ignore[arg-type]
