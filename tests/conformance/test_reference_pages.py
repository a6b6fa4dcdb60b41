"""The pages of the vocabulary are made, and every entry has one that says what it is in each backend."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    found = importlib.util.spec_from_file_location("make_reference", DOCS / "make_reference.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_the_pages_are_current(script: ModuleType) -> None:
    made = script.pages()
    stored = {path.relative_to(script.FOLDER).as_posix(): path.read_text() for path in script.FOLDER.rglob("*.md")}
    assert stored == made, "run: python docs/make_reference.py"


@pytest.mark.parametrize("backend", ["torch", "keras"])
def test_what_an_entry_is_in_a_backend_was_seen_in_a_case(script: ModuleType, backend: str) -> None:
    native = json.loads((DOCS / "reference" / "native.json").read_text())[backend]
    compiled = [(key, kind) for key, kind in script.members() if key.partition("/")[0] in script.COMPILED]
    absent = [
        key for key, kind in compiled if script._classes({backend: native}, backend, key, kind, ", ") == "no case"
    ]
    assert absent == [], f"run: python docs/native_classes.py {backend}"
