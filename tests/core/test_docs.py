"""Pages that scripts make are current, and the documents in the docs are specs."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from mtlspec import parse, read

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


GROUPS = """
inputs:
  - {name: steps, shape: [20, 2]}
  - {name: user, shape: [1]}
blocks:
  - {name: flat, inputs: [steps], layers: [flatten]}
tasks:
  - {name: bought, inputs: [flat, user], head: [{kind: dense, units: 1}], loss: sigmoid_cross_entropy}
"""


def test_the_groups_of_the_tour_are_read() -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", (DOCS / "document.md").read_text(), re.DOTALL)
    spec = parse(GROUPS + next(block for block in blocks if "group_by:" in block))
    columns = {"session": [1, 2, 1], "time": [5, 1, 3], "price": [1, 2, 3], "seconds": [4, 5, 6]}
    examples = read(spec, frame={**columns, "age": [30, 40, 30], "bought": [1, 0, 1]})
    assert examples.held_out is not None
    parts = [part.inputs["steps"][0, :2].tolist() for part in (examples.training, examples.held_out)]
    assert sorted(parts) == [[[2, 5], [0, 0]], [[3, 6], [1, 4]]]
