"""The measurement of affinities: the joint model in training, probed before every so many updates."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mtlspec.affinities.affinity import Affinity
from mtlspec.affinities.probe import Probe, StepRule
from mtlspec.backend import Program
from mtlspec.batch import Dataset
from mtlspec.comparison.runs import training_examples
from mtlspec.errors import MtlspecError
from mtlspec.registry import compile
from mtlspec.spec import Spec
from mtlspec.spec.training import Precision
from mtlspec.training.batches import Chunk
from mtlspec.training.trainer import train

EVERY = 10
"""Fifty et al. 2021 find that every tenth step tells what every step does."""


def affinity(
    spec: Spec,
    *,
    backend: str = "torch",
    data: Dataset | None = None,
    directory: str | Path = ".",
    steps: int | None = None,
    every: int = EVERY,
    step: StepRule = "gradient",
    precision: Precision | None = None,
    device: str = "cpu",
    progress: bool = False,
) -> Affinity:
    """Return what a step of each task does to the losses of all, averaged over a training of the joint model.

    Args:
        spec: The joint model.
        backend: Where it is trained.
        data: The training examples; by default the spec's own, and synthetic ones if it has no `data:`.
        directory: The folder of the document, where its data file begins.
        steps: How many updates; by default the document's epochs.
        every: Measure before the first update of an epoch, after every so many, and before a last partial batch.
        step: How a task steps alone: see `Probe`.
        precision: The arithmetic; by default the document's.
        device: Where the framework computes.
        progress: Show a bar, if the error stream is a terminal.

    Raises:
        BackendError: the backend is not installed, or lacks a kind.
        MtlspecError: there are not two tasks that share something, or training diverges.
    """
    if len(spec.tasks) < 2:
        raise MtlspecError("what tasks do to each other needs two or more, found one")
    for name, number in (("every", every), ("steps", 1 if steps is None else steps)):
        if number < 1:
            raise MtlspecError(f"expected a number of `{name}` from 1, found {number}")
    program = compile(spec, backend=backend, precision=precision, device=device)
    examples = training_examples(spec, program.graph, directory) if data is None else data
    watch = _Watch(program, examples, step)
    history = train(program, examples, steps=steps, steps_per_chunk=every, watch=watch, progress=progress)
    if history.interrupted:
        raise KeyboardInterrupt
    found = np.stack(watch.found)
    return Affinity(spec.digest(), program.graph.tasks, tuple(watch.at), found, history.last_step)


class _Watch:
    """Probes the program before each chunk, on the batch of its first step."""

    def __init__(self, program: Program, data: Dataset, step: StepRule) -> None:
        self._probe, self._data = Probe(program, step), data
        self._reductions = {head.task: head.loss.reduction for head in program.graph.heads}
        self.at: list[int] = []
        self.found: list[NDArray[np.float64]] = []

    def __call__(self, chunk: Chunk) -> None:
        batch = self._data.batch(chunk.steps.rows[0], self._reductions)
        self.at.append(chunk.first)
        self.found.append(self._probe.measure(on=batch, learning_rates=chunk.steps.learning_rates[0]))
