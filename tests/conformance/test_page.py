"""The pages: one file each, whole, well formed, safe, and with no number that the reports do not have."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from mtlspec_conformance import markdown, page, report
from mtlspec_conformance.matrix import SYMBOLS, matrix
from mtlspec_conformance.report import Report
from mtlspec_conformance.reproducer import script
from mtlspec_conformance.runner import results
from mtlspec_conformance.suite import case
from planted import Narrow, Raising, Reference
from planted_differences import Frozen

from mtlspec.backend import Backend

VOID = {"meta", "input", "br", "wbr", "link", "img", "hr"}
IDS = ("layer/dense", "activation/softplus", "loss/huber")


@dataclass
class Element:
    tag: str
    attributes: dict[str, str | None]
    text: str = ""


@dataclass
class Tree(HTMLParser):
    """Reads a page, and remembers what is not well formed."""

    elements: list[Element] = field(default_factory=list)
    stack: list[Element] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs))
        if len(element.attributes) < len(attrs):
            self.faults.append(f"an attribute of {tag} twice")
        self.elements.append(element)
        if tag not in VOID:
            self.stack.append(element)

    def handle_endtag(self, tag: str) -> None:
        if not self.stack or self.stack[-1].tag != tag:
            self.faults.append(f"</{tag}> in {[element.tag for element in self.stack]}")
        else:
            self.stack.pop()

    def handle_data(self, data: str) -> None:
        for element in self.stack:
            element.text += data

    def all(self, tag: str, **attributes: str) -> list[Element]:
        wanted = {name.rstrip("_"): value for name, value in attributes.items()}
        return [
            element
            for element in self.elements
            if element.tag == tag
            and all((element.attributes.get(n) or "").split()[:9].count(v) for n, v in wanted.items())
        ]


def read(text: str) -> Tree:
    tree = Tree()
    tree.feed(text)
    tree.close()
    assert not tree.faults
    assert not tree.stack
    return tree


def made(folder: Path, name: str, backend: Backend, *, level: str | None = None, **footer: Any) -> Report:
    cases = [case(id) for id in IDS]
    done = list(results(backend, suite=cases, level=level))
    path = folder / f"{name}.jsonl"
    last = report.footer(done, untested=[], complaints=[]) | footer
    report.write(path, header=report.header(backend), results=done, footer=last)
    return report.read(path)


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> list[Report]:
    folder = tmp_path_factory.mktemp("reports")
    profile = {"profile": "core-1", "verdict": "differs", "conforms": 3, "of": 17, "unseen": ["loss/huber"]}
    return [
        made(folder, "good", Reference(), untested=["Gelu.approximation: tanh"]),
        made(folder, "frozen", Frozen(), complaints=["deviation loss/huber: not so"], profiles=[profile]),
        made(folder, "raising", Raising()),
        made(folder, "narrow", Narrow()),
    ]


@pytest.fixture(scope="module")
def tree(reports: list[Report]) -> Tree:
    return read(page.rendered(reports))


def test_ids_are_unique_and_links_lead_somewhere(tree: Tree) -> None:
    ids = [element.attributes["id"] for element in tree.elements if "id" in element.attributes]
    assert len(ids) == len(set(ids))
    links = [element.attributes["href"] or "" for element in tree.all("a")]
    assert links
    assert {link.removeprefix("#") for link in links} <= set(ids)


def test_the_page_needs_nothing_else(reports: list[Report], tree: Tree) -> None:
    assert not any({"src", "srcset", "action", "onclick"} & element.attributes.keys() for element in tree.elements)
    assert not [element.tag for element in tree.elements if element.tag in ("link", "img", "iframe", "object")]
    text = page.rendered(reports)
    assert not re.search(r"https?:|@import|url\(|fetch\(|XMLHttpRequest", text)


def test_every_line_has_its_cell(reports: list[Report], tree: Tree) -> None:
    lines = [line for each in reports for line in each.lines]
    for verdict, sign in SYMBOLS.items():
        cells = [cell for cell in tree.all("td", class_=verdict) if "number" not in (cell.attributes["class"] or "")]
        assert len(cells) == sum(line.verdict == verdict for line in lines)
        assert all(cell.text == f"{sign}{verdict.replace('_', ' ')}" for cell in cells)
    assert len(tree.all("tr", scope="row")) == 0
    rows = [element for element in tree.all("tr") if "data-case" in element.attributes]
    assert [row.attributes["data-case"] for row in rows] == list(IDS)


def test_whatever_is_not_green_leads_to_a_block_that_tells_it(reports: list[Report], tree: Tree) -> None:
    by_id = {element.attributes["id"]: element for element in tree.elements if "id" in element.attributes}
    seen = 0
    for index, each in enumerate(reports):
        for line in each.lines:
            if line.carried:
                told = by_id[f"{index + 1}/{line.case}/{line.level}"].text
                assert script(each, line) in told
                assert (line.worst or line.detail) in told
                assert line.reason in told
                assert f"replay {each.path} --case {line.case} --level {line.level}" in told
                seen += 1
    assert seen == sum(each.footer.counts[verdict] for each in reports for verdict in ("differs", "error")) > 9
    green = {"conforms", "none"}
    for cell in tree.all("td"):
        styles = set((cell.attributes.get("class") or "").split())
        if styles & set(SYMBOLS) and not styles & green:
            position = tree.elements.index(cell)
            assert tree.elements[position + 1].tag == "a"


def test_a_block_opens_where_its_link_leads_without_the_script(tree: Tree) -> None:
    for element in tree.all("div", class_="body"):
        position = tree.elements.index(element)
        inside = [before.tag for before in tree.elements[:position] if before.tag in ("details", "summary")]
        assert inside[-2:] == ["details", "summary"]


def test_scores_have_their_denominators(reports: list[Report], tree: Tree) -> None:
    cards = tree.all("p", class_="score")
    told = [" ".join(card.text.split()) for card in cards]
    assert told == [f"{each.footer.counts['conforms']} of {each.footer.of} conform" for each in reports]
    assert any("✗differs 3 of 17" in cell.text for cell in tree.all("td", class_="number"))
    assert any("no case needs loss/huber" in cell.text for cell in tree.all("td", class_="number"))


def test_where_to_begin_is_the_earliest_level(reports: list[Report]) -> None:
    column = matrix(reports).columns[1]
    assert column.first is not None
    assert column.first.level == "gradient"


def test_the_closest_call_takes_the_largest_share_of_its_limit(reports: list[Report]) -> None:
    first = reports[0]
    near = {"forward": (1e-11, 1e-10), "loss": (3e-7, 1e-6), "gradient": (9e-12, 1e-10)}
    lines = tuple(
        line.model_copy(update=dict(zip(("error", "limit"), near[line.level], strict=True)))
        if line.case == "loss/huber" and line.level in near
        else line
        for line in first.lines
    )
    (column,) = matrix([replace(first, lines=lines)]).columns
    assert column.closest is not None
    assert (column.closest.case, column.closest.level) == ("loss/huber", "loss")


def test_headers_untested_values_and_complaints_are_told(reports: list[Report], tree: Tree) -> None:
    text = "".join(element.text for element in tree.all("main"))
    assert "Gelu.approximation: tanh" in text
    assert "deviation loss/huber: not so" in text
    assert reports[0].header.case_set in text
    assert "planted_differences:Frozen" in text
    assert case("layer/dense").why in text


def test_without_the_script_nothing_is_hidden_but_its_own_controls(tree: Tree) -> None:
    (controls,) = [element for element in tree.elements if "hidden" in element.attributes]
    assert controls.attributes["id"] == "controls"
    code = (files("mtlspec_conformance") / "page.js").read_text()
    used = set(re.findall(r'getElementById\("(\w+)"\)', code))
    assert used == {"filter", "only", "told", "controls"}
    assert used <= {element.attributes.get("id") for element in tree.elements}


def test_what_is_told_cannot_be_markup(reports: list[Report]) -> None:
    evil = "<script>alert(1)</script>\"'&"
    first = reports[1]
    lines = tuple(
        line.model_copy(update={"worst": evil, "reason": evil, "detail": evil}) if line.worst else line
        for line in first.lines
    )
    header = first.header.model_copy(update={"backend": evil, "address": evil, "versions": {evil: evil}})
    footer = first.footer.model_copy(update={"untested": (evil,), "complaints": (evil,)})
    text = page.rendered([replace(first, header=header, lines=lines, footer=footer, path=Path(evil))])
    assert text.count("<script>") == 1
    assert "alert(1)</script>" not in text
    tree = read(text)
    assert evil in tree.all("title")[0].text
    plain = markdown.rendered([replace(first, header=header, lines=lines, footer=footer, path=Path(evil))])
    prose = re.sub(r"(?s)```python.*?```|`[^`\n]*`", "", plain)
    assert "<script>" not in prose


def test_what_cannot_be_run_from_the_report_is_told_by_its_command(reports: list[Report]) -> None:
    header = reports[1].header.model_copy(update={"examined": "witness", "command": "mtlspec verify a.record b.record"})
    witness = replace(reports[1], header=header, cases={})
    for text in (page.rendered([witness]), markdown.rendered([witness])):
        assert "mtlspec verify a.record b.record" in text
        assert "disagreements" not in text
        assert "Where they first part" in text
    read(page.rendered([witness]))


def test_reports_of_other_cases_are_not_compared_in_silence(reports: list[Report]) -> None:
    other = replace(reports[1], header=reports[1].header.model_copy(update={"case_set": "0" * 64, "suite": "9.9.9"}))
    text = page.rendered([reports[0], other])
    told = [element.text for element in read(text).all("div", class_="warning")]
    assert any("NOT COMPARABLE: case set" in warning and "000000000000" in warning for warning in told)
    assert any("NOT COMPARABLE: suite" in warning and "9.9.9" in warning for warning in told)
    assert "NOT COMPARABLE: suite" in markdown.rendered([reports[0], other])
    assert "NOT COMPARABLE" not in page.rendered(reports)


def test_a_partial_run_is_no_score_in_silence(tmp_path: Path) -> None:
    partial = made(tmp_path, "partial", Reference(), level="loss")
    text = page.rendered([partial])
    tree = read(text)
    assert ["PARTIAL: 14 of 17 results" in each.text for each in tree.all("div", class_="warning")] == [True]
    assert "not chosen for this run" in text
    idle = made(tmp_path, "idle", Reference(), level="law")
    assert "3 more cases were not run" in page.rendered([idle])


def test_the_same_backend_twice_is_told_apart(reports: list[Report]) -> None:
    again = replace(reports[0], path=Path("elsewhere/good.jsonl"))
    labels = [column.label for column in matrix([reports[0], reports[0], again, reports[1]]).columns]
    assert len(set(labels)) == 4
    assert labels[3] == "numpy with bias-frozen"


def test_precisions_are_columns_of_their_own(reports: list[Report]) -> None:
    first = reports[0]
    single = tuple(line.model_copy(update={"precision": "float32"}) for line in first.lines)
    header = first.header.model_copy(update={"precisions": ("float64", "float32")})
    columns = matrix([replace(first, header=header, lines=first.lines + single)]).columns
    assert [column.label for column in columns] == ["numpy float64", "numpy float32"]
    assert [column.tally.of for column in columns] == [len(first.lines)] * 2


def test_the_markdown_has_scores_failures_and_all_cases(reports: list[Report]) -> None:
    text = markdown.rendered(reports)
    for each in reports:
        assert f"- **{markdown.text(each.header.backend)}**: {each.footer.counts['conforms']} conform" in text
        for id in each.cases:
            first = next(line for line in each.lines if line.case == id and line.carried)
            assert script(each, first) in text
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    widths = {line.replace("\\|", "").count("|") for line in rows}
    assert widths <= {3, 5, 6}
    assert "| `layer/dense` | ✓ ✓ ✓ ✓ ✓ ✓ ✓ | ✓ ✓ ✓ ✗ ✗ ✗ ✓ | ✓ ✓ ! ✓ ✓ ✓ ✓ | ✓ ✓ ✓ ✓ ✓ ✓ ✓ |" in text
    assert "| gradient | ✓ 3 of 3 | ✗ 0 of 3 | ✓ 3 of 3 | – 2 of 3 |" in text


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_all_text_can_be_read_on_its_ground(scheme: int) -> None:
    style = (files("mtlspec_conformance") / "page.css").read_text()
    colours = dict(re.findall(r"--([\w-]+): (#\w{6})", re.findall(r":root \{(.*?)\}", style, re.DOTALL)[scheme]))
    pairs = [
        ("text", "page"),
        ("text", "panel"),
        ("quiet", "page"),
        ("quiet", "panel"),
        ("link", "page"),
        ("link", "panel"),
    ]
    pairs += [(f"on-{v}", v) for v in ("conforms", "differs", "error", "deviates", "unsupported")]
    pairs += [("on-first", "first-differs"), ("on-first", "first-error")]
    for text, ground in pairs:
        light, dark = sorted((_luminance(colours[text]), _luminance(colours[ground])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (text, ground)
