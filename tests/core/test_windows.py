"""Windows, borders and extents in a document: what they mean, and what is refused with advice."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from mtlspec.graph import Graph, lower
from mtlspec.registry import kinds_of
from mtlspec.spec import Layer, Spec
from mtlspec.spec.content import document_of
from mtlspec.spec.signature import ShapeError

Shape = tuple[int, ...]
CONV = {"kind": "conv2d", "filters": 4, "kernel_size": 3}
UP = {"kind": "transposed_conv1d", "filters": 2, "kernel_size": 3, "strides": 2}


def graph_of(layer: Any, shape: Shape, like: str = "published") -> Graph:
    head = ["flatten", {"kind": "dense", "units": 1}]
    document = {"like": like, "inputs": [{"name": "x", "shape": list(shape)}]}
    tasks = [{"name": "t", "head": head, "loss": "squared_error"}]
    return lower(Spec.model_validate(document | {"blocks": [{"name": "trunk", "layers": [layer]}], "tasks": tasks}))


@pytest.mark.parametrize(
    ("document", "shape", "made"),
    [
        (CONV | {"padding": 1}, (5, 6, 2), (5, 6, 4)),
        (CONV | {"padding": [0, 2], "strides": 2}, (5, 6, 2), (2, 4, 4)),
        (CONV | {"dilation": [2, 1]}, (5, 6, 2), (1, 4, 4)),
        (CONV | {"dilation": 2, "padding": "same", "groups": 2}, (1, 1, 2), (1, 1, 4)),
        ({"kind": "conv1d", "filters": 3, "kernel_size": 4, "strides": 2, "padding": "causal"}, (5, 2), (3, 3)),
        ({"kind": "depthwise_conv1d", "kernel_size": 2, "depth_multiplier": 3}, (5, 2), (4, 6)),
        ({"kind": "separable_conv2d", "filters": 7, "kernel_size": 2, "depth_multiplier": 3}, (5, 4, 2), (4, 3, 7)),
        (UP, (4, 2), (9, 2)),
        (UP | {"padding": "same"}, (4, 2), (8, 2)),
        (UP | {"kernel_size": 1, "strides": 3}, (4, 2), (12, 2)),
        (UP | {"padding": [1, 0]}, (4, 2), (8, 2)),
        (UP | {"padding": [0, -1]}, (4, 2), (10, 2)),
        ({"kind": "max_pool1d", "pool_size": 3, "strides": 2, "padding": [1, 2]}, (4, 2), (3, 2)),
        ({"kind": "zero_padding2d", "padding": [1, [0, 3]]}, (4, 3, 2), (6, 6, 2)),
        ({"kind": "cropping2d", "cropping": [[1, 2], 1]}, (4, 3, 2), (1, 1, 2)),
        ({"kind": "up_sampling2d", "factors": [1, 3]}, (4, 3, 2), (4, 9, 2)),
    ],
)
def test_shapes(document: dict[str, Any], shape: Shape, made: Shape) -> None:
    layer = Layer.read(document)
    assert layer.signature(shape).shape == made
    assert Layer.read(document_of(layer)) == layer


@pytest.mark.parametrize(
    ("document", "advice"),
    [
        (CONV | {"strides": 2, "dilation": 2}, "let a pool of size 1 with these strides follow"),
        (CONV | {"strides": [1, 2], "dilation": [2, 1]}, r"strides \(1, 2\) do not go with dilation \(2, 1\)"),
        (CONV | {"groups": 3}, "4 filters cannot be cut into 3 groups; take a divisor"),
        (CONV | {"padding": "sme"}, "expected same, valid, one number for all sides"),
        (CONV | {"padding": "causal"}, "expected same, valid, one number for all sides"),
        (CONV | {"padding": -1}, "each number at least 0"),
        (CONV | {"padding": [1, 2, 3]}, r"\[vertical, horizontal\], or \[\[top, bottom\], \[left, right\]\]"),
        (CONV | {"padding": True}, "one number for all sides"),
        (UP | {"padding": [0, -2]}, r"fewer places than a stride, \(2,\), can be added after"),
        (UP | {"padding": [-1, 0]}, "after an axis also below"),
        ({"kind": "max_pool1d", "padding": 2}, "a window of .* would lie in the padding alone"),
        ({"kind": "average_pool2d", "padding": [[0, 0], [0, 2]]}, "would lie in the padding alone"),
        ({"kind": "average_pool2d", "padding": "same", "padding_counts": True}, "only a padding in numbers can count"),
        ({"kind": "cropping1d", "cropping": "same"}, r"expected one number for both ends, or \[before, after\]"),
    ],
)
def test_what_makes_no_sense_is_refused(document: dict[str, Any], advice: str) -> None:
    with pytest.raises(ValidationError, match=advice):
        Layer.read(document)


@pytest.mark.parametrize(
    ("document", "shape", "advice"),
    [
        (CONV | {"groups": 4}, (5, 5, 2), "2 channels cannot be cut into 4 groups; take a divisor"),
        (CONV | {"dilation": 3}, (5, 9, 2), r"with gaps \(7, 7\), does not fit into \(5, 9\)"),
        (CONV | {"padding": [[0, 0], [1, 0]]}, (2, 5, 2), r"with padding \(\(0, 0\), \(1, 0\)\); pad with 'same'"),
        (UP | {"padding": 4}, (3, 2), "which leaves .* cut off less"),
        ({"kind": "cropping1d", "cropping": [2, 2]}, (4, 2), "which leaves .* cut off less"),
        ({"kind": "conv1d", "filters": 1, "kernel_size": 1}, (4, 4, 2), r"expected the shape \(steps, channels\)"),
        ("up_sampling2d", (4, 2), r"expected the shape \(height, width, channels\)"),
    ],
)
def test_what_does_not_fit_is_refused(document: Any, shape: Shape, advice: str) -> None:
    with pytest.raises(ShapeError, match=advice):
        Layer.read(document).signature(shape)


@pytest.mark.parametrize(("like", "counts"), [("published", False), ("keras", False), ("torch", True)])
def test_a_border_in_numbers_counts_as_the_framework_has_it(like: str, counts: bool) -> None:
    found = {
        str(padding): graph_of({"kind": "average_pool1d", "padding": padding}, (4, 2), like).nodes[0].layer
        for padding in (1, "same", "valid")
    }
    assert {padding: layer.padding_counts for padding, layer in found.items()} == {  # type: ignore[union-attr]
        "1": counts,
        "same": False,
        "valid": False,
    }


@pytest.mark.parametrize(
    ("like", "kind", "fans"),
    [
        ("keras", "depthwise_conv2d", (72, 18)),
        ("torch", "depthwise_conv2d", (9, 144)),
        ("keras", "separable_conv2d", (72, 18)),
        ("torch", "separable_conv2d", (9, 144)),
    ],
)
def test_fans_by_channel_are_counted_as_the_framework_does(like: str, kind: str, fans: tuple[int, int]) -> None:
    filters = {"filters": 5} if kind == "separable_conv2d" else {}
    layer = {"kind": kind, "kernel_size": 3, "depth_multiplier": 2} | filters
    found = graph_of(layer, (5, 5, 8), like).parameters
    assert (found[0].fan_in, found[0].fan_out) == fans
    if filters:
        assert [(p.leaf, p.fan_in, p.fan_out) for p in found[1:3]] == [("pointwise_kernel", 16, 5), ("bias", 16, 5)]


def test_what_an_old_kind_has_anew_is_claimed_apart() -> None:
    pool = {"kind": "average_pool2d", "padding": 1, "padding_counts": True}
    asked = {
        "windows/dilation": CONV | {"dilation": 2},
        "windows/groups": CONV | {"groups": 2},
        "windows/border": CONV | {"padding": 0},
        "windows/padding_counts": pool,
    }
    for feature, layer in asked.items():
        assert feature in kinds_of(graph_of(layer, (5, 5, 2)))
    assert "windows/border" in kinds_of(graph_of(pool, (5, 5, 2)))
    assert not any(kind.startswith("windows/") for kind in kinds_of(graph_of(CONV, (5, 5, 2), "torch")))
