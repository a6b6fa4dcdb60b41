"""Runs: the processes of a comparison, one for each backend and two for the floor."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from mtlspec.batch import Dataset
from mtlspec.comparison.comparison import Comparison, relative_difference
from mtlspec.comparison.exchange import LOSSES, Run, write_common, write_run
from mtlspec.comparison.process import last_words, running
from mtlspec.errors import BackendError, MtlspecError
from mtlspec.extension import extensions_in, had_by
from mtlspec.extension_source import sources_of
from mtlspec.graph import Graph, initial_parameters, lower
from mtlspec.randomness import uniform
from mtlspec.registry import backend_names, kinds_of
from mtlspec.spec import Spec
from mtlspec.spec.training import Precision
from mtlspec.spec.value import nearest
from mtlspec.tensors import Array, Arrays, Tensors
from mtlspec.training.adaptation import adapted
from mtlspec.training.batches import plan
from mtlspec.training.examples import read
from mtlspec.training.synthetic import synthetic

WORKER = "mtlspec.comparison.worker"
REFERENCE = "numpy"
MOVED = "moved by one ulp"
"""The name of the run that tells the floor: of the reference, or of the first backend where a user's kind has none."""
STEPS = 300
SYNTHETIC_BATCHES, SYNTHETIC_EXAMPLES = 4, 512
"""How many batches, and how many examples, synthetic data has at least."""


def compare(
    spec: Spec,
    *,
    backends: Sequence[str] = ("torch", "keras"),
    data: Dataset | None = None,
    directory: str | Path = ".",
    precision: Precision = "float64",
    steps: int = STEPS,
    device: str = "cpu",
) -> Comparison:
    """Return the losses of `spec` trained in each backend from the same values on the same batches.

    Args:
        spec: What to train.
        backends: Two or more names of installed backends.
        data: The training examples; by default the spec's own, and synthetic ones if it has no `data:`.
        directory: The folder of the document, where its data file begins.
        precision: The arithmetic of all runs.
        steps: How many updates, across as many epochs as it takes.
        device: Where the frameworks compute.

    Raises:
        BackendError: a backend is not installed, or its process failed.
        MtlspecError: there is nothing to compare, or training diverges.
    """
    _expect_backends(backends)
    if steps < 1:
        raise MtlspecError(f"expected at least one step to compare, found {steps}")
    graph = lower(spec)
    examples = data if data is not None else training_examples(spec, graph, directory)
    values = Tensors({**initial_parameters(graph), **adapted(graph, examples)})
    runs = {name: (Run(name, precision, device), values) for name in backends}
    kinds = kinds_of(graph)
    reference = REFERENCE if had_by(REFERENCE).issuperset(extensions_in(kinds)) else backends[0]
    runs.setdefault(reference, (Run(reference, precision, "cpu"), values))
    moved = moved_by_one_ulp(graph, values, precision)
    runs[MOVED] = (Run(reference, precision, runs[reference][0].device), moved)
    with tempfile.TemporaryDirectory(prefix="mtlspec-") as name:
        folder = Path(name)
        chunks = plan(examples, graph, training=spec.training, start=0, stop=steps)
        write_common(folder, graph, examples, (chunk.steps for chunk in chunks))
        losses = _losses(folder, runs, sources_of(kinds))
    _refuse_divergence(losses[reference], graph)
    return Comparison(
        spec=spec.digest(),
        precision=precision,
        tasks=graph.tasks,
        losses={name: losses[name] for name in backends},
        floor=float(relative_difference(losses[reference], losses[MOVED]).max()),
    )


def _refuse_divergence(losses: Array, graph: Graph) -> None:
    """Raise where training itself diverges, in the reference: there is no curve to compare."""
    wrong = np.argwhere(~np.isfinite(losses))
    if wrong.size:
        step, task = map(int, wrong[0])
        raise MtlspecError(
            f"training diverges: the loss of task {graph.tasks[task]!r} is {losses[step, task]} at step {step} in the "
            "reference; lower the learning rate, or set `clipping:`"
        )


def _expect_backends(names: Sequence[str]) -> None:
    known = backend_names()
    for name in names:
        if name not in known:
            raise BackendError(f"no backend {name!r}{nearest(name, known)}; installed: {', '.join(known)}")
    if len(set(names)) < 2 or len(set(names)) < len(names):
        raise MtlspecError(f"expected two or more different backends to compare, found {', '.join(names) or 'none'}")


def training_examples(spec: Spec, graph: Graph, directory: str | Path) -> Dataset:
    """Return the training part of the spec's data, or synthetic examples if it has none."""
    if spec.data is not None:
        return read(spec, directory=directory).training
    size = max(SYNTHETIC_EXAMPLES, SYNTHETIC_BATCHES * spec.training.batch_size)
    return synthetic(graph, size=size, seed=spec.training.seed)


def moved_by_one_ulp(graph: Graph, values: Arrays, precision: Precision) -> Tensors:
    """Return every float value moved to the next number of `precision` above or below, at random by its key path."""
    return Tensors({path: _moved(array, graph.seed, path, precision) for path, array in values.items()})


def _moved(array: Array, seed: int, path: str, precision: Precision) -> Array:
    if not np.issubdtype(array.dtype, np.floating):
        return array
    up = uniform(seed, f"one ulp of {path}", array.size).reshape(array.shape) < 0.5
    toward = np.where(up, np.inf, -np.inf).astype(precision)
    return np.asarray(np.nextafter(array.astype(precision), toward).astype(array.dtype))


def _losses(folder: Path, runs: Mapping[str, tuple[Run, Arrays]], sources: Iterable[str]) -> dict[str, Array]:
    """Make all runs at once, each in its own process, and return their losses [K, T]."""
    with ExitStack() as stack:
        processes = {}
        for name, (run, parameters) in runs.items():
            write_run(folder / name, run, parameters)
            processes[name] = stack.enter_context(running(WORKER, folder / name, sources))
        for name, process in processes.items():
            if process.wait():
                last = last_words(folder / name) or f"exit code {process.returncode}"
                raise BackendError(f"the run of backend {runs[name][0].backend!r} failed:\n{last}")
    return {name: np.load(folder / name / LOSSES) for name in runs}
