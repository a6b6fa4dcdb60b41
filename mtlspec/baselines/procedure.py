"""The procedure of a comparison: every method with every seed, and weights tried with the first."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from mtlspec.baselines.baselines import Baselines, Method
from mtlspec.baselines.folder import About, Folder, digest_of_examples
from mtlspec.baselines.measures import measures_of
from mtlspec.baselines.methods import JOINT, TUNED, Candidate, candidates
from mtlspec.baselines.progress import runs_bar
from mtlspec.baselines.record import Record
from mtlspec.baselines.runs import Runs
from mtlspec.baselines.sweep import Point, Sweep, weighted
from mtlspec.baselines.tuning import Tried, best
from mtlspec.batch import Dataset
from mtlspec.errors import BackendError, DataError, MtlspecError
from mtlspec.registry import backend_names
from mtlspec.spec import Spec
from mtlspec.spec.training import Precision
from mtlspec.spec.value import nearest
from mtlspec.training.examples import read


def baseline(
    spec: Spec,
    *,
    backend: str = "torch",
    balancers: Sequence[str] = (),
    variants: Mapping[str, Spec] | None = None,
    sweep: Sweep | None = None,
    seeds: int = 1,
    folder: str | Path | None = None,
    data: tuple[Dataset, Dataset] | None = None,
    directory: str | Path = ".",
    precision: Precision | None = None,
    epochs: int | None = None,
    steps: int | None = None,
    device: str = "cpu",
    progress: bool = False,
) -> Baselines:
    """Return what each task alone, the joint model and other methods come to, at equal budget.

    All runs have the same examples, held out by the document's seed, and as many steps of the same batch size. A run's
    seed draws initial values, order and dropout: the document's, and those that follow it.

    Args:
        spec: The joint model.
        backend: Where everything is trained.
        balancers: Kinds of `training.balancing`, each with its defaults, or as the document has it.
        variants: Other specs by name, with the same inputs and tasks.
        sweep: Which fixed weights to try with the first seed; the best are a method with all seeds.
        seeds: How many.
        folder: Where finished runs are kept, and found again; by default nowhere.
        data: The examples for training and those held out; by default those of the spec.
        directory: The folder of the document, where its data file begins.
        precision: The arithmetic; by default the document's.
        epochs: How many, in place of the document's number.
        steps: How many updates, in place of epochs.
        device: Where the framework computes.
        progress: Show a bar, if the error stream is a terminal.

    Raises:
        BackendError: the backend is not installed, or the process of a run failed.
        DataError: there are no held-out examples.
        MtlspecError: the folder has runs of something else, or there is nothing to compare.
    """
    _expect_numbers(seeds=seeds, epochs=epochs, steps=steps)
    compared, first = candidates(spec, balancers, variants or {}), spec.training.seed
    points = () if sweep is None else sweep.points(len(spec.tasks), seed=first)
    if backend not in backend_names():
        known = backend_names()
        raise BackendError(f"no backend {backend!r}{nearest(backend, known)}; installed: {', '.join(known)}")
    training, held_out = compared_examples(spec, directory=directory) if data is None else data
    examples = digest_of_examples(training, held_out)
    about = About(spec.digest(), examples, backend, precision or spec.training.precision, device, epochs, steps)
    runs_in_all = seeds * sum(len(each.specs) for each in compared) + (len(points) + seeds - 1 if points else 0)
    with tempfile.TemporaryDirectory(prefix="mtlspec-") as name, runs_bar(wanted=progress, total=runs_in_all) as bar:
        kept = Folder(Path(name) / "kept" if folder is None else Path(folder), about)
        runs = Runs(kept, about, training, held_out, place=Path(name), bar=bar)
        methods, tried = _made(runs, spec, compared, points, range(first, first + seeds))
    return Baselines(about, measures_of(spec), tuple(range(first, first + seeds)), methods, tried)


def _made(
    runs: Runs, spec: Spec, compared: tuple[Candidate, ...], points: tuple[Point, ...], seeds: range
) -> tuple[tuple[Method, ...], tuple[Tried, ...]]:
    """Return the records of all methods, one seed after the other, and of the weights that were tried."""
    joint = next(each for each in compared if each.name == JOINT).specs[0]
    given = {point: Candidate(point.name, "tuned", (weighted(joint, point.weights),)) for point in points}
    records: dict[str, list[Record]] = {each.name: [] for each in (*compared, *given.values())}
    tried: tuple[Tried, ...] = ()
    chosen: list[Candidate] = []
    for seed in seeds:
        for each in (*compared, *(given.values() if seed == seeds.start else chosen)):
            records[each.name].append(runs.record(each, seed))
        if given and not tried:
            tried = tuple(Tried(point, records[each.name][0]) for point, each in given.items())
            alone = records[compared[0].name][0]
            chosen = [given[best(tried, measures_of(spec), alone).point]]
    methods = [Method(each.name, each.origin, tuple(records[each.name])) for each in compared]
    methods += [Method(TUNED, "tuned", tuple(records[each.name]), each.specs[0].weights) for each in chosen]
    return tuple(methods), tried


def _expect_numbers(*, seeds: int, epochs: int | None, steps: int | None) -> None:
    if seeds < 1:
        raise MtlspecError(f"expected at least one seed, found {seeds}")
    if epochs is not None and steps is not None:
        raise MtlspecError(f"expected `epochs` or `steps`, found both: {epochs} and {steps}; leave one out")
    for name, number in (("epochs", epochs), ("steps", steps)):
        if number is not None and number < 1:
            raise MtlspecError(f"expected a number of `{name}` from 1, found {number}")


def compared_examples(
    spec: Spec, *, directory: str | Path = ".", file: str | Path | None = None
) -> tuple[Dataset, Dataset]:
    """Return the examples for training and those held out, from the spec's data or another file.

    Raises:
        DataError: the data does not fit the spec, or none is held out.
    """
    found = read(spec, directory=directory, file=file)
    if found.held_out is None:
        hint = "say which examples are held out by `split:` in the document's `data:`"
        raise DataError(f"methods are compared on examples that none of them was trained on; {hint}")
    return found.training, found.held_out
