"""The symmetries: what they leave the same is proven in float64, on every case, before float32 is judged by them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from mtlspec_conformance import channels, symmetries
from mtlspec_conformance.channels import Orders, orders
from mtlspec_conformance.measure import LIMIT
from mtlspec_conformance.runner import results
from mtlspec_conformance.suite import case, cases, manifest
from mtlspec_conformance.symmetries import REVERSED, Symmetric, Symmetry, order
from planted import Reference

from mtlspec.graph import Graph
from mtlspec.tensors import Rows, Tensors

ROWS_ALONE = {
    "layer/dropout-keeps-all",
    "layer/max-pool2d-same",
    "layer/max-pool2d-ties",
    "tasks/without-a-trunk",
    "phases/nothing-to-train-clipped",
    "chance/order-of-the-examples",
    "chance/order-in-whole-batches",
    "chance/order-of-the-data",
    "chance/fans-of-a-depthwise-kernel",
    "model/towers-of-sequences",
    "loss/ranking-at-its-edges",
    "loss/ranking-far-out",
    *("model/reused-block", "model/reused-for-one-task"),
    *("layer/attention-uniform", "layer/attention-of-one", "layer/attention-of-a-memory", "chance/fans-of-attention"),
    *("layer/masks", "layer/masked-pools", "layer/class-token"),
    *("layer/bag-sum", "layer/bag-weighted-by-data", "layer/bag-max-with-padding", "layer/bag-max-without-padding"),
    *("layer/cross", "layer/cross-network-of-low-rank", "layer/dot-product-of-matrices"),
    *("layer/group-normalization-of-an-image", "layer/glu-of-an-image", "layer/prelu-of-an-image"),
    "law/table-skip-adamax",
}
"""Cases of which only the rows of a batch can be reordered.

Their heads read the input, or one channel, or what a layer makes that holds its channels: one whose parameters are used
twice, one that reads several tensors, or one that tells halves, heads, groups or bags of channels apart.
"""
NONE = {
    *("chance/dropout-of-a-half", "chance/dropout-of-a-tenth", "chance/dropout-of-four-fifths"),
    *("layer/transformer-encoder", "model/reused-statistics"),
    *("layer/bag-max-by-row", "layer/bag-mean-with-padding", "model/reused-bags", "model/reused-table"),
}
"""Cases that have no symmetry; their noise is that of a last digit.

All their elements go through dropout, or their channels are held and their rows too: by a dropout, or by a table by row
that leaves padding out or is read twice.
"""


@pytest.mark.parametrize("key", [REVERSED, 2])
@pytest.mark.parametrize("id", manifest())
def test_the_reference_in_another_order_is_the_reference(id: str, key: int) -> None:
    if key != REVERSED and id.startswith("long/"):
        key += 1
    found = list(results(Symmetric(Reference(), key), suite=[case(id)]))
    assert {result.verdict for result in found} == {"conforms"}, [str(result.worst) for result in found]
    assert all(result.worst is None or result.worst.error < LIMIT / 10 for result in found)


def test_the_cases_with_few_symmetries_are_known() -> None:
    known = {each.id: Symmetry(each.graph, REVERSED) for each in cases()}
    trivial = {id: own for id, own in known.items() if not own.moving}
    assert {id for id, own in trivial.items() if own.keeps_rows} == NONE
    assert {id for id, own in trivial.items() if not own.keeps_rows} == ROWS_ALONE
    assert all(max(len(batch) for batch in case(id).batches) > 1 for id in ROWS_ALONE)


def test_rows_stay_where_a_mask_is_keyed_by_them() -> None:
    held = {each.id for each in cases() if Symmetry(each.graph, 2).keeps_rows}
    assert {"layer/dropout", "model/tabular", "phases/summed"} <= held
    assert "layer/dropout-keeps-all" not in held  # at a rate of 0 no mask holds anything
    assert Symmetry(case("layer/dropout").graph, REVERSED).rows(3).tolist() == [0, 1, 2]
    assert Symmetry(case("layer/dense").graph, REVERSED).rows(3).tolist() == [2, 1, 0]


def test_roundings_differ_and_nothing_else() -> None:
    """Otherwise the runs would be one run, and their noise that of none."""
    each = case("model/three-phases")
    found = []
    for key in (REVERSED, 2, 3):
        program = Symmetric(Reference(), key).compile(each.graph, precision="float32", device="cpu")
        program.parameters = each.parameters
        found.append(program.value_with_gradient(on=each.batches[0], weights=each.spec.weights).gradients)
    kernels = [gradients["trunk[0].kernel"] for gradients in found]
    assert not np.array_equal(kernels[0], kernels[1])
    assert not np.array_equal(kernels[1], kernels[2])
    assert np.allclose(kernels[0], kernels[1], rtol=0, atol=1e-5)


def test_orders_are_undone() -> None:
    graph = case("layer/flatten").graph
    own = Symmetry(graph, 3).channels
    for parameter in graph.parameters:
        array = np.arange(np.prod(parameter.shape)).reshape(parameter.shape)
        there = own.of_parameter(parameter.path, array)
        assert np.array_equal(own.of_parameter(parameter.path, there, inverse=True), array)


def _reversed(graph: Graph) -> Orders:
    return orders(graph, lambda use, size: order(REVERSED, use, size))


def test_a_flattened_image_has_the_order_of_its_channels_at_every_place() -> None:
    graph = case("layer/flatten").graph
    found = _reversed(graph).parameters["trunk[2].kernel"][0]
    assert found.tolist() == [3 * place + channel for place in range(6) for channel in (2, 1, 0)]


def test_outputs_stay_in_place() -> None:
    for each in cases():
        own = _reversed(each.graph)
        for head in each.graph.heads:
            bias = own.parameters.get(f"{head.output}.bias", {}).get(0)
            assert bias is None or bias.tolist() == list(range(head.units)), each.id


@pytest.mark.parametrize(
    ("name", "id"),
    [
        ("join", "layer/residual"),
        ("hold", "layer/dropout-of-a-matrix"),
        ("hold", "tasks/without-a-trunk"),
        ("hold", "layer/reshape"),
    ],
)
def test_a_rule_that_is_forgotten_is_seen(name: str, id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels._Groups, name, lambda self, *axes: None)
    found = [result.verdict for key in (1, 2) for result in results(Symmetric(Reference(), key), suite=[case(id)])]
    assert "differs" in found


def test_an_order_that_is_not_undone_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def forgotten(self: Any, arrays: Mapping[str, Any], *, inverse: bool = False) -> Tensors:
        own = self.symmetry.channels
        return Tensors({path: a if inverse else own.of_parameter(path, a) for path, a in arrays.items()})

    monkeypatch.setattr(symmetries.SymmetricProgram, "_ordered", forgotten)
    found = results(Symmetric(Reference(), REVERSED), suite=[case("layer/dense")])
    assert "differs" in {result.verdict for result in found}


def test_values_move_by_one_unit_in_the_last_place_and_zeros_stay() -> None:
    each = case("layer/dropout")
    path = next(p.path for p in each.graph.parameters if p.leaf == "kernel")
    values = np.array(each.parameters[path])
    values.flat[0] = 0.0
    each = replace(each, parameters=Tensors({**each.parameters, path: values})).rounded("float32")
    program = Symmetric(Reference(), 2, moved=True).compile(each.graph, precision="float32", device="cpu")
    program.parameters = each.parameters
    for name, found in program.parameters.items():
        given = each.parameters[name]
        if given.dtype.kind != "f":
            assert np.array_equal(found, given)
            continue
        off = np.abs(found - given.astype("float32")) / np.spacing(np.abs(given).astype("float32"))
        assert set(np.unique(off[given != 0])) <= {0.5, 1.0}  # the spacing halves below a power of two
        assert not off[given == 0].any()
    assert program.parameters[path].flat[0] == 0


def test_occurrences_of_ids_come_back_in_the_order_of_the_batch() -> None:
    each = case("law/table-separate")
    program = Symmetric(Reference(), REVERSED).compile(each.graph, precision="float64", device="cpu")
    program.parameters = each.parameters
    gradients = program.value_with_gradient(on=each.batches[0], weights=each.spec.weights).gradients
    table = gradients["trunk[0].table"]
    assert isinstance(table, Rows)
    assert table.ids.tolist() == each.batches[0].inputs["x"].reshape(-1).tolist()
