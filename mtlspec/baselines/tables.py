"""Tables of a comparison: one over all tasks, one for each task, and one of the weights that were tried."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from mtlspec.baselines.baselines import Baselines
from mtlspec.baselines.statistics import Estimate
from mtlspec.baselines.sweep import PREFIX
from mtlspec.baselines.tuning import gains
from mtlspec.spec.metric import Better

ABSENT = "–"
MEBIBYTE = 2**20


@dataclass(frozen=True)
class Column:
    """A heading, what is better in its cells (None: neither), and how a number is written."""

    name: str
    better: Better | None
    written: str = ".4g"

    @property
    def heading(self) -> str:
        """The name with an arrow towards what is better."""
        return self.name if self.better is None else f"{self.name} {'↑' if self.better == 'higher' else '↓'}"


@dataclass(frozen=True)
class Table:
    """Rows by name under columns; an absent cell is None."""

    title: str
    rows_are: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, tuple[Estimate | None, ...]], ...]

    def text(self, row: int, column: int) -> str:
        """Return a cell as `0.912 ± 0.004`."""
        found = self.rows[row][1][column]
        if found is None or math.isnan(found.mean):
            return ABSENT
        written = self.columns[column].written
        return f"{found.mean:{written}}" + ("" if found.half is None else f" ± {found.half:.2g}")

    def best(self, column: int) -> frozenset[int]:
        """Return the rows whose mean, as it is written, is the best of the column; none where all are equal."""
        better, written = self.columns[column].better, self.columns[column].written
        means = [float(f"{_mean(cells[column]):{written}}") for _, cells in self.rows]
        defined = [mean for mean in means if not math.isnan(mean)]
        if better is None or len(set(defined)) < 2:
            return frozenset()
        top = max(defined) if better == "higher" else min(defined)
        return frozenset(index for index, mean in enumerate(means) if mean == top)


def _mean(cell: Estimate | None) -> float:
    return math.nan if cell is None else cell.mean


def tables(found: Baselines) -> Iterator[Table]:
    """Yield the tables of a comparison."""
    yield _of_all(found)
    for task in found.tasks:
        yield _of_task(found, task)
    if found.tried:
        yield _of_sweep(found)


def _rows(
    found: Baselines, cells: Sequence[Callable[[str], Estimate | None]]
) -> tuple[tuple[str, tuple[Estimate | None, ...]], ...]:
    return tuple((method.name, tuple(cell(method.name) for cell in cells)) for method in found.methods)


def _of_all(found: Baselines) -> Table:
    def parameters(name: str) -> Estimate:
        return Estimate(float(found.method(name).records[0].parameters))

    def memory(name: str) -> Estimate | None:
        size = found.memory(name)
        return None if size is None else Estimate(size / MEBIBYTE)

    columns = (
        Column("mean rank", "lower"),
        Column("Δm over metrics, %", "lower", ".2f"),
        Column("Δm over tasks, %", "higher", ".2f"),
        Column("parameters", None, ".0f"),
        Column("seconds", None, ".3g"),
        Column("memory, MiB", None, ".0f"),
    )
    cells = (
        found.mean_rank,
        found.delta_over_metrics,
        found.delta_over_tasks,
        parameters,
        found.seconds,
        memory,
    )
    return Table("all tasks", "method", columns, _rows(found, cells))


def _of_task(found: Baselines, task: str) -> Table:
    def of(key: str) -> Callable[[str], Estimate | None]:
        return lambda name: found.value(name, key)

    metrics = [measure for measure in found.measures if measure.task == task and measure.name != "loss"]
    columns = [Column(measure.name.replace("_", " "), measure.better) for measure in metrics]
    cells: list[Callable[[str], Estimate | None]] = [of(measure.key) for measure in metrics]
    columns += [Column("loss", "lower"), Column("gap", None)]
    cells += [of(f"{task}/loss"), lambda name: found.gap(name, task)]
    return Table(f"task {task}, held out", "method", tuple(columns), _rows(found, cells))


def _of_sweep(found: Baselines) -> Table:
    told = gains(found.tried, found.measures, found.methods[0].records[0])
    names = [each.point.name.removeprefix(PREFIX) for each in found.tried]
    rows = tuple((name, (Estimate(gain),)) for name, gain in zip(names, told, strict=True))
    columns = (Column("Δm over tasks, %", "higher", ".2f"),)
    return Table(f"weights, seed {found.seeds[0]}", ":".join(found.tasks), columns, rows)
