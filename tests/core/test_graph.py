"""The graph spells out what a spec means."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from documents import document
from pydantic import ValidationError

from mtlspec import Graph, Spec, lower
from mtlspec.graph import initial_parameters


def graph(**changes: Any) -> Graph:
    return lower(Spec.model_validate(document(**changes)))


def test_nodes_come_after_their_sources_whatever_the_order_of_the_document() -> None:
    found = graph(
        inputs=[{"name": "x", "shape": [4]}, {"name": "i", "dtype": "integer"}],
        blocks=[
            {"name": "late", "inputs": ["early", "x"], "layers": [{"kind": "dense", "units": 2}]},
            {"name": "early", "inputs": ["i"], "layers": [{"kind": "embedding", "rows": 7, "units": 3}]},
        ],
        tasks=[{"name": "t", "inputs": ["late"], "loss": "squared_error"}],
    )
    assert [node.path for node in found.nodes] == ["early[0]", "late.merge", "late[0]"]
    assert found.node("late.merge").shape == (7,)
    assert found.by_path["early[0].table"].tasks == ("t",)


def test_a_residual_becomes_layers_and_a_sum() -> None:
    residual = {
        "kind": "residual",
        "layers": [{"kind": "dense", "units": 6, "activation": "tanh"}],
        "shortcut": [{"kind": "dense", "units": 6, "bias": False}],
    }
    found = graph(blocks=[{"name": "trunk", "layers": [residual]}])
    paths = {node.path: node.sources for node in found.nodes}
    assert paths["trunk[0]"] == ("trunk[0].layers[0].activation", "trunk[0].shortcut[0]")
    assert "trunk[0].shortcut[0].kernel" in found.by_path


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        ({"kind": "conv2d", "filters": 5, "kernel_size": [3, 2], "strides": 2, "padding": "same"}, (4, 3, 5)),
        ({"kind": "conv2d", "filters": 5, "kernel_size": [3, 2], "strides": 2}, (3, 3, 5)),
        ({"kind": "max_pool2d", "pool_size": 3, "strides": [1, 2], "padding": "same"}, (7, 3, 2)),
        ({"kind": "average_pool2d"}, (3, 3, 2)),
        ("global_average_pool", (2,)),
        ("flatten", (84,)),
        ({"kind": "reshape", "shape": [2, 42]}, (2, 42)),
        ({"kind": "dense", "units": 9}, (7, 6, 9)),
        ({"kind": "dropout", "rate": 0.5}, (7, 6, 2)),
    ],
)
def test_shapes(layer: Any, shape: tuple[int, ...]) -> None:
    flat = {"kind": "flatten"}
    found = graph(
        inputs=[{"name": "x", "shape": [7, 6, 2]}],
        blocks=[{"name": "trunk", "layers": [layer]}],
        tasks=[{"name": "t", "head": [flat], "loss": "squared_error"}],
    )
    assert found.node("trunk[0]").shape == shape


def test_the_graph_reads_back_from_json() -> None:
    found = graph(like="keras", training={"phases": "per_task", "clipping": {"kind": "global_norm", "limit": 1.0}})
    assert Graph.from_json(found.to_json()) == found
    with pytest.raises(ValidationError, match="Input should be 1"):
        Graph.from_json(found.to_json().replace('"graph": 1', '"graph": 2'))


def test_a_phase_for_each_task_holds_what_serves_it() -> None:
    found = graph(training={"phases": {"kind": "per_task", "gradient": "own", "forward": "after_each_update"}})
    shared = ("trunk[0].kernel", "trunk[0].bias")
    assert [phase.name for phase in found.phases] == ["kind", "size"]
    assert found.phases[1].parameters == (*shared, "tasks.size.head[0].kernel", "tasks.size.head[0].bias")
    assert (found.gradient, found.forward) == ("own", "after_each_update")


INITIALIZERS = {
    "zeros": (0.0, 0.0),
    "ones": (1.0, 0.0),
    "glorot_uniform": (0.0, 2 / (100 + 200)),
    "he_uniform": (0.0, 2 / 100),
    "lecun_uniform": (0.0, 1 / 100),
    "fan_in_uniform": (0.0, 1 / 300),
    "glorot_normal": (0.0, 2 / (100 + 200)),
    "he_normal": (0.0, 2 / 100),
    "lecun_normal": (0.0, 1 / 100),
    "uniform": (0.0, 0.1**2 / 12),
    "normal": (0.0, 0.05**2),
}


@pytest.mark.parametrize("kind", INITIALIZERS)
@pytest.mark.parametrize("like", ["keras", "torch"])
def test_initial_values_have_the_moments_of_their_law(kind: str, like: str) -> None:
    layer = {"kind": "dense", "units": 200, "kernel_initializer": kind}
    found = graph(like=like, inputs=[{"name": "x", "shape": [100]}], blocks=[{"name": "trunk", "layers": [layer]}])
    values = initial_parameters(found)["trunk[0].kernel"]
    mean, variance = INITIALIZERS[kind]
    assert values.shape == (100, 200)
    # 20 000 draws: four standard errors of mean and variance (kurtosis at most 3)
    assert abs(values.mean() - mean) <= 4 * (variance / values.size) ** 0.5
    assert abs(values.var() - variance) <= 4 * variance * (2 / values.size) ** 0.5


def test_a_truncated_normal_is_cut_where_keras_cuts_it() -> None:
    def largest(truncated: bool) -> float:
        initializer = {"kind": "he_normal", "truncated": truncated}
        layer = {"kind": "dense", "units": 400, "kernel_initializer": initializer}
        found = graph(inputs=[{"name": "x", "shape": [100]}], blocks=[{"name": "trunk", "layers": [layer]}])
        return float(np.abs(initial_parameters(found)["trunk[0].kernel"]).max())

    deviation = (2 / 100) ** 0.5
    assert largest(True) <= 2 * deviation / 0.8796 < 3.5 * deviation < largest(False)


def test_initial_values_depend_on_seed_and_key_path_alone() -> None:
    one = initial_parameters(graph())
    again = initial_parameters(graph(training={"epochs": 99}))
    other = initial_parameters(graph(training={"seed": 1}))
    wider = document()["tasks"] + [{"name": "third", "head": [{"kind": "dense", "units": 2}], "loss": "huber"}]
    more = initial_parameters(graph(tasks=wider))
    for path, values in one.items():
        assert np.array_equal(values, again[path])
        assert np.array_equal(values, more[path])
    assert not np.array_equal(one["trunk[0].kernel"], other["trunk[0].kernel"])
