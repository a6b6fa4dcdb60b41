"""Runs: each in a process of its own, those that are finished already not again."""

from __future__ import annotations

from pathlib import Path

from mtlspec.baselines.exchange import RECORD, write_examples, write_run
from mtlspec.baselines.folder import About, Folder
from mtlspec.baselines.methods import Candidate, seeded
from mtlspec.baselines.progress import RunsBar
from mtlspec.baselines.record import Record, together
from mtlspec.batch import Dataset
from mtlspec.comparison.process import last_words, running
from mtlspec.errors import BackendError
from mtlspec.extension_source import source_of, sources_of
from mtlspec.graph import Graph, lower
from mtlspec.registry import kinds_of
from mtlspec.spec import Spec
from mtlspec.spec.metric import OwnMetric
from mtlspec.training.own_metrics import FUNCTIONS

WORKER = "mtlspec.baselines.worker"


class Runs:
    """Makes runs, keeps what they come to, and shows how many are done."""

    def __init__(
        self, folder: Folder, about: About, training: Dataset, held_out: Dataset, *, place: Path, bar: RunsBar
    ) -> None:
        self._folder, self._about, self._bar = folder, about, bar
        self._training, self._held_out = training, held_out
        self._place, self._made = place, 0

    def record(self, candidate: Candidate, seed: int) -> Record:
        """Return what the candidate comes to with this seed, its runs made unless they are finished already.

        Raises:
            BackendError: the process of a run failed.
        """
        return together([self._of(candidate.name, seeded(spec, seed)) for spec in candidate.specs])

    def _of(self, method: str, spec: Spec) -> Record:
        name = f"{method} {spec.tasks[0].name}" if method == "alone" else method
        self._bar.show(f"{name}, seed {spec.training.seed}")
        found = self._folder.found(name, spec)
        if found is None:
            found = self._run(name, spec)
            self._folder.keep(name, spec, found)
        self._bar.advance()
        return found

    def _run(self, name: str, spec: Spec) -> Record:
        if not self._made:
            write_examples(self._place, self._training, self._held_out)
        folder, graph = self._place / str(self._made), lower(spec)
        self._made += 1
        write_run(folder, graph, self._about, digest=spec.digest())
        with running(WORKER, folder, _sources(graph)) as process:
            code = process.wait()
        if code:
            told = last_words(folder) or f"exit code {code}"
            raise BackendError(f"the run {name!r} with seed {spec.training.seed} failed:\n{told}")
        return Record.from_json((folder / RECORD).read_text(encoding="utf-8"))


def _sources(graph: Graph) -> tuple[str, ...]:
    """Return where the process of a run can import the kinds and metrics from that are a user's own."""
    own = {metric.kind for head in graph.heads for metric in head.metrics if isinstance(metric, OwnMetric)}
    metrics = [source_of(FUNCTIONS[kind].__module__, f"metric/{kind}") for kind in sorted(own)]
    return tuple(dict.fromkeys([*sources_of(kinds_of(graph)), *metrics]))
