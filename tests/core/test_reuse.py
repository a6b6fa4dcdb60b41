"""A block that reuses another applies the same parameters to inputs of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import mtlspec as mtl
from mtlspec.batch import Batch
from mtlspec.graph import lower

DENSE = {"kind": "dense", "units": 2}


def spec(*blocks: dict[str, Any], shapes: tuple[int, int] = (3, 3)) -> mtl.Spec:
    return mtl.Spec.model_validate(
        {
            "mtlspec": 1,
            "inputs": [{"name": name, "shape": [size]} for name, size in zip("ab", shapes, strict=True)],
            "blocks": list(blocks),
            "tasks": [{"name": "y", "inputs": ["u", "v"], "head": [{"kind": "dense", "units": 1}], "loss": "huber"}],
        }
    )


TOWERS = ({"name": "u", "inputs": ["a"], "layers": [DENSE]}, {"name": "v", "inputs": ["b"], "reuses": "u"})


def test_both_uses_have_one_set_of_parameters() -> None:
    graph = lower(spec(*TOWERS))
    assert [parameter.path for parameter in graph.parameters if not parameter.path.startswith("tasks")] == [
        "u[0].kernel",
        "u[0].bias",
    ]
    assert graph.node("v[0]").reuses == "u[0]"


def test_the_order_of_the_blocks_in_the_document_does_not_matter() -> None:
    graph = lower(spec(TOWERS[1], TOWERS[0]))
    assert [node.path for node in graph.nodes[:2]] == ["u[0]", "v[0]"]


def test_the_gradients_of_both_uses_add_up() -> None:
    program = mtl.compile(spec(*TOWERS), backend="numpy", precision="float64")
    x, zero = np.array([[1.0, -2.0, 0.5]]), np.zeros((1, 3))
    found = []
    for a, b in ((x, zero), (zero, x), (x, x)):
        batch = Batch({"a": a, "b": b}, {"y": np.zeros((1, 1))}, {"y": np.ones(1)}, {"y": 1.0})
        outputs = program.outputs({"a": a, "b": b})["y"]
        gradient = program.value_with_gradient(on=batch, weights={"y": 1.0}).gradients["u[0].kernel"]
        found.append(gradient / outputs.item())
    assert np.allclose(found[0] + found[1], found[2], atol=1e-14)


@pytest.mark.parametrize(
    ("blocks", "message"),
    [
        ((TOWERS[0], {**TOWERS[1], "reuses": "w"}), "cannot reuse 'w': no such block"),
        ((TOWERS[0], {**TOWERS[1], "layers": [DENSE]}), "has no layers of its own"),
        ((TOWERS[0], {**TOWERS[0], "name": "v", "exchanges": [{"name": "a", "by": "b"}]}), "say which it `reuses`"),
        (({**TOWERS[1], "name": "u", "reuses": "v"}, TOWERS[1]), "it reuses another itself"),
        (({**TOWERS[0], "layers": [{"kind": "normalization"}]}, TOWERS[1]), "cannot be reused"),
        ((TOWERS[0], {**TOWERS[1], "exchanges": [{"name": "a", "by": "b"}]}), "no layer of 'u' reads 'a'"),
    ],
)
def test_a_reuse_that_makes_no_sense_is_refused(blocks: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        spec(*blocks)


def test_parameters_that_do_not_fit_the_second_use_are_named() -> None:
    with pytest.raises(ValueError, match=r"u\[0\].kernel is \(3, 2\), and what 'v' reads would need \(4, 2\)"):
        spec(*TOWERS, shapes=(3, 4))


def test_the_start_of_a_chain_is_no_name_outside_of_it() -> None:
    layers = [{"kind": "cross_network", "depth": 1}, {"kind": "dot_product", "other": "chain_start"}]
    with pytest.raises(ValueError, match="dot_product reads an unknown input or block 'chain_start'"):
        spec({"name": "u", "inputs": ["a"], "layers": layers}, {"name": "v", "inputs": ["b"], "layers": [DENSE]})


def test_a_layer_inside_a_branch_that_the_document_does_not_list_is_told_at_its_layer() -> None:
    layers = [{"kind": "bidirectional", "layer": {"kind": "gru", "units": 2}}]
    with pytest.raises(ValueError) as found:  # its places are looked at
        spec({"name": "u", "inputs": ["a"], "layers": layers}, {"name": "v", "inputs": ["b"], "layers": [DENSE]})
    assert {error["loc"] for error in found.value.errors()} == {("blocks", 0, "layers", 0)}
