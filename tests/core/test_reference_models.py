"""The gradient of whole models is the slope of the weighted total with its penalty, for every parameter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from central_differences import assert_gradients
from programs import batch_of, program_of

from mtlspec.batch import Batch
from mtlspec.graph import lower
from mtlspec.registry import kinds_of
from mtlspec.spec import Spec
from mtlspec.tensors import Array, Rows, Tensors, dense

DENSE: dict[str, Any] = {
    "inputs": [{"name": "x", "shape": [4]}],
    "blocks": [
        {
            "name": "trunk",
            "layers": [
                {"kind": "dense", "units": 5, "activation": "gelu", "kernel_penalty": {"l1": 0.01, "l2": 0.1}},
                {"kind": "layer_normalization"},
                {"kind": "dense", "units": 4, "activation": "tanh", "bias_penalty": {"l2": 0.3}},
            ],
        }
    ],
    "tasks": [
        {"name": "kind", "head": [{"kind": "dense", "units": 3}], "loss": "softmax_cross_entropy", "weight": 0.7},
        {"name": "size", "head": [{"kind": "dense", "units": 2}], "loss": "huber", "weight": 1.3},
    ],
}
WIDE_NORM = {"kind": "batch_normalization", "epsilon": 0.1}
"""An epsilon that keeps fifth derivatives, and with them the error of the differences, small."""
RESIDUAL: dict[str, Any] = {
    "inputs": [{"name": "x", "shape": [3]}, {"name": "ids", "shape": [2], "dtype": "integer"}],
    "blocks": [
        {
            "name": "words",
            "inputs": ["ids"],
            "layers": [{"kind": "embedding", "rows": 4, "units": 3, "repeated_ids": "separate"}, "global_average_pool"],
        },
        {
            "name": "penalized",
            "inputs": ["ids"],
            "layers": [{"kind": "embedding", "rows": 4, "units": 3, "penalty": {"l2": 0.2}}, "global_average_pool"],
        },
        {
            "name": "trunk",
            "inputs": ["x", "words", "penalized"],
            "merge": "multiply",
            "layers": [
                {
                    "kind": "residual",
                    "layers": [{"kind": "dense", "units": 4, "activation": "silu"}, WIDE_NORM],
                    "shortcut": [{"kind": "dense", "units": 4, "bias": False}],
                },
                {"kind": "residual", "layers": [{"kind": "dense", "units": 4, "activation": "elu"}]},
                {"kind": "dropout", "rate": 0.3},
            ],
        },
        {"name": "side", "inputs": ["x", "words"], "merge": "average"},
    ],
    "tasks": [
        {
            "name": "a",
            "inputs": ["trunk", "side"],
            "head": [{"kind": "dense", "units": 3}],
            "loss": "softmax_cross_entropy",
        },
        {"name": "b", "inputs": ["trunk"], "head": [{"kind": "dense", "units": 2}], "loss": "sigmoid_cross_entropy"},
        {
            "name": "c",
            "inputs": ["trunk"],
            "head": [{"kind": "dense", "units": 1}],
            "loss": "squared_error",
            "weight": 0.0,
        },
    ],
}
IMAGES: dict[str, Any] = {
    "inputs": [{"name": "image", "shape": [5, 4, 1]}],
    "blocks": [
        {
            "name": "trunk",
            "layers": [{"kind": "conv2d", "filters": 3, "kernel_size": 3, "activation": "softplus", "padding": "same"}],
        },
        {
            "name": "first",
            "inputs": ["trunk"],
            "layers": ["max_pool2d", {"kind": "reshape", "shape": [2, 6]}, "flatten"],
        },
        {"name": "second", "inputs": ["trunk"], "layers": ["average_pool2d", "flatten"]},
        {"name": "both", "inputs": ["first", "second"], "merge": "add"},
    ],
    "tasks": [
        {"name": "digit", "head": [{"kind": "dense", "units": 3}], "loss": "softmax_cross_entropy"},
        {"name": "ink", "inputs": ["trunk"], "head": ["global_max_pool"], "loss": "absolute_error"},
    ],
}
BARE: dict[str, Any] = {
    "inputs": [{"name": "x", "shape": [2]}],
    "tasks": [
        {"name": "as_it_is", "loss": "squared_error"},
        {"name": "moved", "head": ["normalization", {"kind": "dense", "units": 1}], "loss": "squared_error"},
    ],
}
DOCUMENTS = {"dense": DENSE, "residual": RESIDUAL, "images": IMAGES, "bare": BARE}


def penalty_by_hand(graph: Any, parameters: Mapping[str, Array]) -> float:
    terms = [(p.penalty, parameters[p.path]) for p in graph.parameters]
    return sum(float(penalty.l1 * np.abs(w).sum() + penalty.l2 * (w**2).sum()) for penalty, w in terms)


def assert_total(document: dict[str, Any], weights: Mapping[str, float], batch: Batch | None = None) -> None:
    program = program_of(document)
    batch = batch or batch_of(program.graph)
    at = dict(program.parameters)

    def total(parameters: Mapping[str, Array]) -> float:
        program.parameters = parameters
        losses = program.losses(on=batch)
        return sum(weights[task] * loss for task, loss in losses.items()) + penalty_by_hand(program.graph, parameters)

    value, gradients, _ = program.value_with_gradient(on=batch, weights=weights)
    assert tuple(gradients) == program.graph.trainable
    assert value.losses == program.losses(on=batch)
    assert value.penalty == pytest.approx(penalty_by_hand(program.graph, at), rel=1e-14)
    assert_gradients(gradients, of=total, at=at)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_gradient_is_the_slope_of_the_total(name: str) -> None:
    assert_total(DOCUMENTS[name], Spec.model_validate(DOCUMENTS[name]).weights)


@pytest.mark.parametrize("task", ["a", "b", "c"])
def test_each_task_alone_has_its_slope(task: str) -> None:
    assert_total(RESIDUAL, {name: 2.0 * (name == task) for name in "abc"})


def test_a_task_of_weight_zero_leaves_zeros() -> None:
    program = program_of(RESIDUAL)
    _, gradients, _ = program.value_with_gradient(on=batch_of(program.graph), weights={"a": 1.0, "b": 1.0, "c": 0.0})
    assert not gradients["tasks.c.head[0].kernel"].any() and not gradients["tasks.c.head[0].bias"].any()
    assert gradients["tasks.b.head[0].kernel"].any()


def test_a_task_without_labels_has_loss_and_gradient_zero() -> None:
    program = program_of(RESIDUAL)
    full = batch_of(program.graph)
    absent = Batch(full.inputs, full.targets, {**full.weights, "b": np.zeros(5)}, {**full.denominators, "b": 1.0})
    value, gradients, _ = program.value_with_gradient(on=absent, weights={"a": 0.0, "b": 1.0, "c": 0.0})
    assert value.losses["b"] == 0
    free = [p.path for p in program.graph.parameters if p.role == "trainable" and not p.penalty.active]
    assert not any(dense(gradients[path]).any() for path in free)
    assert_total(RESIDUAL, {"a": 1.0, "b": 1.0, "c": 1.0}, absent)


def test_a_table_by_row_lists_every_occurrence_even_at_weight_zero() -> None:
    program = program_of(RESIDUAL)
    batch = batch_of(program.graph)
    for weight in (1.0, 0.0):
        _, gradients, _ = program.value_with_gradient(on=batch, weights=dict.fromkeys("abc", weight))
        rows = gradients["words[0].table"]
        assert isinstance(rows, Rows)
        assert rows.ids.tolist() == batch.inputs["ids"].ravel().tolist()
        assert rows.values.any() == (weight > 0)
    assert isinstance(gradients["penalized[0].table"], np.ndarray)


def test_the_loss_is_the_weighted_sum_over_the_denominator() -> None:
    program = program_of(BARE)
    x, y = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), np.zeros((3, 2))
    batch = Batch(
        {"x": x},
        {"as_it_is": y, "moved": np.zeros((3, 1))},
        {"as_it_is": np.array([1.0, 0.0, 0.5]), "moved": np.ones(3)},
        {"as_it_is": 4.0, "moved": 3.0},
    )
    # (1 + 4)/2 · 1 + (25 + 36)/2 · 0.5, over 4
    assert program.losses(on=batch)["as_it_is"] == (2.5 + 15.25) / 4


def test_a_block_that_serves_no_task_keeps_its_parameters_with_zero_gradients() -> None:
    document = {
        **DENSE,
        "blocks": [
            *DENSE["blocks"],
            {"name": "idle", "layers": [{"kind": "dense", "units": 2}, "batch_normalization"]},
        ],
    }
    document["tasks"] = [{**task, "inputs": ["trunk"]} for task in DENSE["tasks"]]
    program = program_of(document)
    _, gradients, statistics = program.value_with_gradient(
        on=batch_of(program.graph), weights={"kind": 1.0, "size": 1.0}
    )
    assert not gradients["idle[0].kernel"].any() and not statistics


def test_float32_is_computed_in_float32() -> None:
    for document in DOCUMENTS.values():
        narrow, wide = program_of(document, "float32"), program_of(document)
        batch, weights = batch_of(wide.graph), Spec.model_validate(document).weights
        _, gradients, statistics = narrow.value_with_gradient(on=batch, weights=weights)
        exact = wide.value_with_gradient(on=batch, weights=weights)
        arrays = [*map(dense, gradients.values()), *statistics.values(), *narrow.outputs(batch.inputs).values()]
        assert {array.dtype for array in arrays} <= {np.dtype(np.float32), np.dtype(np.int64)}
        scale = max(float(np.abs(dense(g)).max()) for g in exact.gradients.values())
        apart = max(float(np.abs(dense(g) - dense(gradients[path])).max()) for path, g in exact.gradients.items())
        assert 1e-9 * scale < apart < 1e-5 * scale


def test_a_numpy_rate_keeps_float32() -> None:
    program = program_of(DENSE, "float32")
    gradients = program.value_with_gradient(on=batch_of(program.graph), weights={"kind": 1.0, "size": 1.0}).gradients
    program.update(along=gradients, statistics=Tensors(), learning_rate=np.float64(0.1))
    arrays = [*program.parameters.values(), *program.state.slots.values()]
    assert {array.dtype for array in arrays} == {np.dtype(np.float32)}


def test_the_documents_name_only_kinds_that_the_reference_has() -> None:
    for document in DOCUMENTS.values():
        graph = lower(Spec.model_validate(document))
        assert kinds_of(graph)
        program_of(document)
