"""An editor with yaml-language-server completes and complains by the committed schema."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from language_server import LanguageServer

from mtlspec import json_schema

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "docs" / "mtlspec.schema.json"
HEAD = f"# yaml-language-server: $schema={SCHEMA.as_uri()}\n"


@pytest.fixture(scope="module")
def server() -> Iterator[LanguageServer]:
    with LanguageServer(Path(os.environ["YAML_LANGUAGE_SERVER"]), ROOT) as running:
        yield running


def test_the_committed_schema_is_current() -> None:
    assert json.loads(SCHEMA.read_text()) == json_schema(), "run: mtlspec schema -o docs/mtlspec.schema.json"


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.yaml")), ids=lambda path: path.stem)
def test_an_example_gets_no_complaint(server: LanguageServer, path: Path) -> None:
    assert server.diagnostics(f"file:///ok-{path.name}", HEAD + path.read_text()) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "line", "message"),
    [
        ("field", "units: 32", "unts: 32", 10, "unts"),
        ("kind", "kind: dense, units: 32", "kind: dens, units: 32", 10, ""),
        ("value", "shape: [20]", "shape: twenty", 7, "array"),
        ("loss", "loss: softmax_cross_entropy", "loss: softmax_cross_entropi", 14, ""),
    ],
)
def test_a_mistake_is_complained_of_where_it_stands(
    server: LanguageServer, name: str, old: str, new: str, line: int, message: str
) -> None:
    text = HEAD + (ROOT / "examples" / "swift.yaml").read_text().replace(old, new, 1)
    wanted = next(number for number, content in enumerate(text.splitlines()) if new in content)
    found = server.diagnostics(f"file:///mistake-{name}.yaml", text)
    assert any(item["range"]["start"]["line"] == wanted and message in item["message"] for item in found), found


def test_fields_kinds_and_values_are_completed(server: LanguageServer) -> None:
    text = HEAD + "inputs:\n  - {name: x, shape: [2]}\ntasks:\n  - name: y\n    loss: \ntraining:\n  \n"
    assert {"softmax_cross_entropy", "huber"} <= set(server.completions("file:///a.yaml", text, 5, 10))
    assert {"optimizer", "batch_size", "schedule"} <= set(server.completions("file:///b.yaml", text, 7, 2))
    text = HEAD + "like: \n"
    assert {"published", "keras", "torch"} <= set(server.completions("file:///c.yaml", text, 1, 6))
