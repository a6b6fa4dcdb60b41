"""Diagrams: boxes stand apart, texts fit, arrows lead from box to box and cross none, what is shared is seen."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from documents import document

from mtlspec import Graph, lower
from mtlspec.diagram import mermaid, svg
from mtlspec.diagram.svg import text_width
from mtlspec.spec import Spec

DENSE = {"kind": "dense", "units": 4}
TASK = {"head": [{"kind": "dense", "units": 1}], "loss": "squared_error"}
LONG = "a_name_that_is_rather_long_for_a_box_MMWW"
RESIDUAL = {"kind": "residual", "layers": [DENSE, {"kind": "dropout", "rate": 0.1}]}

MODELS: dict[str, dict[str, Any]] = {
    "two tasks": document(),
    "long edges": document(
        inputs=[{"name": name, "shape": [4]} for name in ("x", "spare", LONG)],
        blocks=[
            {"name": "first", "inputs": ["x"], "layers": [DENSE]},
            {"name": "second", "layers": [DENSE, RESIDUAL, DENSE, DENSE, DENSE]},
            {"name": "side", "inputs": [LONG], "layers": [DENSE]},
            {"name": "third", "inputs": ["second", "side"], "layers": [DENSE]},
        ],
        tasks=[
            {"name": "a", "inputs": ["third", "x"], **TASK},
            {"name": "b", "inputs": ["first", "third", LONG], "merge": "average", **TASK},
            {"name": LONG + "_", "inputs": ["side"], **TASK, "metrics": ["root_mean_squared_error"]},
        ],
    ),
    "many tasks": document(
        blocks=[
            {"name": "low", "layers": [DENSE]},
            *({"name": f"own{i}", "inputs": ["low"], "layers": [DENSE]} for i in range(5)),
        ],
        tasks=[{"name": f"task{i}", "inputs": [f"own{i % 5}", f"own{(i + 2) % 5}", "low"], **TASK} for i in range(12)],
    ),
    "no heads": document(
        inputs=[{"name": "x", "shape": [1]}],
        blocks=[],
        tasks=[{"name": name, "loss": "squared_error"} for name in "ab"],
    ),
}


@dataclass(frozen=True)
class Box:
    role: str
    x: float
    y: float
    width: float
    height: float
    dashed: bool

    def holds(self, x: float, y: float, *, by: float = 0.0) -> bool:
        """Whether the point is inside, at least `by` from the edge."""
        return self.x + by < x < self.x + self.width - by and self.y + by < y < self.y + self.height - by


@dataclass(frozen=True)
class Drawing:
    boxes: list[Box]
    strips: list[tuple[float, float]]
    texts: list[tuple[float, float, float, bool, str]]
    curves: list[list[tuple[float, float]]]
    tips: list[tuple[float, float]]
    size: tuple[float, float]


def graph_of(model: str) -> Graph:
    return lower(Spec.model_validate(MODELS[model]))


@cache
def drawn(model: str) -> Drawing:
    root = ElementTree.fromstring(svg(graph_of(model)))
    inside = next(element for element in root if element.tag.endswith("}g"))
    boxes, strips, texts, curves, tips = [], [], [], [], []
    for element in inside:
        get, kind = element.attrib.get, element.tag.partition("}")[2]
        if kind == "rect" and get("class") == "strip":
            strips.append((float(element.attrib["x"]), float(element.attrib["y"])))
        elif kind == "rect":
            sides = [float(element.attrib[name]) for name in ("x", "y", "width", "height")]
            boxes.append(Box(element.attrib["class"], *sides, dashed=get("stroke-dasharray") is not None))
        elif kind == "text":
            place = [float(element.attrib[name]) for name in ("x", "y", "font-size")]
            texts.append((*place, get("font-weight") == "bold", element.text or ""))
        elif get("class") == "point":
            tips.append(numbers(element.attrib["d"])[1])
        else:
            curves.append(points(element.attrib["d"]))
    width, height = (float(root.attrib[name]) for name in ("width", "height"))
    return Drawing(boxes, strips, texts, curves, tips, (width, height))


def numbers(path: str) -> list[tuple[float, float]]:
    found = [float(number) for number in re.findall(r"-?[\d.]+", path)]
    return list(zip(found[::2], found[1::2], strict=True))


def points(path: str) -> list[tuple[float, float]]:
    """Return points along a path of the drawing: a Bézier curve, or a horizontal line."""
    if "H" in path:
        x, y, end = (float(number) for number in re.findall(r"-?[\d.]+", path))
        return [(x + (end - x) * i / 40, y) for i in range(41)]
    corners = numbers(path)
    found = []
    for i in range(41):
        t = i / 40
        factors = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
        found.append(
            tuple(sum(f * corner[axis] for f, corner in zip(factors, corners, strict=True)) for axis in (0, 1))
        )
    return [(x, y) for x, y in found]


@pytest.fixture(params=MODELS)
def model(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_every_part_has_a_box(model: str) -> None:
    graph, roles = graph_of(model), [box.role for box in drawn(model).boxes]
    assert roles.count("input") == len(graph.inputs)
    assert roles.count("task") == len(graph.heads)
    assert roles.count("block") == len(MODELS[model]["blocks"])


def test_no_two_boxes_overlap(model: str) -> None:
    for a, b in combinations(drawn(model).boxes, 2):
        apart = a.x + a.width < b.x or b.x + b.width < a.x or a.y + a.height < b.y or b.y + b.height < a.y
        assert apart, (a, b)


def test_everything_is_on_the_card(model: str) -> None:
    width, height = drawn(model).size
    for box in drawn(model).boxes:
        assert box.x >= 0 and box.x + box.width + 48 <= width + 1
        assert box.y >= 0 and box.y + box.height + 74 <= height + 1


def test_every_text_fits_its_box_in_the_widest_common_font(model: str) -> None:
    from matplotlib import get_data_path
    from PIL import ImageFont

    fonts = Path(get_data_path()) / "fonts" / "ttf"
    faces = {bold: ImageFont.truetype(fonts / f"DejaVuSans{'-Bold' * bold}.ttf", 100) for bold in (False, True)}
    for x, y, size, bold, text in drawn(model).texts:
        width = faces[bold].getlength(text) * size / 100
        assert width <= text_width(text, size=size, bold=bold)
        box = next(box for box in drawn(model).boxes if box.holds(x, y))
        assert box.holds(x + width, y - size), text


def test_every_arrow_ends_at_the_left_edge_of_a_box(model: str) -> None:
    drawing = drawn(model)
    assert drawing.tips
    for x, y in drawing.tips:
        assert any(abs(box.x - x) < 0.2 and box.y < y < box.y + box.height for box in drawing.boxes)
    assert len(set(drawing.tips)) == len(drawing.tips)


def test_every_curve_begins_where_a_box_or_another_curve_ends(model: str) -> None:
    drawing = drawn(model)
    ends = {(round(x), round(y)) for curve in drawing.curves for x, y in [curve[-1]]}
    edges = {(round(box.x + box.width), round(box.y + box.height / 2)) for box in drawing.boxes}
    for curve in drawing.curves:
        x, y = curve[0]
        assert any(abs(x - a) <= 1 and abs(y - b) <= 1 for a, b in ends | edges), curve[0]


def test_no_arrow_crosses_a_box(model: str) -> None:
    drawing = drawn(model)
    for curve in drawing.curves:
        for x, y in curve:
            assert not any(box.holds(x, y, by=0.5) for box in drawing.boxes), (x, y)


def test_the_right_number_of_arrows_arrives(model: str) -> None:
    sources = {
        "two tasks": 5,
        "long edges": 14,
        "many tasks": 1 + 5 + 12 * 3 + 12,
        "no heads": 2,
    }
    assert len(drawn(model).tips) == sources[model]


def test_a_box_has_one_strip_for_each_task_that_it_serves() -> None:
    drawing = drawn("long edges")
    strips = {
        text: sum(box.x < x < box.x + box.width and box.y < y < box.y + box.height for x, y in drawing.strips)
        for *place, bold, text in drawing.texts
        for box in drawing.boxes
        if bold and box.holds(place[0], place[1])
    }
    assert strips["x"] == 2
    assert strips["spare"] == 0
    assert strips["first"] == strips["third"] == 2
    assert strips["side"] == 3
    assert strips["a"] == strips["head of a"] == 1


def test_what_is_shared_and_what_is_unused_is_told_in_words() -> None:
    texts = [text for *_, text in drawn("long edges").texts]
    assert texts.count("shared by all 3 tasks") == 2
    assert "shared by a, b" in texts
    assert texts.count("unused") == 1
    assert [box.role for box in drawn("long edges").boxes if box.dashed] == ["input"]


def test_equal_layers_in_a_row_are_told_once() -> None:
    texts = [text.replace("\N{NO-BREAK SPACE}", " ") for *_, text in drawn("long edges").texts]
    assert "dense 4 (3 times)" in texts
    assert "   dense 4" in texts
    assert "add shortcut" in texts


def test_names_are_escaped_and_the_drawing_tells_itself() -> None:
    text = svg(graph_of("two tasks"))
    root = ElementTree.fromstring(text)
    assert root.attrib["role"] == "img"
    assert [element.text for element in root if element.tag.endswith("desc")] == [
        "1 inputs, 2 tasks; 40 of 76 parameters are shared"
    ]
    assert text == svg(graph_of("two tasks"))


def test_mermaid_has_a_node_for_each_part_and_an_edge_for_each_arrow(model: str) -> None:
    lines = mermaid(graph_of(model)).splitlines()
    edges = [line for line in lines if "-->" in line]
    nodes = [line.split("[")[0].split("(")[0].strip() for line in lines if "<b>" in line]
    assert lines[0] == "flowchart LR"
    assert len(nodes) == len(set(nodes)) == len(drawn(model).boxes)
    assert len(edges) == len(drawn(model).tips)
    for edge in edges:
        source, _, target = edge.strip().partition(" --> ")
        assert source in nodes and target in nodes


def test_mermaid_marks_what_is_shared_and_what_is_unused() -> None:
    text = mermaid(graph_of("long edges"))
    names = dict(re.findall(r"  (n\d+)\W+<b>([\w ]+)</b>", text))
    classes = {
        kind: [names[node] for node in nodes.split(",")] for nodes, kind in re.findall(r"class (\S+) (\w+)", text)
    }
    assert classes == {"shared": ["x", LONG, "first", "second", "side", "third"], "unused": ["spare"]}
