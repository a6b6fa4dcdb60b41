"""What the protocol asks of a program beyond its arithmetic."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from keras_cases import DENSE, Document, apart, dataset, document, first_batch, furthest, pair, some_steps, with_words
from mtlspec_keras.dropout import HashDropout

from mtlspec.backend import Statistics
from mtlspec.errors import BackendError, DataError
from mtlspec.randomness import dropout_kept, dropout_key
from mtlspec.registry import compile
from mtlspec.spec import Spec
from mtlspec.tensors import Tensors

BUSY: Document = document(DENSE, "batch_normalization", {"kind": "dropout", "rate": 0.3}, optimizer="adam")
CONVOLUTION: Document = document({"kind": "conv2d", "filters": 2, "kernel_size": 3}, "flatten", shape=(5, 5, 1))


def test_looking_changes_nothing() -> None:
    spec = Spec.model_validate(BUSY)
    data = dataset(spec, 16)
    program, _ = pair(spec)
    batch = first_batch(spec, data)
    before, state = program.parameters, program.state
    first = program.value_with_gradient(on=batch, weights=spec.weights)
    assert program.losses(on=batch) == dict(first.value.losses)
    program.losses(on=batch, training=False)
    program.outputs(batch.inputs)
    again = program.value_with_gradient(on=batch, weights=spec.weights)
    assert furthest(again.gradients, first.gradients) == 0
    assert furthest(again.statistics, first.statistics) == 0
    assert furthest(program.parameters, before) == 0
    assert furthest(program.state.slots, state.slots) == 0
    assert program.state.steps == state.steps == (0,)
    assert furthest(first.statistics, {path: before[path] for path in first.statistics}) > 0


@pytest.mark.parametrize("step", [0, 1, 2, 12345678901])
@pytest.mark.parametrize("rate", [0.0, 0.25, 0.4])
def test_dropout_masks_are_the_hash_s_bits(step: int, rate: float) -> None:
    key = dropout_key(7, "trunk[2]")
    layer = HashDropout(rate, key, dtype="float64")
    x = np.random.Generator(np.random.Philox(4)).normal(size=(6, 3, 5))
    layer.build(x.shape)
    layer.step.assign(step)
    found = layer(x, training=True).numpy()
    kept = dropout_kept(key, step, 6, 15, rate).reshape(x.shape)
    np.testing.assert_array_equal(found, np.where(kept, x / (1 - rate), 0))
    assert layer.step.numpy() == step + 1
    np.testing.assert_array_equal(layer(x, training=False).numpy(), x)


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_float32_programs_stay_close_to_the_reference(optimizer: str) -> None:
    spec = Spec.model_validate({**BUSY, "training": {"optimizer": optimizer, "precision": "float32", "seed": 7}})
    data = dataset(spec, 40)
    program, reference = pair(spec)
    steps = some_steps(spec, data, 1)
    found, expected = program.train(program.place(data), steps), reference.train(reference.place(data), steps)
    np.testing.assert_allclose(found.losses, expected.losses, rtol=2e-6, atol=1e-6)
    assert all(value.dtype in (np.float32, np.int64) for value in program.parameters.values())


def test_one_trace_serves_every_number_of_examples() -> None:
    spec = Spec.model_validate(BUSY)
    data = dataset(spec, 300)
    program, reference = pair(spec)
    source = program.place(data)
    for size in (8, 5, 1):
        batch = first_batch(spec, data, size)
        program.value_with_gradient(on=batch, weights=spec.weights)
        program.outputs(batch.inputs)
        for count in (1, 3):
            steps = some_steps(spec, data, 1, count=count, size=size)
            found = program.train(source, steps)
            assert apart(found.losses, reference.train(reference.place(data), steps).losses) < 1e-10


def test_more_steps_than_a_chunk_holds_are_made_in_order() -> None:
    spec = Spec.model_validate(document(DENSE, optimizer="adam"))
    data = dataset(spec, 40)
    program, reference = pair(spec)
    steps = some_steps(spec, data, 1, count=300)
    found, expected = program.train(program.place(data), steps), reference.train(reference.place(data), steps)
    assert apart(found.losses, expected.losses) < 1e-10
    assert program.state.steps == (300,)


def test_xla_is_for_graphs_without_windows() -> None:
    assert compile(Spec.model_validate(BUSY), backend="keras").jit_compile
    assert not compile(Spec.model_validate(CONVOLUTION), backend="keras").jit_compile


def test_windows_go_through_xla_too() -> None:
    spec = Spec.model_validate(CONVOLUTION)
    data = dataset(spec, 40)
    program, reference = pair(spec)
    program.jit_compile = True
    steps = some_steps(spec, data, 1)
    found, expected = program.train(program.place(data), steps), reference.train(reference.place(data), steps)
    assert apart(found.losses, expected.losses) < 1e-12


def test_a_state_put_back_goes_on_in_the_same_way() -> None:
    spec = Spec.model_validate(with_words({"kind": "adam", "amsgrad": True}, untouched_rows="skip"))
    data = dataset(spec, 40)
    program, _ = pair(spec)
    source, steps = program.place(data), some_steps(spec, data, 1)
    program.train(source, steps)
    parameters, state = program.parameters, program.state
    first = program.train(source, steps).losses
    program.parameters, program.state = parameters, state
    np.testing.assert_array_equal(program.train(source, steps).losses, first)
    assert state.steps == (20,)


def test_a_dense_gradient_of_a_table_touches_every_row_once() -> None:
    spec = Spec.model_validate(with_words("adam", repeated_ids="separate", untouched_rows="skip"))
    data = dataset(spec, 16)
    program, reference = pair(spec)
    for each in (program, reference):
        gradients = each.value_with_gradient(on=first_batch(spec, data), weights=spec.weights).gradients
        both = gradients + gradients
        each.update(along=both, statistics=Statistics(), learning_rate=0.1)
    assert furthest(program.parameters, reference.parameters) < 1e-12


def test_wrong_arrays_are_refused_and_leave_the_program_alone() -> None:
    program, _ = pair(Spec.model_validate(document(DENSE)))
    before = program.parameters
    zeros = np.zeros((5, 6))
    with pytest.raises(ValueError, match=r"trunk\[0\].kernl"):
        program.parameters = {"trunk[0].kernel": zeros, "trunk[0].kernl": zeros}
    with pytest.raises(ValueError, match=r"expected shape \(6,\) for trunk\[0\].bias"):
        program.parameters = {"trunk[0].kernel": zeros, "trunk[0].bias": zeros}
    assert furthest(program.parameters, before) == 0
    with pytest.raises(DataError, match="expected input 'x', found 'y'"):
        program.outputs({"y": zeros})
    with pytest.raises(ValueError, match=r"a gradient for trunk\[0\].kernel"):
        program.update(along=Tensors(), statistics=Statistics(), learning_rate=0.1)


def test_a_missing_device_is_named_with_those_that_are_there() -> None:
    spec = Spec.model_validate(document(DENSE))
    with pytest.raises(BackendError, match=r"no device 'gpu:7' in TensorFlow here; there is cpu:0"):
        compile(spec, backend="keras", device="gpu:7")
    assert compile(spec, backend="keras", device="/device:CPU:0").device == "/device:CPU:0"


def _python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {k: v for k, v in os.environ.items() if k not in ("KERAS_BACKEND", "TF_CPP_MIN_LOG_LEVEL")}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env={**inherited, **environment}, capture_output=True, text=True, check=False)


def test_keras_on_another_engine_is_refused_with_the_reason() -> None:
    done = _python(
        "import sys, types\n"
        "config = types.SimpleNamespace(backend=lambda: 'jax')\n"
        "sys.modules['keras'] = types.SimpleNamespace(config=config)\n"
        "import mtlspec_keras"
    )
    assert "BackendError: backend 'keras' runs Keras on its 'tensorflow' engine" in done.stderr
    assert "imported with 'jax' already" in done.stderr


def test_the_engine_is_chosen_before_keras_is_imported_and_loads_in_silence() -> None:
    done = _python("import mtlspec_keras, keras; print(keras.config.backend())", KERAS_BACKEND="jax")
    assert (done.returncode, done.stdout, done.stderr) == (0, "tensorflow\n", "")


@pytest.mark.parametrize("framework", ["keras", "tensorflow"])
def test_a_missing_framework_is_the_error_s_name(framework: str) -> None:
    done = _python(
        f"import sys; sys.modules[{framework!r}] = None\n"
        "try: import mtlspec_keras\n"
        "except ModuleNotFoundError as error: print(error.name)"
    )
    assert (done.stdout, done.stderr) == (f"{framework}\n", "")
