"""Pages that scripts make are current, and the documents in the docs are specs."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from mtlspec import parse

DOCS = Path(__file__).parents[2] / "docs"


def script(name: str) -> ModuleType:
    """The script of that name in docs, as a module."""
    found = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    sys.modules[name] = module  # dataclasses look their module up
    found.loader.exec_module(module)
    return module


def test_the_page_of_laws_is_current() -> None:
    assert (DOCS / "laws.md").read_text() == script("make_laws").page(), "run: python docs/make_laws.py"


def test_the_cost_of_a_layer_is_current() -> None:
    assert script("layer_cost").table() in (DOCS / "backends.md").read_text(), "run: python docs/layer_cost.py"


MODEL = """
inputs:
  - {name: image, shape: [4]}
  - {name: age, shape: [2]}
  - {name: city, dtype: integer}
  - {name: user, dtype: integer}
tasks:
  - {name: churn, inputs: [image], head: [{kind: dense, units: 1}], loss: sigmoid_cross_entropy}
  - {name: income, inputs: [age], head: [{kind: dense, units: 1}], loss: squared_error}
"""


@pytest.mark.parametrize("section", ["training", "data"])
def test_the_sections_of_the_tour_are_part_of_a_spec(section: str) -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", (DOCS / "document.md").read_text(), re.DOTALL)
    text = next(block for block in blocks if block.startswith(f"{section}:"))
    assert parse(MODEL + text).to_document()[section]
