"""Layers are matched by map, name, shape, place, activation and output, in this order, or the user is asked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from mtlspec_conformance.witness.influence import influences
from mtlspec_conformance.witness.names import MatchError, read
from numpy_witness import INPUTS, Dense, NumpyWitness, matching

from mtlspec.tensors import Array

Given = Mapping[str, Array]


def chain(*names: str) -> NumpyWitness:
    """Layers one after the other, all of the same shape."""

    def run(dense: Dense, inputs: Given) -> Given:
        x = inputs["features"]
        for name in names:
            x = dense(name, x)
        return {"price": x}

    return NumpyWitness(dict.fromkeys(names, (5, 5)), run)


def heads(trunk: str, **head_of: str) -> NumpyWitness:
    """A trunk and a head for every task, all heads of the same shape."""

    def run(dense: Dense, inputs: Given) -> Given:
        x = dense(trunk, inputs["features"])
        return {task: dense(head, x) for task, head in head_of.items()}

    return NumpyWitness({**dict.fromkeys(reversed(head_of.values()), (4, 1)), trunk: (5, 4)}, run)


def branches(first: str, second: str, *, weight: float = 0.5, other_input: bool = False) -> NumpyWitness:
    """Two layers whose outputs are added with weights, of the same input or of two."""

    def run(dense: Dense, inputs: Given) -> Given:
        y = dense(first, inputs["features"]) * weight
        return {"price": y + dense(second, inputs["others" if other_input else "features"]) * (1 - weight)}

    return NumpyWitness({second: (5, 2), first: (5, 2)}, run)


def test_equal_names_win() -> None:
    found = matching(chain("a", "b"), chain("b", "a"))
    assert found.layers == {"a": "a", "b": "b"}
    assert found.how == {"name": 2}


def test_a_shape_that_is_there_once_is_enough() -> None:
    found = matching(heads("trunk", price="p"), heads("body", price="q"))
    assert found.layers == {"trunk": "body", "p": "q"}
    assert found.parameters["trunk.kernel"] == "body.kernel"
    assert found.how == {"shape": 2}


def test_layers_of_a_chain_are_told_by_their_place() -> None:
    found = matching(chain("a", "b", "c"), chain("x", "y", "z"))
    assert found.layers == {"a": "x", "b": "y", "c": "z"}
    assert found.how == {"place": 3}


def test_heads_are_told_by_the_task_that_they_reach() -> None:
    found = matching(heads("trunk", price="p", kind="k"), heads("body", kind="one", price="two"))
    assert found.layers == {"trunk": "body", "p": "two", "k": "one"}
    assert found.how == {"shape": 1, "place": 2}


def test_branches_of_two_inputs_are_told_by_what_goes_in() -> None:
    found = matching(branches("a", "b", other_input=True), branches("x", "y", other_input=True))
    assert found.layers == {"a": "x", "b": "y"}
    assert found.how == {"activation": 2}


def test_branches_of_one_input_are_told_by_what_comes_out() -> None:
    found = matching(branches("a", "b", weight=0.25), branches("x", "y", weight=0.25))
    assert found.layers == {"a": "x", "b": "y"}
    assert found.how == {"output": 2}


def test_branches_that_do_the_same_are_asked_for() -> None:
    with pytest.raises(MatchError, match=r"2 assignments fit") as raised:
        matching(branches("a", "b"), branches("x", "y"))
    assert "could be y, x" in str(raised.value)


def test_branches_of_another_program_are_asked_for() -> None:
    with pytest.raises(MatchError, match="no assignment gives the same outputs"):
        matching(branches("a", "b", weight=0.25), branches("x", "y", weight=0.3))


def test_a_map_wins_over_names() -> None:
    found = matching(chain("a", "b"), chain("a", "b"), {"a": "b", "b": "a"})
    assert found.parameters["a.kernel"] == "b.kernel"
    assert found.how == {"map": 2}


def test_one_parameter_of_a_layer_settles_the_others_of_its_names() -> None:
    found = matching(branches("a", "b"), branches("x", "y"), {"a.kernel": "native.y.kernel"})
    assert found.parameters == {"a.kernel": "y.kernel", "a.bias": "y.bias", "b.kernel": "x.kernel", "b.bias": "x.bias"}


def test_a_name_that_is_given_twice_is_told() -> None:
    with pytest.raises(MatchError, match=r"x\.kernel: taken by a\.kernel and by b\.kernel"):
        matching(branches("a", "b"), branches("x", "y"), {"a": "x", "b": "x"})


def test_what_has_no_counterpart_is_told_of_both_sides() -> None:
    with pytest.raises(MatchError) as raised:
        matching(chain("a", "b", "c"), chain("x", "y"))
    text = str(raised.value)
    assert "not every layer has a counterpart of the same shapes" in text
    assert [f"  {name}: bias (5,), kernel (5, 5)" in text for name in "abcxy"] == [True] * 5


def test_influence_is_what_a_layer_moves() -> None:
    felt = influences(heads("trunk", price="p", kind="k"), INPUTS)  # type: ignore[arg-type]
    assert (felt["trunk"].layers, felt["trunk"].tasks) == ({"p", "k"}, {"price", "kind"})
    assert (felt["p"].layers, felt["p"].tasks) == (frozenset(), {"price"})


def test_influence_leaves_the_values() -> None:
    program = chain("a", "b")
    before = {name: array.copy() for name, array in program.parameters.items()}
    influences(program, INPUTS)  # type: ignore[arg-type]
    assert all(np.array_equal(array, before[name]) for name, array in program.parameters.items())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- a\n", "expected lines of the form"),
        ("a: b\na: c\n", "found duplicate key"),
        ("a: [\n", "names.yaml"),
        ("a:\n", "fill in the other name of a"),
    ],
)
def test_a_file_that_is_no_map_is_refused(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "names.yaml").write_text(text)
    with pytest.raises(MatchError, match=said):
        read(tmp_path / "names.yaml")


def test_layers_of_a_sequence_may_be_numbers(tmp_path: Path) -> None:
    (tmp_path / "names.yaml").write_text("dense: 0\ndense_1: body.2\n")
    assert read(tmp_path / "names.yaml") == {"dense": "0", "dense_1": "body.2"}
