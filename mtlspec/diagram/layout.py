"""Layout: parts in columns from inputs to tasks, and arrows that cross no box.

The steps are those of Sugiyama, Tagawa and Toda 1981: columns by longest path, lanes where an arrow passes a column,
order by barycenter. Positions are the least-squares ones that keep order and distance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import fmean

from mtlspec.diagram.parts import Part

COLUMN_GAP = 72.0
ROW_GAP = 20.0
LANE_HEIGHT = 6.0
SWEEPS = 8
LIGHT = 1e-6
"""The weight of an item that may be anywhere, beside 1."""

Size = tuple[float, float]
Segment = tuple[str, str]


@dataclass
class Item:
    """What takes a place in a column: the box of a part, or a lane through which an arrow passes."""

    key: str
    column: int
    height: float
    part: Part | None
    x: float = 0.0
    width: float = 0.0
    center: float = 0.0

    @property
    def top(self) -> float:
        """The upper edge."""
        return self.center - self.height / 2


@dataclass
class Layout:
    """Items with their places, and the segments between items of neighbouring columns."""

    items: dict[str, Item] = field(default_factory=dict)
    segments: list[Segment] = field(default_factory=list)
    width: float = 0.0
    height: float = 0.0

    def arrivals(self, key: str) -> list[str]:
        """Return the keys of the items before `key`, from the top."""
        return sorted((a for a, b in self.segments if b == key), key=lambda source: self.items[source].center)

    @property
    def boxes(self) -> list[Item]:
        """The items that are parts."""
        return [item for item in self.items.values() if item.part is not None]


def laid_out(parts: tuple[Part, ...], size: Callable[[Part], Size]) -> Layout:
    """Return the layout of `parts`, given the size of each box; the upper left corner is at (0, 0)."""
    layout = Layout()
    columns = _columns(parts)
    sizes = {part.key: size(part) for part in parts}
    for part in parts:
        layout.items[part.key] = Item(part.key, columns[part.key], sizes[part.key][1], part)
    for part in parts:
        for source in part.sources:
            _connect(layout, source, part.key)
    _place_columns(layout, {key: width for key, (width, _) in sizes.items()})
    _place_rows(layout, _ordered(layout))
    return layout


def _columns(parts: tuple[Part, ...]) -> dict[str, int]:
    """Return the column of each part: inputs first, blocks after what they read, all heads, all tasks."""
    columns: dict[str, int] = {}
    for part in parts:
        if part.role in ("input", "block"):
            columns[part.key] = 1 + max((columns[source] for source in part.sources), default=-1)
    last = max(columns.values())
    has_heads = any(part.role == "head" for part in parts)
    for part in parts:
        if part.role in ("head", "task"):
            columns[part.key] = last + 1 + (part.role == "task" and has_heads)
    return columns


def _connect(layout: Layout, source: str, target: str) -> None:
    """Lead from `source` to `target`, through one lane in each column between; arrows of one source share lanes."""
    at = source
    for column in range(layout.items[source].column + 1, layout.items[target].column):
        lane = f"{source} passing column {column}"
        if lane not in layout.items:
            layout.items[lane] = Item(lane, column, LANE_HEIGHT, None)
            layout.segments.append((at, lane))
        at = lane
    layout.segments.append((at, target))


def _place_columns(layout: Layout, widths: Mapping[str, float]) -> None:
    x = 0.0
    for column in range(1 + max(item.column for item in layout.items.values())):
        mine = [item for item in layout.items.values() if item.column == column]
        width = max(widths.get(item.key, 0.0) for item in mine)
        for item in mine:
            item.x, item.width = x, width
        x += width + COLUMN_GAP
    layout.width = x - COLUMN_GAP


def _ordered(layout: Layout) -> list[list[str]]:
    """Return the keys of each column from the top, in the order with the fewest crossings that was met."""
    count = 1 + max(item.column for item in layout.items.values())
    order = [[key for key, item in layout.items.items() if item.column == column] for column in range(count)]
    best, fewest = [list(column) for column in order], _crossings(order, layout.segments)
    for sweep in range(SWEEPS):
        backward = sweep % 2 == 1
        neighbours = _neighbours(layout.segments, backward=backward)
        for column in range(count - 2, -1, -1) if backward else range(1, count):
            place = {key: index for index, key in enumerate(order[column + 1 if backward else column - 1])}
            own = {key: float(index) for index, key in enumerate(order[column])}
            rank = {key: _mean((place[n] for n in neighbours.get(key, ())), own[key]) for key in own}
            order[column].sort(key=rank.__getitem__)
        crossings = _crossings(order, layout.segments)
        if crossings < fewest:
            best, fewest = [list(column) for column in order], crossings
    return best


def _neighbours(segments: Iterable[Segment], *, backward: bool) -> dict[str, list[str]]:
    """Return for each key those that it leads to (`backward`), or those that lead to it."""
    found: dict[str, list[str]] = {}
    for source, target in segments:
        key, other = (source, target) if backward else (target, source)
        found.setdefault(key, []).append(other)
    return found


def _mean(values: Iterable[float], default: float) -> float:
    known = list(values)
    return fmean(known) if known else default


def _crossings(order: list[list[str]], segments: list[Segment]) -> int:
    place = {key: (column, row) for column, keys in enumerate(order) for row, key in enumerate(keys)}
    ends = [(place[source], place[target][1]) for source, target in segments]
    return sum(
        first[0][0] == second[0][0] and (first[0][1] - second[0][1]) * (first[1] - second[1]) < 0
        for index, first in enumerate(ends)
        for second in ends[:index]
    )


def _place_rows(layout: Layout, order: list[list[str]]) -> None:
    """Put each item as near to the middle of its neighbours as order and distance allow."""
    for column in order:
        _place(layout, column, dict.fromkeys(column, 0.0))
    before, after = (_neighbours(layout.segments, backward=backward) for backward in (False, True))
    for round in range(SWEEPS):
        neighbours = after if round % 2 else before
        for column in reversed(order) if round % 2 else order:
            tied = {key: fmean(layout.items[n].center for n in neighbours[key]) for key in column if key in neighbours}
            _place(layout, column, tied)
    top = min(item.top for item in layout.items.values())
    for item in layout.items.values():
        item.center -= top
    layout.height = max(item.top + item.height for item in layout.items.values())


def _place(layout: Layout, column: list[str], wanted: Mapping[str, float]) -> None:
    """Set the centers of a column to those nearest to `wanted`: an isotonic regression of them less their distances.

    Items that nothing is wanted of give way, and stay close to the others.
    """
    if not wanted:
        return
    items = [layout.items[key] for key in column]
    offsets = [0.0]
    for above, below in pairwise(items):
        offsets.append(offsets[-1] + (above.height + below.height) / 2 + ROW_GAP)
    middle = fmean(wanted.values())
    values = [wanted.get(key, middle) - offset for key, offset in zip(column, offsets, strict=True)]
    fitted = _isotonic(values, [1.0 if key in wanted else LIGHT for key in column])
    for item, value, offset in zip(items, fitted, offsets, strict=True):
        item.center = value + offset


def _isotonic(values: list[float], weights: list[float]) -> list[float]:
    """Return the nearest sequence that never falls, by pooling adjacent violators."""
    pools: list[tuple[float, float, int]] = []
    for value, weight in zip(values, weights, strict=True):
        pool = (value, weight, 1)
        while pools and pools[-1][0] > pool[0]:
            before = pools.pop()
            weight_of_both = before[1] + pool[1]
            mean = (before[0] * before[1] + pool[0] * pool[1]) / weight_of_both
            pool = (mean, weight_of_both, before[2] + pool[2])
        pools.append(pool)
    return [mean for mean, _, count in pools for _ in range(count)]
