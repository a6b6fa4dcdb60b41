"""Documents round-trip without loss, and every mistake has its place."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from documents import TWO_TASKS

from mtlspec import MtlspecError, SpecError, load, parse, render

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
@pytest.mark.parametrize("format", ["yaml", "json"])
@pytest.mark.parametrize("explicit", [True, False])
def test_an_example_reads_back_as_the_same_spec(path: Path, format: Literal["yaml", "json"], explicit: bool) -> None:
    spec = load(path)
    assert parse(render(spec, format=format, explicit=explicit), format=format) == spec


def test_render_spells_out_every_law() -> None:
    text = render(parse("like: keras\n" + TWO_TASKS))
    for line in ("epsilon: 1e-07", "epsilon_placement: before_correction", "reduction: batch", "units: 8"):
        assert line in text


def mistakes(text: str) -> list[tuple[int | None, int | None, str, str]]:
    with pytest.raises(SpecError) as raised:
        parse(text, file="spec.yaml")
    return [(p.line, p.column, p.key_path, p.message) for p in raised.value.problems]


@pytest.mark.parametrize(
    ("old", "new", "place", "key_path", "message"),
    [
        ("units: 8", "unts: 8", (7, 23), "blocks.trunk.layers[0].unts", "unknown field 'unts'; did you mean 'units'?"),
        ("kind: dense, units: 8", "kind: dens, units: 8", (7, 9), "blocks.trunk.layers[0]", "did you mean 'dense'?"),
        ("units: 8", "units: eight", (7, 23), "blocks.trunk.layers[0].units", "expected a valid integer"),
        ("shape: [4]", "shape: [4]\n    dtype: text", None, "", ""),
        ("squared_error", "squared_eror", (10, 51), "tasks.size.loss", "did you mean 'squared_error'?"),
        ("weight: 0.5", "weight: .nan", (10, 72), "tasks.size.weight", "expected a finite number"),
        ("weight: 0.5", "weight: 0.5, weight: 1", (10, 85), "", "duplicate key"),
        ("name: size", "name: kind", (10, 6), "tasks.kind.name", "duplicate name 'kind', used by tasks[0] already"),
        ("name: size", "name: x", (10, 6), "tasks.x.name", "duplicate name 'x', used by inputs[0] already"),
        ("name: size", "name: 2nd", (10, 6), "tasks.2nd.name", "expected a letter, then letters"),
        ("name: size", "name: size, inputs: [trnk]", (10, 27), "tasks.size.inputs[0]", "did you mean 'trunk'?"),
        ("units: 3", "units: 1", (9, 18), "tasks.kind.head", "softmax_cross_entropy needs at least 2 units"),
        ("units: 8, activation: relu", "units: 8}\n      - {kind: conv2d, filters: 2, kernel_size: 3",
         (8, 9), "blocks.trunk.layers[1]", "conv2d does not fit: expected the shape (height, width, channels)"),
        ("name: trunk", "name: trunk\n    inputs: [trunk]", (6, 5), "blocks.trunk.inputs", "in a cycle: trunk"),
        ("loss: squared_error", "loss: {kind: huber, delta: 0}", (10, 71), "tasks.size.loss.delta", "greater than 0"),
    ],
)  # fmt: skip
def test_a_mistake_has_its_place_and_what_to_do(
    old: str, new: str, place: tuple[int, int] | None, key_path: str, message: str
) -> None:
    found = mistakes(TWO_TASKS.replace(old, new, 1))
    if place is None:  # broken YAML: any place, but one
        assert found[0][0] is not None
        return
    assert any((line, column) == place and at == key_path and message in text for line, column, at, text in found), (
        found
    )


def test_all_mistakes_of_form_come_at_once() -> None:
    text = TWO_TASKS.replace("units: 8", "units: -8").replace("units: 3", "unit: 3").replace("0.5", "much")
    paths = {path for _, _, path, _ in mistakes(text)}
    assert {"blocks.trunk.layers[0].units", "tasks.kind.head[0].unit", "tasks.size.weight"} <= paths


def test_all_mistakes_of_meaning_come_at_once() -> None:
    text = TWO_TASKS.replace("units: 3", "units: 1").replace("name: size", "name: size, inputs: [y]")
    assert {path for _, _, path, _ in mistakes(text)} == {"tasks.kind.head", "tasks.size.inputs[0]"}


def test_a_json_document_has_places_too() -> None:
    with pytest.raises(SpecError, match=r"spec.json:1:14: inputs.*required|spec.json:1"):
        parse('{"inputs": [{"shape": [1]}], "tasks": []}', file="spec.json", format="json")
    with pytest.raises(SpecError, match="duplicate key 'inputs'"):
        parse('{"inputs": [], "inputs": []}', file="spec.json", format="json")
    with pytest.raises(SpecError, match=r"spec\.json:1:11: document: Expecting value"):
        parse('{"inputs":', file="spec.json", format="json")


def test_yaml_is_1_2() -> None:
    spec = parse(TWO_TASKS + "training: {optimizer: {kind: sgd, learning_rate: 1e-3}}\n")
    assert spec.training.optimizer.learning_rate == 1e-3
    assert parse(TWO_TASKS.replace("name: x", "name: no").replace("[4]", "[4]")).inputs[0].name == "no"


def test_a_file_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    with pytest.raises(MtlspecError, match="cannot read"):
        load(tmp_path / "none.yaml")
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(MtlspecError, match="cannot read"):
        load(tmp_path / "bytes.yaml")
    (tmp_path / "list.yaml").write_text("- 1\n")
    with pytest.raises(SpecError, match="expected a mapping"):
        load(tmp_path / "list.yaml")


def test_a_duplicate_name_is_no_cycle() -> None:
    blocks = """blocks:
  - {name: trunk, layers: [{kind: dense, units: 8}]}
  - {name: trunk, layers: [{kind: dense, units: 8}]}
"""
    found = mistakes("inputs:\n  - {name: x, shape: [4]}\n" + blocks + "tasks:\n  - {name: y, loss: squared_error}\n")
    assert [message.split(",")[0] for _, _, _, message in found] == ["duplicate name 'trunk'"]


@pytest.mark.parametrize(
    "text",
    [
        "inputs: " + "[" * 3000,
        'inputs: !!python/object/apply:os.system ["echo"]\ntasks: []\n',
        "inputs:\n  - {name: x, shape: !!python/name:os.system }\ntasks: []\n",
    ],
)
def test_a_document_that_is_no_plain_data_is_refused(text: str) -> None:
    assert mistakes(text)
