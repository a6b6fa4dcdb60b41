"""The Keras programs against the reference, in float64, for every kind and law."""

from __future__ import annotations

import pytest
from keras_cases import (
    DENSE,
    HEADS,
    Document,
    apart,
    dataset,
    document,
    first_batch,
    furthest,
    pair,
    some_steps,
    with_loss,
    with_words,
)

from mtlspec.spec import Spec
from mtlspec.step import one_step

EXACT = 1e-12
IMAGE = (7, 6, 3)
CONV: Document = {"kind": "conv2d", "filters": 4, "kernel_size": 3}

LAYERS: dict[str, Document] = {
    "dense without bias": document({**DENSE, "bias": False}),
    "dense on the last axis": document(DENSE, "flatten", shape=(4, 3)),
    "conv valid": document({**CONV, "activation": "relu"}, "flatten", shape=IMAGE),
    "conv same strides": document({**CONV, "strides": 2, "padding": "same", "bias": False}, "flatten", shape=IMAGE),
    "conv oblong": document({**CONV, "kernel_size": [2, 3], "strides": [2, 1]}, "flatten", shape=IMAGE),
    "max pool": document({"kind": "max_pool2d"}, "flatten", shape=IMAGE),
    "max pool same": document(
        {"kind": "max_pool2d", "pool_size": 3, "strides": 2, "padding": "same"}, "flatten", shape=IMAGE
    ),
    "average pool": document({"kind": "average_pool2d", "pool_size": [2, 3]}, "flatten", shape=IMAGE),
    "average pool same": document(
        {"kind": "average_pool2d", "pool_size": 3, "strides": 2, "padding": "same"}, "flatten", shape=IMAGE
    ),
    **{
        f"{kind} rank {len(shape)}": document(kind, DENSE, shape=shape)
        for kind in ("global_max_pool", "global_average_pool")
        for shape in ((4, 3), (4, 2, 3), (2, 2, 2, 3), (2, 2, 2, 2, 3))
    },
    "global max of ties": document(
        {"kind": "reshape", "shape": [2, 3]}, {"kind": "activation", "function": "relu"}, "global_max_pool", shape=(6,)
    ),
    "flatten a scalar": document("flatten", DENSE, shape=()),
    "reshape": document({"kind": "reshape", "shape": [2, 3]}, DENSE, "flatten", shape=(6,)),
    "batch normalization": document({**DENSE, "bias": False}, "batch_normalization"),
    "batch normalization of images": document(
        {**CONV, "bias": False},
        {"kind": "batch_normalization", "running_variance": "biased", "running_average_keeps": 0.83},
        "flatten",
        shape=IMAGE,
    ),
    "batch normalization bare": document(
        DENSE, {"kind": "batch_normalization", "scale": False, "offset": False, "epsilon": 0.013}
    ),
    "layer normalization": document(DENSE, "layer_normalization"),
    "layer normalization bare": document(
        DENSE, {"kind": "layer_normalization", "scale": False, "offset": False, "epsilon": 0.013}
    ),
    "normalization": document("normalization", DENSE),
    "normalization floor": document({"kind": "normalization", "epsilon": 2.0}, DENSE),
    "dropout": document(DENSE, {"kind": "dropout", "rate": 0.4}, DENSE, {"kind": "dropout", "rate": 0.0}),
    "dropout of images": document({"kind": "dropout", "rate": 0.3}, CONV, "flatten", shape=IMAGE),
    "residual": document({"kind": "residual", "layers": [{"kind": "dense", "units": 5}]}),
    "residual shortcut": document(
        {"kind": "residual", "layers": [DENSE, DENSE], "shortcut": [{"kind": "dense", "units": 6}]}
    ),
    "penalties": document(
        {**DENSE, "kernel_penalty": {"l1": 0.013, "l2": 0.07}, "bias_penalty": {"l2": 0.1}},
        {"kind": "dense", "units": 4, "kernel_penalty": {"l1": 0.03}},
    ),
    "head without layers": document(
        {"kind": "dense", "units": 3}, tasks=[{"name": "only", "loss": "softmax_cross_entropy"}]
    ),
    "embedding of a scalar": with_words("sgd", shape=()),
    "embedding with a penalty": with_words("sgd", penalty={"l2": 0.1}, repeated_ids="separate"),
}
FUNCTIONS: list[object] = [
    *["linear", "relu", "silu", "tanh", "sigmoid", "softplus", "softmax", "gelu", "elu"],
    *[{"kind": "leaky_relu", "slope": 0.17}, {"kind": "elu", "alpha": 0.7}, {"kind": "gelu", "approximation": "tanh"}],
]
LAYERS |= {f"{f}": document({"kind": "dense", "units": 6}, {"kind": "activation", "function": f}) for f in FUNCTIONS}

SOFTMAX: Document = {"kind": "softmax_cross_entropy"}
SIGMOID: Document = {"kind": "sigmoid_cross_entropy"}
CLIPPED: Document = {"kind": "probabilities", "clip": 0.31}
TERMS: Document = {**SOFTMAX, "class_weights": [0.5, 2.7, 1.3], "class_weights_apply_to": "class_terms"}
LOSSES: list[object] = [
    SOFTMAX,
    {**SOFTMAX, "label_smoothing": 0.1},
    {**SOFTMAX, "targets": "probabilities"},
    {**SOFTMAX, "targets": "probabilities", "label_smoothing": 0.13},
    {**SOFTMAX, "from": "probabilities"},
    {**SOFTMAX, "from": CLIPPED},
    {**SOFTMAX, "from": {**CLIPPED, "renormalized": True}, "label_smoothing": 0.1},
    {**SOFTMAX, "from": {**CLIPPED, "renormalized": True}, "targets": "probabilities"},
    SIGMOID,
    {**SIGMOID, "label_smoothing": 0.1, "positive_weights": [0.5, 1.0, 3.7]},
    {**SIGMOID, "from": "probabilities"},
    {**SIGMOID, "from": CLIPPED, "positive_weights": [0.5, 1.0, 3.7]},
    "squared_error",
    "absolute_error",
    {"kind": "huber", "delta": 0.7},
    {**SOFTMAX, "reduction": "batch"},
    {**SOFTMAX, "reduction": "weight_sum"},
    {**SOFTMAX, "class_weights": [0.5, 2.7, 1.3], "label_smoothing": 0.1},
    TERMS,
    {**TERMS, "label_smoothing": 0.1},
    {**TERMS, "label_smoothing": 0.1, "reduction": "weight_sum"},
    {**TERMS, "targets": "probabilities", "label_smoothing": 0.1, "reduction": "weight_sum"},
    {**TERMS, "from": CLIPPED, "label_smoothing": 0.1},
    {**TERMS, "from": {**CLIPPED, "renormalized": True}, "targets": "probabilities"},
]

ADAM: Document = {"kind": "adam", "learning_rate": 0.03}
SGD: Document = {"kind": "sgd", "learning_rate": 0.03}
MOMENTUM: Document = {**SGD, "momentum": 0.9, "rate_applied": "at_update"}
INTO: Document = {**SGD, "momentum": 0.9, "rate_applied": "into_velocity"}
OPTIMIZERS: list[object] = [
    SGD,
    MOMENTUM,
    {**MOMENTUM, "nesterov": True},
    INTO,
    {**INTO, "nesterov": True},
    {**ADAM, "epsilon": 0.013, "epsilon_placement": "after_correction"},
    {**ADAM, "epsilon": 0.013, "epsilon_placement": "before_correction"},
    {**ADAM, "epsilon": 0.013, "amsgrad": True, "beta_2": 0.5},
    {**ADAM, "beta_1": 0.0, "epsilon_placement": "before_correction", "amsgrad": True, "beta_2": 0.7},
    {**ADAM, "kind": "adamw", "weight_decay": 0.3, "decay_scaled_by": "learning_rate"},
    {**ADAM, "kind": "adamw", "weight_decay": 0.03, "decay_scaled_by": "schedule"},
]
CLIPPINGS: list[Document] = [
    {"kind": "global_norm", "limit": 0.2},
    {"kind": "global_norm", "limit": 0.2, "epsilon": 0.1},
    {"kind": "per_tensor_norm", "limit": 0.1},
    {"kind": "per_tensor_norm", "limit": 0.1, "epsilon": 0.1},
]
LAWS: list[Document] = [
    {"repeated_ids": "sum", "untouched_rows": "decay"},
    {"repeated_ids": "separate", "untouched_rows": "decay"},
    {"repeated_ids": "sum", "untouched_rows": "skip"},
    {"repeated_ids": "separate", "untouched_rows": "skip"},
]
PHASES: list[Document] = [
    {"kind": "per_task", "gradient": "summed"},
    {"kind": "per_task", "gradient": "own"},
    {"kind": "per_task", "gradient": "own", "forward": "after_each_update"},
]
BRANCHES: dict[str, Document] = {
    merge: {
        "inputs": [{"name": "x", "shape": [4]}, {"name": "unused", "shape": [3]}],
        "blocks": [
            {"name": "left", "inputs": ["x"], "layers": [DENSE]},
            {"name": "right", "inputs": ["x"], "layers": [DENSE]},
            {"name": "both", "inputs": ["left", "right"], "merge": merge, "layers": [{"kind": "dropout", "rate": 0.2}]},
            {"name": "idle", "inputs": ["left"], "layers": [DENSE, {"kind": "dropout", "rate": 0.2}]},
        ],
        "tasks": [{**HEADS[0], "inputs": ["both"]}, {**HEADS[1], "inputs": ["both", "left"]}],
        "training": {"precision": "float64"},
    }
    for merge in ("concatenate", "add", "multiply", "average")
}
BRANCHES["add"]["tasks"] = [{**HEADS[0], "inputs": ["both"]}, {**HEADS[1], "inputs": ["both", "left"], "merge": "add"}]

SINGLE = {
    **LAYERS,
    **{f"loss {index} {loss}": with_loss(loss) for index, loss in enumerate(LOSSES)},
    **{f"merge {merge}": branch for merge, branch in BRANCHES.items()},
}
TRAJECTORIES = {
    **{f"optimizer {index}": document(DENSE, optimizer=optimizer) for index, optimizer in enumerate(OPTIMIZERS)},
    **{f"clipping {index}": document(DENSE, optimizer=INTO, clipping=clip) for index, clip in enumerate(CLIPPINGS)},
    **{
        f"rows {a} {b}": with_words(optimizer, clipping, **laws)
        for a, laws in enumerate(LAWS)
        for b, (optimizer, clipping) in enumerate(
            [
                ({**ADAM, "kind": "adamw", "weight_decay": 0.3, "amsgrad": True}, CLIPPINGS[0]),
                ({**INTO, "nesterov": True}, CLIPPINGS[2]),
            ]
        )
    },
    **{
        f"phases {index}": document(
            DENSE, "batch_normalization", {"kind": "dropout", "rate": 0.3}, optimizer=ADAM, phases=phases
        )
        for index, phases in enumerate(PHASES)
    },
    "convolution": document(
        {**CONV, "bias": False}, "batch_normalization", {"kind": "max_pool2d"}, "flatten", shape=IMAGE, optimizer=ADAM
    ),
    "penalty": document({**DENSE, "kernel_penalty": {"l1": 0.01, "l2": 0.02}}, optimizer=INTO, clipping=CLIPPINGS[0]),
}


@pytest.mark.parametrize("name", SINGLE)
def test_outputs_losses_and_gradients_are_the_reference_s(name: str) -> None:
    spec = Spec.model_validate(SINGLE[name])
    data = dataset(spec, 8)
    batch = first_batch(spec, data)
    found, reference = pair(spec)
    for linked in (True, False):
        outputs = found.outputs(batch.inputs, linked=linked)
        assert furthest(outputs, reference.outputs(batch.inputs, linked=linked)) < EXACT
    for training in (True, False):
        losses = found.losses(on=batch, training=training)
        assert furthest(losses, reference.losses(on=batch, training=training)) < EXACT
    value, gradients, statistics = found.value_with_gradient(on=batch, weights=spec.weights)
    expected = reference.value_with_gradient(on=batch, weights=spec.weights)
    assert furthest(value.losses, expected.value.losses) < EXACT
    assert apart(value.penalty, expected.value.penalty) < EXACT
    assert furthest(gradients, expected.gradients) < EXACT
    assert furthest(statistics, expected.statistics) < EXACT


@pytest.mark.parametrize("name", TRAJECTORIES)
def test_twenty_steps_end_where_the_reference_ends(name: str) -> None:
    spec = Spec.model_validate(TRAJECTORIES[name])
    data = dataset(spec, 40)
    found, reference = pair(spec)
    steps = some_steps(spec, data, len(found.graph.phases))
    losses, expected = found.train(found.place(data), steps), reference.train(reference.place(data), steps)
    assert apart(losses.losses, expected.losses) < EXACT
    assert apart(losses.penalties, expected.penalties) < EXACT
    assert furthest(found.parameters, reference.parameters) < EXACT
    assert furthest(found.state.slots, reference.state.slots) < EXACT
    assert found.state.steps == reference.state.steps


@pytest.mark.parametrize("name", TRAJECTORIES)
def test_single_parts_make_the_step_that_train_makes(name: str) -> None:
    spec = Spec.model_validate(TRAJECTORIES[name])
    data = dataset(spec, 40)
    found, reference = pair(spec)
    steps = some_steps(spec, data, len(found.graph.phases), count=3)
    expected = reference.train(reference.place(data), steps)
    for index in range(3):
        batch = data.batch(steps.rows[index], {task.name: task.loss.reduction for task in spec.tasks})
        weights = dict(zip(found.graph.tasks, steps.weights[index], strict=True))
        value = one_step(found, on=batch, weights=weights, learning_rates=steps.learning_rates[index])
        assert apart(list(value.losses.values()), expected.losses[index]) < EXACT
    assert furthest(found.parameters, reference.parameters) < EXACT
    assert furthest(found.state.slots, reference.state.slots) < EXACT
