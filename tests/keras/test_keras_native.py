"""What a program gives to Keras: a functional model, losses and an optimizer that Keras uses without us."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from keras_cases import DENSE, HEADS, Document, apart, dataset, document, furthest, pair, with_words
from mtlspec_keras.engine import keras, tf

from mtlspec.backend import Steps
from mtlspec.batch import Dataset
from mtlspec.registry import compile
from mtlspec.spec import Spec

EXACT = 1e-12
SIZE = 8
ADAM: Document = {"kind": "adam", "learning_rate": 0.03}
INTO: Document = {
    "kind": "sgd",
    "learning_rate": 0.03,
    "momentum": 0.9,
    "nesterov": True,
    "rate_applied": "into_velocity",
}
CLIPPED: Document = {"kind": "global_norm", "limit": 0.3, "epsilon": 0.01}
TERMS: Document = {
    "kind": "softmax_cross_entropy",
    "class_weights": [0.5, 2.0, 1.25],
    "class_weights_apply_to": "class_terms",
    "label_smoothing": 0.1,
}
FITTED: dict[str, Document] = {
    "sgd": document(DENSE, optimizer={"kind": "sgd", "learning_rate": 0.03}),
    "momentum": document(DENSE, optimizer=INTO, clipping=CLIPPED),
    "adam with statistics": document(
        DENSE,
        {"kind": "batch_normalization", "running_variance": "unbiased"},
        {"kind": "dropout", "rate": 0.3},
        optimizer=ADAM,
    ),
    "adamw with penalties": document(
        {**DENSE, "kernel_penalty": {"l1": 0.013, "l2": 0.07}, "bias_penalty": {"l2": 0.1}},
        optimizer={**ADAM, "kind": "adamw", "weight_decay": 0.03, "decay_scaled_by": "schedule", "amsgrad": True},
    ),
    "rmsprop in groups": document(
        {**DENSE, "kernel_constraint": {"kind": "max_norm", "limit": 0.8, "epsilon": 1e-3}},
        optimizer={"kind": "rmsprop", "learning_rate": 0.03, "momentum": 0.7, "centered": True},
        decay={"kind": "coupled", "rate": 0.1, "exclude": ["*.bias"]},
        groups=[{"parameters": "trunk[0].bias", "frozen": True}, {"parameters": "*.kernel", "rate_factor": 0.5}],
        average={"keeps": 0.7},
    ),
    "adafactor over batches": document(
        DENSE, optimizer={"kind": "adafactor", "learning_rate": 0.03}, accumulation={"batches": 2}
    ),
    "nadam": document(DENSE, optimizer={"kind": "nadam", "learning_rate": 0.03}),
    "adagrad of rows": with_words(
        {"kind": "adagrad", "learning_rate": 0.1, "initial_accumulator": 0.1}, CLIPPED, untouched_rows="skip"
    ),
    "rows apart": with_words(ADAM, CLIPPED, repeated_ids="separate", untouched_rows="skip"),
    "rows summed": with_words(ADAM, CLIPPED, repeated_ids="sum"),
    "norms, gates and shapes": document(
        DENSE,
        {"kind": "batch_normalization", "running_average": "cumulative", "running_variance": "unbiased"},
        {"kind": "group_normalization", "groups": 2, "scale": False},
        {"kind": "glu", "function": {"kind": "celu", "alpha": 0.7}, "gate": "first"},
        {"kind": "gradient_reversal", "factor": 0.3},
        {"kind": "batch_normalization", "frozen": "statistics"},
        {"kind": "batch_normalization", "frozen": "all"},
        {"kind": "repeat_vector", "count": 3},
        {"kind": "permute", "axes": [1, 0]},
        {"kind": "prelu", "slopes": "per_channel"},
        {"kind": "rms_normalization", "axes": 2},
        {"kind": "slice", "axis": 1, "begin": 1},
        {"kind": "activation", "function": {"kind": "threshold", "threshold": -0.3, "value": 0.1}},
        "flatten",
        optimizer={"kind": "sgd", "learning_rate": 0.03},
    ),
    "losses": document(
        "normalization",
        DENSE,
        {"kind": "activation", "function": {"kind": "leaky_relu", "slope": 0.17}},
        tasks=[
            {**HEADS[0], "loss": {"kind": "softmax_cross_entropy", "label_smoothing": 0.1, "from": "probabilities"}},
            {**HEADS[0], "name": "kind", "loss": TERMS},
            {**HEADS[1], "loss": {"kind": "sigmoid_cross_entropy", "positive_weights": [0.5, 3.7]}},
            {**HEADS[1], "name": "length", "loss": {"kind": "huber", "delta": 0.7}},
        ],
    ),
}


def readable(name: str) -> Spec:
    """Return a spec of `FITTED` whose task weights are whole quarters.

    `Model.compile` casts losses and their weights to Keras' floatx, so that in `fit` a weight of 0.7 is off by 1e-8.
    """
    found = FITTED[name]
    quarters = [{**task, "weight": (4 - index) / 4} for index, task in enumerate(found["tasks"])]  # type: ignore[arg-type]
    return Spec.model_validate({**found, "tasks": quarters})


def complete(spec: Spec, count: int) -> Dataset:
    """Return examples with every label present and no weights."""
    found = dataset(spec, count)
    ones = {task: np.ones(count) for task in found.targets}
    return Dataset(found.inputs, found.targets, ones, {task: np.ones(count, dtype=bool) for task in ones})


def batches(data: Dataset) -> Any:
    """Return the data as Keras takes it without rounding to float32: it rounds arrays, not datasets."""
    return tf.data.Dataset.from_tensor_slices((dict(data.inputs), tuple(data.targets.values()))).batch(SIZE)


def compiled(program: Any, spec: Spec) -> Any:
    """Return the native model, compiled with the native losses and optimizer."""
    losses = [program.loss_functions[task] for task in program.graph.tasks]
    program.model.compile(optimizer=program.optimizer, loss=losses, loss_weights=list(spec.weights.values()))
    return program.model


def epochs_of(spec: Spec, data: Dataset, epochs: int) -> Steps:
    """Return the steps that `fit` makes without shuffling, at a constant rate."""
    rows = np.tile(np.arange(len(data)).reshape(-1, SIZE), (epochs, 1))
    tasks = len(spec.tasks)
    weights = np.tile(list(spec.weights.values()), (len(rows), 1))
    rates = np.full((len(rows), 1), spec.training.optimizer.learning_rate)
    return Steps(rows, rates, weights, np.full((len(rows), tasks), float(SIZE)))


@pytest.mark.parametrize("name", FITTED)
def test_native_fit_trains_as_the_program_does(name: str) -> None:
    spec = readable(name)
    data = complete(spec, 32)
    program, _ = pair(spec)
    alone = compile(spec, backend="keras")
    alone.parameters = program.parameters
    expected = program.train(program.place(data), epochs_of(spec, data, epochs=3))
    history = compiled(alone, spec).fit(batches(data), epochs=3, shuffle=False, verbose=0).history
    assert furthest(alone.parameters, program.parameters) < EXACT
    assert furthest(alone.state.slots, program.state.slots) < EXACT
    for index, task in enumerate(program.graph.tasks if len(spec.tasks) > 1 else ()):
        each = expected.losses[:, index].reshape(3, -1).mean(axis=1)
        np.testing.assert_allclose(history[f"{task}_loss"], each, rtol=1e-6)  # Keras averages in float32
    total = expected.losses @ list(spec.weights.values()) + expected.penalties
    np.testing.assert_allclose(history["loss"], total.reshape(3, -1).mean(axis=1), rtol=1e-6)


@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning")  # Keras' own saving
@pytest.mark.parametrize("name", FITTED)
def test_a_saved_model_goes_on_where_it_stopped(name: str, tmp_path: Path) -> None:
    spec = readable(name)
    data = complete(spec, 32)
    program, _ = pair(spec)
    model = compiled(program, spec)
    model.fit(batches(data), epochs=1, shuffle=False, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    for each in (model, loaded):
        each.fit(batches(data), epochs=2, shuffle=False, verbose=0)
    for found, expected in zip(loaded.weights, model.weights, strict=True):
        assert found.path == expected.path
        assert apart(found.numpy(), expected.numpy()) < EXACT


def test_an_exported_model_gives_the_program_s_logits(tmp_path: Path) -> None:
    spec = Spec.model_validate(FITTED["adam with statistics"])
    program, _ = pair(spec)
    program.model.export(tmp_path / "model", verbose=False)
    inputs = {"x": np.random.Generator(np.random.Philox(2)).normal(size=(4, 5))}
    exported = tf.saved_model.load(tmp_path / "model")
    served = exported.serve({"x": tf.constant(inputs["x"])})
    logits = program.outputs(inputs, linked=False)
    assert furthest(dict(zip(logits, (z.numpy() for z in served), strict=True)), logits) < EXACT


def test_names_are_key_paths_and_outputs_are_tasks_in_order() -> None:
    residual = {"kind": "residual", "layers": [{**DENSE, "units": 5}]}
    program = compile(Spec.model_validate(document(residual, "batch_normalization")), backend="keras")
    assert [layer.name for layer in program.model.layers] == [
        "x",
        "trunk.0.layers.0",
        "trunk.0.layers.0.activation",
        "trunk.0",
        "trunk.1",
        "tasks.species.head.0",
        "tasks.mass.head.0",
        "species",
        "mass",
    ]
    assert program.model.output_names == ["species", "mass"]
    assert [weight.path for weight in program.model.get_layer("trunk.1").weights] == [
        "trunk.1/gamma",
        "trunk.1/beta",
        "trunk.1/moving_mean",
        "trunk.1/moving_variance",
    ]


@pytest.mark.parametrize(("repeated_ids", "is_keras"), [("separate", True), ("sum", False)])
def test_separate_ids_are_what_keras_own_adam_does(repeated_ids: str, is_keras: bool) -> None:
    words = with_words({**ADAM, "epsilon": 1e-7, "epsilon_placement": "before_correction"}, repeated_ids=repeated_ids)
    spec = Spec.model_validate({**words, "training": {**words["training"], "precision": "float32"}})  # type: ignore[dict-item]
    data = complete(spec, 32)
    program, _ = pair(spec)
    native = keras.models.clone_model(program.model)
    native.set_weights(program.model.get_weights())
    losses = [program.loss_functions[task] for task in program.graph.tasks]
    native.compile(keras.optimizers.Adam(0.03), loss=losses, loss_weights=list(spec.weights.values()))
    native.fit(batches(data), epochs=3, shuffle=False, verbose=0)
    program.train(program.place(data), epochs_of(spec, data, epochs=3))
    weights = zip(program.model.get_weights(), native.get_weights(), strict=True)
    distance = max(apart(ours, theirs) for ours, theirs in weights)
    assert (distance < 1e-4) if is_keras else (distance > 1e-2)


def test_the_settings_of_the_process_stay_as_they_were() -> None:
    compile(Spec.model_validate(FITTED["adam with statistics"]), backend="keras")
    assert keras.config.floatx() == "float32"
    assert keras.config.dtype_policy().name == "float32"


def test_a_plain_float32_descent_is_keras_own_optimizer() -> None:
    spec = Spec.model_validate({**document(DENSE), "training": {"optimizer": "sgd"}})
    assert type(compile(spec, backend="keras").optimizer) is keras.optimizers.SGD
