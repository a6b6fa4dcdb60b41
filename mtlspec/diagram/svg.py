"""SVG: the drawing of a graph on a card of its own colour, legible on any page."""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from mtlspec.diagram.layout import Item, Layout, laid_out
from mtlspec.diagram.parts import Part, parts_of, service
from mtlspec.graph import Graph
from mtlspec.summary import totals

FONT = "system-ui, 'Segoe UI', Helvetica, Arial, 'DejaVu Sans', sans-serif"
TEXT, NAME, LINE = 12.0, 13.0, 17.0
"""Sizes of text and names, and the distance of lines, in pixels."""
STRIP, PADDING, MARGIN, HEADING, CAPTION = 6.0, 10.0, 24.0, 26.0, 26.0
HEAD_LENGTH, HEAD_WIDTH = 8.0, 4.0
"""Of an arrow."""
PORT = 14.0
"""The least distance of two arrows that arrive at one box."""
INK, PALE, CARD, EDGE = "#1f2328", "#59636e", "#ffffff", "#d1d9e0"
SHARED, SINGLE = "#e9edf3", "#ffffff"
TASKS = ("#0969da", "#bc4c00", "#1a7f37", "#8250df", "#cf222e", "#0e7490", "#9a6700", "#bf3989")
"""One colour for each task, in turn; each has a contrast above 4.5 on the card."""
NARROW, WIDE = set("ijlIJft r'\",.:;/\\|-()[]!"), set("mwMW@%&OQDG#+<=>^~×→")
FIRST_IDEOGRAPH = 0x2E80


def svg(graph: Graph) -> str:
    """Return the drawing of `graph` as SVG."""
    drawing = _Drawing(graph)
    width, height = drawing.size
    described = f"{len(graph.inputs)} inputs, {len(graph.heads)} tasks; {drawing.caption}"
    lines = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
        f'viewBox="0 0 {width:g} {height:g}" role="img" font-family={quoteattr(FONT)} font-size="{TEXT:g}">',
        "<title>Model</title>",
        f"<desc>{escape(described)}</desc>",
        *drawing.elements(),
        "</svg>",
    )
    return "\n".join(lines) + "\n"


def text_width(text: str, *, size: float = TEXT, bold: bool = False) -> float:
    """Return a width that `text` does not exceed in the common sans-serif fonts (DejaVu Sans is the widest)."""
    return sum(map(_ems, text)) * size * (1.12 if bold else 1.0)


def _ems(character: str) -> float:
    if character in NARROW:
        return 0.44
    if character in WIDE or ord(character) > FIRST_IDEOGRAPH:
        return 1.0
    return 0.75 if character.isupper() else 0.65


class _Drawing:
    """A graph with the places of its parts."""

    def __init__(self, graph: Graph) -> None:
        self.tasks = graph.tasks
        parts = parts_of(graph)
        self._readers = {part.key: len(part.sources) for part in parts}
        self.layout: Layout = laid_out(parts, self._box_size)
        total = totals(graph)
        self.caption = f"{total.shared:,} of {total.trainable:,} parameters are shared"

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the whole."""
        width = max(self.layout.width, text_width(self.caption))
        return round(width + 2 * MARGIN), round(self.layout.height + 2 * MARGIN + HEADING + CAPTION)

    def _text(self, part: Part) -> tuple[str, ...]:
        served = service(part, self.tasks)
        return (*part.lines, served) if served else part.lines

    def _box_size(self, part: Part) -> tuple[float, float]:
        widths = [text_width(line) for line in self._text(part)]
        width = max([text_width(part.name, size=NAME, bold=True), *widths]) + STRIP + 2 * PADDING
        height = (1 + len(self._text(part))) * LINE + 2 * PADDING - 4
        return width, max(height, PORT * (self._readers[part.key] + 1))

    def colour(self, task: str) -> str:
        """Return the colour of a task."""
        return TASKS[self.tasks.index(task) % len(TASKS)]

    def elements(self) -> Iterator[str]:
        """Yield the card, the arrows, the boxes and the texts around them."""
        width, height = self.size
        card = f'x="0.5" y="0.5" width="{width - 1:g}" height="{height - 1:g}" rx="8"'
        yield f'<rect class="card" {card} fill="{CARD}" stroke="{EDGE}"/>'
        yield from self._headings()
        yield f'<g transform="translate({MARGIN:g} {MARGIN + HEADING:g})">'
        for item in self.layout.items.values():
            if item.part is None:
                yield _line(item, self._ink(item.key))
        for source, target in self.layout.segments:
            yield from self._arrow(self.layout.items[source], self.layout.items[target])
        for box in self.layout.boxes:
            yield from self._box(box)
        yield "</g>"
        yield _text(MARGIN, height - MARGIN + 4, self.caption, fill=PALE)

    def _headings(self) -> Iterator[str]:
        for role, heading in (("input", "inputs"), ("block", "blocks"), ("head", "heads"), ("task", "tasks")):
            mine = [box for box in self.layout.boxes if box.part is not None and box.part.role == role]
            if mine:
                yield _text(MARGIN + min(box.x for box in mine), MARGIN + 8, heading, fill=PALE)

    def _ink(self, key: str) -> str:
        """Return the colour of what leads to `key`: that of the one task which it serves, or that of shared things."""
        served: set[str] = set()
        waiting = [key]
        while waiting:
            item = self.layout.items[waiting.pop()]
            if item.part is not None:
                served |= set(item.part.tasks)
            else:
                waiting += [target for source, target in self.layout.segments if source == item.key]
        return self.colour(served.pop()) if len(served) == 1 and len(self.tasks) > 1 else PALE

    def _arrow(self, source: Item, target: Item) -> Iterator[str]:
        arrivals = self.layout.arrivals(target.key)
        x, y = source.x + source.width, source.center
        share = (1 + arrivals.index(source.key)) / (1 + len(arrivals))
        end = target.top + target.height * share
        stop = target.x - (HEAD_LENGTH if target.part is not None else 0)
        middle, ink = (x + stop) / 2, self._ink(target.key)
        curve = f"M{x:.1f} {y:.1f} C{middle:.1f} {y:.1f} {middle:.1f} {end:.1f} {stop:.1f} {end:.1f}"
        yield f'<path class="arrow" d="{curve}" fill="none" stroke="{ink}" stroke-width="1.5"/>'
        if target.part is not None:
            yield (
                f'<path class="point" d="M{stop:.1f} {end - HEAD_WIDTH:.1f} L{target.x:.1f} {end:.1f} '
                f'L{stop:.1f} {end + HEAD_WIDTH:.1f} Z" fill="{ink}"/>'
            )

    def _box(self, box: Item) -> Iterator[str]:
        part = box.part
        if part is None:
            return
        shared = len(part.tasks) > 1
        look = f'fill="{SHARED if shared else SINGLE}" stroke="{INK if part.tasks else PALE}"'
        look += ' stroke-width="1.5"' if shared else ' stroke-width="1"'
        look += "" if part.tasks else ' stroke-dasharray="4 3"'
        yield (
            f'<rect class="{part.role}" x="{box.x:.1f}" y="{box.top:.1f}" width="{box.width:.1f}" '
            f'height="{box.height:.1f}" {look}/>'
        )
        yield from self._strips(box, part.tasks)
        x, y = box.x + STRIP + PADDING, box.top + PADDING + NAME - 2
        yield _text(x, y, part.name, fill=INK, size=NAME, bold=True)
        for index, line in enumerate(self._text(part), 1):
            is_service = index > len(part.lines)
            yield _text(x, y + index * LINE, line, fill=PALE if is_service else INK, italic=is_service)

    def _strips(self, box: Item, tasks: tuple[str, ...]) -> Iterator[str]:
        """Yield a strip on the left edge of a box for each task that it serves, in the task's colour."""
        height = (box.height - 1) / max(1, len(tasks))
        for index, task in enumerate(tasks):
            y = box.top + 0.5 + index * height
            yield (
                f'<rect class="strip" x="{box.x + 0.5:.1f}" y="{y:.1f}" width="{STRIP:g}" height="{height:.1f}" '
                f'fill="{self.colour(task)}"/>'
            )


def _line(lane: Item, ink: str) -> str:
    return (
        f'<path class="lane" d="M{lane.x:.1f} {lane.center:.1f} H{lane.x + lane.width:.1f}" fill="none" '
        f'stroke="{ink}" stroke-width="1.5"/>'
    )


def _text(
    x: float, y: float, text: str, *, fill: str, size: float = TEXT, bold: bool = False, italic: bool = False
) -> str:
    style = ' font-weight="bold"' * bold + ' font-style="italic"' * italic
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" fill="{fill}"{style}>{escape(text)}</text>'
